package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/loadline-dev/loadline/pkg/loadline"
	"github.com/loadline-dev/loadline/pkg/publish"
	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/report/markdown"
	"github.com/loadline-dev/loadline/pkg/source"
	"github.com/loadline-dev/loadline/pkg/tree"
)

// runAction checks and reports, and answers the exit code. What GitHub refuses, or that it does not answer, changes
// nothing about that.
func runAction(ctx context.Context, s streams, run *publish.Runner, f *actionFlags) (int, error) {
	a, err := f.parse(s)
	if err != nil {
		return 0, err
	}
	d, err := f.delivery(s, a)
	if err != nil {
		return 0, err
	}
	if a.options.Environment.Event == eventRun {
		return publishRun(ctx, run, f, a, d)
	}
	if d.Repository.Client != nil && d.Repository.Owner != "" {
		a.options.Remote = tree.NewRemote(d.Repository.Client.REST(), d.Repository.Owner, d.Repository.Name)
	}
	r, err := loadline.Check(ctx, a.options)
	if err != nil {
		return 0, err
	}
	allowGrowth(ctx, run, f.allowLabel, labelled(s, a.options.Environment), d.Repository, r)
	d.Reports = []*report.Report{r}
	deliver(ctx, run, d)
	return loadline.ExitCode(r), nil
}

// eventRun is the event that publishes a saved report.
const eventRun = "workflow_run"

// The API of github.com, for where no runner says another.
const (
	defaultAPI     = "https://api.github.com"
	defaultGraphQL = "https://api.github.com/graphql"
)

// delivery is where the report goes.
func (f *actionFlags) delivery(s streams, a action) (*publish.Delivery, error) {
	e := a.options.Environment
	d := &publish.Delivery{
		Job: publish.ReadJob(s.getenv), Repository: publish.Repository{Owner: e.Owner, Name: e.Repo}, Head: e.SHA,
		Key: f.commentKey, Comment: a.when, IsChecked: a.isChecked, IsAnnotated: a.isAnnotated, IsSuggested: a.isSuggested,
		SARIFFile: f.sarifFile, ReportFile: f.reportFile,
	}
	if e.Pull != nil {
		d.Pull, d.Head = e.Pull.Number, e.Pull.Head
	}
	var err error
	d.Repository.Client, err = newClient(s, e, f.token)
	return d, err
}

// newClient answers a client of the API; nil without a token.
func newClient(s streams, e loadline.Environment, token string) (*publish.Client, error) {
	if token == "" {
		return nil, nil
	}
	o := publish.ClientOptions{APIURL: e.APIURL, GraphQLURL: e.GraphQLURL, Token: token, Version: version(), Clock: s.clock}
	if o.APIURL == "" {
		o.APIURL, o.GraphQLURL = defaultAPI, defaultGraphQL
	}
	client, err := publish.NewClient(o)
	if err != nil {
		return nil, &loadline.UsageError{Err: err}
	}
	return client, nil
}

// deliver writes the report where nothing can go wrong first, then to GitHub.
func deliver(ctx context.Context, run *publish.Runner, d *publish.Delivery) {
	results := d.Local(run)
	show(run, results)
	show(run, d.Remote(ctx))
	if url := d.CommentURL(); url != "" {
		if err := run.Output("comment-url", url); err != nil {
			run.Line("loadline: " + err.Error())
		}
	}
}

func show(run *publish.Runner, results []publish.Result) {
	for _, r := range results {
		if text := r.String(); text != "" {
			run.Line("loadline: " + text)
		}
	}
}

// labelTime is how long the label may take to read.
const labelTime = 20 * time.Second

// labelled is the pull request whose label counts; 0 for none. A merge queue's entry is that of its pull request, which
// has passed with the label already.
func labelled(s streams, e loadline.Environment) int {
	switch {
	case e.Pull != nil:
		return e.Pull.Number
	case e.Event == "merge_group":
		return publish.QueuedPull(s.getenv("GITHUB_REF"))
	}
	return 0
}

// allowGrowth takes growth budgets out of the gate where the pull request has the label. The label is asked for only
// where it would matter.
func allowGrowth(ctx context.Context, run *publish.Runner, label string, pull int, where publish.Repository, r *report.Report) {
	loadline.AllowGrowth(r, "")
	isOver := slices.ContainsFunc(r.Gate.Failures, func(f report.Failure) bool { return f.Rule == report.GrowthBudget })
	if !isOver || pull == 0 || label == labelOff || where.Client == nil {
		return
	}
	limited, cancel := context.WithTimeout(ctx, labelTime)
	defer cancel()
	p, err := publish.Try(func() (*publish.Pull, error) { return where.Pull(limited, pull) })
	if err != nil {
		run.Line("loadline: the labels of the pull request cannot be read, the budget counts: " + publish.Reason(err))
		return
	}
	if p.Has(label) {
		loadline.AllowGrowth(r, label)
	}
}

// labelOff is the value that takes no label.
const labelOff = "off"

// reportError shows why there is no report where people look for one, and answers the exit code.
func reportError(run *publish.Runner, err error) int {
	file, line, snippet := "", 0, ""
	if located := (*source.Error)(nil); errors.As(err, &located) {
		file, line, snippet = located.File.Path, located.Position().Line, located.Snippet()
	}
	run.Error("loadline: "+err.Error(), file, line)
	for text := range strings.Lines(snippet) {
		run.Line(strings.TrimSuffix(text, "\n"))
	}
	var text strings.Builder
	if markdown.WriteFailure(&text, err.Error()) == nil {
		_ = run.Summary(text.String())
	}
	_ = run.Output("passed", "false")
	return exitCode(err)
}
