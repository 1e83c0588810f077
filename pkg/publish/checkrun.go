package publish

import (
	"context"
	"fmt"
	"strings"

	"github.com/cenkalti/backoff/v5"
	"github.com/google/go-github/v60/github"

	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/source"
)

// Limits of check runs (docs.github.com, "REST API endpoints for check runs").
const (
	// MaxCheckSummary is the most that a check run's summary holds, in bytes.
	MaxCheckSummary = 65_535
	// perRequest is how many annotations one request carries; each adds to those that are there.
	perRequest = 50
	maxTitle   = 255
	// maxMessage is the most that an annotation's message holds, in bytes: 64 KB, and some room.
	maxMessage = 64_000
	// maxAnnotations is how many are sent in all, so that a check run takes no more than four requests.
	maxAnnotations = 200
)

// CheckRun is a check run on a commit. It is not needed for a gate, which is the job's own result, and GitHub puts it
// into the check suite of any one workflow of that commit.
type CheckRun struct {
	Repository
	// Head is the commit: a pull request's own, not the merge that is tested.
	Head string
	Job  Job
	// Key tells several check runs of one job apart.
	Key string
	// Conclusion is "success", "failure" or "neutral".
	Conclusion string
	Title      string
	// Summary is Markdown of at most MaxCheckSummary bytes.
	Summary     string
	Annotations []report.Annotation
}

// checkName is the name of a check run without a key. It is not that of a job, since a required check of one name would
// wait for both.
const checkName = "Loadline report"

func (c *CheckRun) name() string {
	if c.Key == "" {
		return checkName
	}
	return checkName + " (" + cut(source.Printable(c.Key), 100) + ")"
}

// id finds the check run again, should the answer to its creation be lost.
func (c *CheckRun) id() string {
	return fmt.Sprintf("%s.%d.%d", c.Job.key(c.Key), c.Job.Run, c.Job.Attempt)
}

// Send makes the check run, completed.
func (c *CheckRun) Send(ctx context.Context) (string, error) {
	if !isObjectID(c.Head) {
		return "", Notice("the event does not say for which commit")
	}
	run, err := c.create(ctx)
	if err != nil {
		return "", forbidden(err, "checks: write")
	}
	all := c.annotations()
	for sent := min(len(all), perRequest); sent < len(all); {
		next := all[sent:min(len(all), sent+perRequest)]
		if err := c.add(ctx, run.GetID(), next, sent); err != nil {
			return "", fmt.Errorf("%d of %d annotations are missing: %w", len(all)-sent, len(all), err)
		}
		sent += len(next)
	}
	return c.Conclusion + " " + run.GetHTMLURL(), nil
}

func (c *CheckRun) output(annotations []*github.CheckRunAnnotation) *github.CheckRunOutput {
	return &github.CheckRunOutput{Title: github.String(cut(c.Title, maxTitle)), Summary: github.String(c.Summary), Annotations: annotations}
}

// create makes the check run with the first annotations. It is complete at once, so that no trouble leaves it waiting.
func (c *CheckRun) create(ctx context.Context) (*github.CheckRun, error) {
	all := c.annotations()
	o := github.CreateCheckRunOptions{
		Name: c.name(), HeadSHA: c.Head, ExternalID: github.String(c.id()), Status: github.String("completed"),
		Conclusion: github.String(c.Conclusion), Output: c.output(all[:min(len(all), perRequest)]),
	}
	if c.Job.Server != "" && c.Job.Run > 0 {
		o.DetailsURL = github.String(fmt.Sprintf("%s/%s/%s/actions/runs/%d", c.Job.Server, c.Owner, c.Name, c.Job.Run))
	}
	pauses := backoff.NewExponentialBackOff()
	for attempt := 1; ; attempt++ {
		run, _, err := c.Client.rest.Checks.CreateCheckRun(ctx, c.Owner, c.Repository.Name, o)
		if err == nil || isRefused(err) || attempt == maxAttempts || c.Client.wait(ctx, pauses.NextBackOff()) != nil {
			return run, err
		}
		made, again := c.find(ctx)
		if again != nil {
			return nil, fmt.Errorf("whether it was made is not known: %w", err)
		}
		if made != nil {
			return made, nil
		}
	}
}

// find is the check run that a request made whose answer was lost; nil if there is none.
func (c *CheckRun) find(ctx context.Context) (*github.CheckRun, error) {
	list, _, err := c.Client.rest.Checks.ListCheckRunsForRef(ctx, c.Owner, c.Name, c.Head, &github.ListCheckRunsOptions{
		CheckName: github.String(c.name()), Filter: github.String("all"), ListOptions: github.ListOptions{PerPage: 100},
	})
	if err != nil {
		return nil, err
	}
	for _, run := range list.CheckRuns {
		if run.GetExternalID() == c.id() {
			return run, nil
		}
	}
	return nil, nil
}

// add sends more annotations to a check run that has sent of them already. Where the answer is lost it counts before it
// tries again.
func (c *CheckRun) add(ctx context.Context, id int64, next []*github.CheckRunAnnotation, sent int) error {
	o := github.UpdateCheckRunOptions{Name: c.name(), Output: c.output(next)}
	pauses := backoff.NewExponentialBackOff()
	for attempt := 1; ; attempt++ {
		_, _, err := c.Client.rest.Checks.UpdateCheckRun(ctx, c.Owner, c.Repository.Name, id, o)
		if err == nil || isRefused(err) || attempt == maxAttempts || c.Client.wait(ctx, pauses.NextBackOff()) != nil {
			return err
		}
		run, _, again := c.Client.rest.Checks.GetCheckRun(ctx, c.Owner, c.Repository.Name, id)
		if again != nil {
			return err
		}
		if run.GetOutput().GetAnnotationsCount() >= sent+len(next) {
			return nil
		}
	}
}

// annotations are what is sent, in the form of the API.
func (c *CheckRun) annotations() []*github.CheckRunAnnotation {
	var out []*github.CheckRunAnnotation
	for _, a := range c.Annotations {
		if a.Path == "" || len(out) == maxAnnotations {
			continue
		}
		out = append(out, checkAnnotation(a))
	}
	return out
}

func checkAnnotation(a report.Annotation) *github.CheckRunAnnotation {
	level := map[string]string{"error": "failure", "warning": "warning"}[a.Severity]
	if level == "" {
		level = "notice"
	}
	start := max(a.Start.Line, 1)
	end := max(a.End.Line, start)
	message := plane(source.Printable(a.Message))
	if a.Help != "" {
		message += "; fix: " + plane(source.Printable(a.Help))
	}
	out := &github.CheckRunAnnotation{
		Path: github.String(plane(source.Printable(a.Path))), StartLine: github.Int(start), EndLine: github.Int(end),
		AnnotationLevel: github.String(level), Message: github.String(cut(message, maxMessage)),
		Title: github.String(cut("loadline: "+plane(source.Printable(a.Rule)), maxTitle)),
	}
	if start == end && a.Start.Column > 0 { // columns count only on a single line
		out.StartColumn = github.Int(a.Start.Column)
		out.EndColumn = github.Int(max(a.End.Column, a.Start.Column))
	}
	return out
}

// plane shows characters beyond the basic plane by their number: GitHub refuses annotations that hold them.
func plane(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r > 0xFFFF {
			fmt.Fprintf(&b, `\U%08x`, r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// cut shortens a text to so many bytes.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	const mark = "…"
	return strings.ToValidUTF8(s[:most-len(mark)], "") + mark
}
