package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/loadline-dev/loadline/pkg/loadline"
	"github.com/loadline-dev/loadline/pkg/publish"
	"github.com/loadline-dev/loadline/pkg/report"
)

// publishFlags are the flags of publish; those that the action has as well mean the same.
type publishFlags struct {
	token, repository string
	pull              int
	comment, key      string
	label             string
	isChecked         bool
}

func newPublish(s streams) *cobra.Command {
	f := &publishFlags{}
	c := &cobra.Command{
		Use:   "publish REPORT.json…",
		Short: "Publish saved reports in the pull request that they are about",
		Long: "Comment on a pull request with saved reports, which are not trusted: one is refused whose commit is not the\n" +
			"pull request's. The pull request is that of --pull, else of the event; under workflow_run it is found by the\n" +
			"branch and commit of the run that saved the reports. The exit code says nothing about the reports' own gates.",
		Example: "  loadline check --format json -o report.json\n" +
			"  GITHUB_TOKEN=… loadline publish --repository octo-org/app --pull 7 report.json",
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return f.run(c.Context(), s, args)
		},
	}
	flags := c.Flags()
	flags.StringVar(&f.token, "token", "", "token for GitHub's API (default that of GITHUB_TOKEN, which no process list shows)")
	flags.StringVar(&f.repository, "repository", "", "repository OWNER/NAME (default that of GITHUB_REPOSITORY)")
	flags.IntVar(&f.pull, "pull", 0, "number of the pull request (default that of the event)")
	flags.StringVar(&f.comment, "comment", "changes", "when to comment: changes, always or off")
	flags.StringVar(&f.key, "comment-key", "", "tells several comments of one job apart")
	flags.StringVar(&f.label, "allow-growth-label", "allow-growth", "label on the pull request that lets it exceed growth budgets, or off")
	flags.BoolVar(&f.isChecked, "check-run", false, "also make a check run with annotations")
	return c
}

func (f *publishFlags) run(ctx context.Context, s streams, args []string) error {
	reports, err := readReports(args)
	if err != nil {
		return err
	}
	e := loadline.ReadEnvironment(s.getenv)
	d, err := f.delivery(s, e)
	if err != nil {
		return err
	}
	run := publish.NewRunner(s.out, s.getenv)
	p, err := f.find(ctx, d.Repository, e, reports)
	if publish.IsNotice(err) {
		run.Line("loadline: no comment: " + err.Error())
		return nil
	}
	if err != nil {
		return err
	}
	for _, r := range reports {
		allowGrowth(ctx, run, f.label, p.Number, d.Repository, r)
	}
	d.Reports, d.Pull, d.Head = reports, p.Number, p.Head
	show(run, d.Remote(ctx))
	return nil
}

// delivery is where the reports go.
func (f *publishFlags) delivery(s streams, e loadline.Environment) (*publish.Delivery, error) {
	when, err := publish.ParseWhen(f.comment)
	if err != nil {
		return nil, asFlag("--comment", err)
	}
	token := f.token
	if token == "" {
		token = s.getenv("GITHUB_TOKEN")
	}
	if token == "" {
		return nil, &loadline.UsageError{Err: errors.New("publishing needs a token: set GITHUB_TOKEN")}
	}
	if e.APIURL == "" { // no workflow, but perhaps a server of one's own
		e.APIURL, e.GraphQLURL = s.getenv("GITHUB_API_URL"), s.getenv("GITHUB_GRAPHQL_URL")
	}
	where := publish.Repository{Owner: e.Owner, Name: e.Repo}
	if name := f.repository; name != "" || where.Owner == "" {
		if name == "" {
			name = s.getenv("GITHUB_REPOSITORY")
		}
		if where.Owner, where.Name = loadline.RepositoryName(name); where.Owner == "" {
			return nil, asFlag("--repository", fmt.Errorf("%q is not OWNER/NAME", name))
		}
	}
	if where.Client, err = newClient(s, e, token); err != nil {
		return nil, err
	}
	return &publish.Delivery{
		Job: publish.ReadJob(s.getenv), Repository: where, Key: f.key, Comment: when, IsChecked: f.isChecked,
	}, nil
}

// find answers the pull request that the reports are about.
func (f *publishFlags) find(ctx context.Context, where publish.Repository, e loadline.Environment, reports []*report.Report) (*publish.Pull, error) {
	number := f.pull
	switch {
	case number == 0 && e.Event == eventRun:
		return findRun(ctx, where, e, commitsOf(reports)...)
	case number == 0 && e.Pull != nil:
		number = e.Pull.Number
	case number <= 0:
		return nil, &loadline.UsageError{Err: errors.New("the event is about no pull request: use --pull")}
	}
	p, err := where.Pull(ctx, number)
	if err != nil {
		return nil, err
	}
	return p, where.Belong(ctx, p, commitsOf(reports)...)
}

// commitsOf are the commits that reports are about, as they say.
func commitsOf(reports []*report.Report) []string {
	var out []string
	for _, r := range reports {
		out = append(out, r.Head.Commit)
	}
	return out
}

// findRun answers the pull request that a run was for whose reports are published.
func findRun(ctx context.Context, where publish.Repository, e loadline.Environment, commits ...string) (*publish.Pull, error) {
	if e.Run == nil {
		return nil, &loadline.UsageError{Err: errors.New("the event does not say which run it follows")}
	}
	if !strings.HasPrefix(e.Run.Event, "pull_request") {
		return nil, publish.Notice(fmt.Sprintf("the run was started by %s, not by a pull request", e.Run.Event))
	}
	from := publish.Origin{Owner: e.Run.HeadOwner, Repo: e.Run.HeadRepo, Branch: e.Run.HeadBranch, Head: e.Run.Head}
	return where.Find(ctx, from, commits...)
}

// publishRun publishes the saved report of another workflow's run. That run has judged; this one only shows.
func publishRun(ctx context.Context, run *publish.Runner, f *actionFlags, a action, d *publish.Delivery) (int, error) {
	if f.reportFile == "" {
		return 0, &loadline.UsageError{Err: errors.New("report-file: on workflow_run it names the saved report to publish")}
	}
	if d.Repository.Client == nil {
		return 0, asInput("token", errors.New("publishing needs one"))
	}
	file, err := publish.OpenFile(f.reportFile)
	if err != nil {
		return 0, asInput("report-file", err)
	}
	defer file.Close()
	r, err := report.Read(file)
	if err != nil {
		return 0, asInput("report-file", err)
	}
	// What a saved report says is not to be committed with a click.
	d.ReportFile, d.IsAnnotated, d.IsSuggested, d.Reports = "", false, false, []*report.Report{r}
	p, err := findRun(ctx, d.Repository, a.options.Environment, r.Head.Commit)
	switch {
	case publish.IsForeign(err):
		return 0, err
	case err != nil:
		allowGrowth(ctx, run, labelOff, 0, d.Repository, r)
		show(run, d.Local(run))
		run.Line("loadline: no comment: " + publish.Reason(err))
		return exitPassed, nil
	}
	allowGrowth(ctx, run, f.allowLabel, p.Number, d.Repository, r)
	d.Pull, d.Head = p.Number, p.Head
	deliver(ctx, run, d)
	return exitPassed, nil
}
