package publish

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/report/annotate"
	"github.com/loadline-dev/loadline/pkg/report/markdown"
	"github.com/loadline-dev/loadline/pkg/report/sarif"
	"github.com/loadline-dev/loadline/pkg/report/term"
)

// When says when a comment is made.
type When string

// The values of When. A comment that is there is updated with Changes and with Always.
const (
	Changes When = "changes" // where there is something to say
	Always  When = "always"
	Off     When = "off"
)

// ParseWhen is the value of a name.
func ParseWhen(name string) (When, error) {
	switch w := When(name); w {
	case Changes, Always, Off:
		return w, nil
	}
	return "", fmt.Errorf("%q is none of %s, %s, %s", name, Changes, Always, Off)
}

// Delivery is a report on its way to the places that a workflow wants it in.
type Delivery struct {
	// Reports are most often one.
	Reports []*report.Report
	Job     Job
	// Repository is where the pull request is. Without a client nothing is sent there.
	Repository Repository
	// Pull is the pull request; 0 where the event is about none, and nothing is commented on.
	Pull int
	// Head is the commit that GitHub shows the result at: the pull request's own, else the event's.
	Head string
	// Key tells the deliveries of one job apart.
	Key string
	// Comment says when a comment is made.
	Comment When
	// IsChecked asks for a check run, IsAnnotated for annotations by workflow commands, IsSuggested for fixes as lines to
	// commit, where a comment is made at all.
	IsChecked, IsAnnotated, IsSuggested bool
	// SARIFFile and ReportFile are files to write; empty for none. They hold the first report.
	SARIFFile, ReportFile string

	comment *Comment
}

// Local delivers to what needs neither network nor permission: the log, the job's summary, annotations, files and
// outputs, in this order.
func (d *Delivery) Local(run *Runner) []Result {
	var results []Result
	try := func(name string, do func() error) {
		_, err := Try(func() (bool, error) { return true, do() })
		results = append(results, Result{Sink: name, Err: err})
	}
	try("log", func() error {
		return d.each(run.log, func(w io.Writer, r *report.Report) error { return term.Write(w, r, term.Options{}) })
	})
	try("summary", func() error {
		text, err := d.markdown(maxSummary / 4)
		if err != nil {
			return err
		}
		return run.Summary(text)
	})
	if d.IsAnnotated {
		try("annotations", func() error { return d.each(run.log, annotate.GitHub) })
	}
	try("report file", func() error { return d.file(d.ReportFile, report.Write) })
	try("SARIF file", func() error { return d.file(d.SARIFFile, sarif.Write) })
	try("outputs", func() error { return d.outputs(run) })
	return results
}

// each writes all reports, one after the other.
func (d *Delivery) each(w io.Writer, write func(io.Writer, *report.Report) error) error {
	var buf bytes.Buffer
	for _, r := range d.Reports {
		if err := write(&buf, r); err != nil {
			return err
		}
	}
	_, err := w.Write(buf.Bytes())
	return err
}

// file writes the first report to a file, if there is one to write.
func (d *Delivery) file(name string, write func(io.Writer, *report.Report) error) error {
	if name == "" {
		return nil
	}
	var buf bytes.Buffer
	if err := write(&buf, d.Reports[0]); err != nil {
		return err
	}
	return WriteFile(name, buf.Bytes())
}

// markdown is what a comment, a summary and a check run say, in so many bytes.
func (d *Delivery) markdown(most int) (string, error) {
	o := markdown.Options{MaxBytes: most / len(d.Reports)}
	if d.Job.Server != "" && d.Repository.Owner != "" && isObjectID(d.Head) {
		o.Files = fmt.Sprintf("%s/%s/%s/blob/%s", d.Job.Server, d.Repository.Owner, d.Repository.Name, d.Head)
	}
	var texts []string
	for _, r := range d.Reports {
		var buf bytes.Buffer
		if err := markdown.Write(&buf, r, o); err != nil {
			return "", err
		}
		texts = append(texts, buf.String())
	}
	return strings.Join(texts, "\n"), nil
}

// outputs sets the step's outputs, which are those of the first report. docs/action.md describes them.
func (d *Delivery) outputs(run *Runner) error {
	r := d.Reports[0]
	values := []struct{ name, value string }{
		{"passed", strconv.FormatBool(isPassed(r))},
		{"upload-bytes", amount(r.Upload.Head)},
		{"base-bytes", amount(r.Upload.Base)},
		{"delta-bytes", amount(r.Upload.Delta)},
		{"builds", strconv.Itoa(len(r.Builds))},
		{"findings", strconv.Itoa(findings(r))},
		{"report", d.ReportFile},
	}
	var first error
	for _, v := range values {
		if v.value == "" {
			continue // as one that is not set
		}
		if err := run.Output(v.name, v.value); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// amount is a number of bytes; empty where it is not known.
func amount(s *report.Size) string {
	if s == nil {
		return ""
	}
	return strconv.FormatInt(s.Bytes, 10)
}

// findings are those at head.
func findings(r *report.Report) int {
	n := 0
	for _, f := range r.Findings {
		if f.State != "fixed" {
			n++
		}
	}
	return n
}

func isPassed(r *report.Report) bool { return r.Gate.Passed && len(r.Unanswered()) == 0 }

// Remote delivers to GitHub: the comment and the check run, at the same time. What comes of it changes no exit code.
func (d *Delivery) Remote(ctx context.Context) []Result {
	var sinks []Sink
	var failed []Result
	add := func(name string, prepare func() (Sink, error)) {
		// Rendering sorts the report, so that it happens here and not beside another sink.
		s, err := Try(prepare)
		if err != nil {
			failed = append(failed, Result{Sink: name, Err: err})
			return
		}
		sinks = append(sinks, s)
	}
	if d.Pull > 0 && d.Comment != Off {
		add("comment", d.commentSink)
	}
	if d.Pull > 0 && d.Comment != Off && d.IsSuggested && d.Repository.Client != nil {
		var list []Suggestion
		for _, r := range d.Reports {
			list = append(list, Suggestions(r)...)
		}
		if v := (&Review{Repository: d.Repository, Pull: d.Pull, Head: d.Head, Suggestions: list}); len(list) > 0 {
			add("suggestions", func() (Sink, error) { return Sink{Name: "suggestions", Send: v.Send}, nil })
		}
	}
	if d.IsChecked {
		add("check run", d.checkSink)
	}
	return append(failed, Deliver(ctx, Deadline, sinks...)...)
}

// CommentURL is the comment's address once the report was delivered; empty where there is none.
func (d *Delivery) CommentURL() string {
	if d.comment == nil {
		return ""
	}
	return d.comment.URL()
}

// errNoToken says why nothing is sent to GitHub.
const errNoToken = Notice("there is no token")

// markerRoom is more than the marker takes.
const markerRoom = 200

func (d *Delivery) commentSink() (Sink, error) {
	if d.Repository.Client == nil {
		return Sink{}, errNoToken
	}
	body, err := d.markdown(MaxComment - markerRoom)
	if err != nil {
		return Sink{}, err
	}
	d.comment = &Comment{
		Repository: d.Repository, Pull: d.Pull, Head: d.Head, Job: d.Job, Key: d.Key, Body: body, IsWanted: d.Comment == Always,
	}
	for _, r := range d.Reports {
		d.comment.IsWanted = d.comment.IsWanted || r.HasNews()
	}
	return Sink{Name: "comment", Send: d.comment.Send}, nil
}

func (d *Delivery) checkSink() (Sink, error) {
	if d.Repository.Client == nil {
		return Sink{}, errNoToken
	}
	summary, err := d.markdown(MaxCheckSummary - markerRoom)
	if err != nil {
		return Sink{}, err
	}
	c := &CheckRun{
		Repository: d.Repository, Head: d.Head, Job: d.Job, Key: d.Key, Summary: summary,
		Conclusion: d.conclusion(), Title: d.Reports[0].Verdict(),
	}
	if len(d.Reports) > 1 {
		c.Title = report.Count(int64(len(d.Reports)), "report")
	}
	for _, r := range d.Reports {
		c.Annotations = append(c.Annotations, r.ChangeAnnotations()...)
	}
	return Sink{Name: "check run", Send: c.Send}, nil
}

// conclusion is that of the check run: neutral where nothing was judged.
func (d *Delivery) conclusion() string {
	builds := 0
	for _, r := range d.Reports {
		if !isPassed(r) {
			return "failure"
		}
		builds += len(r.Builds)
	}
	if builds == 0 {
		return "neutral"
	}
	return "success"
}
