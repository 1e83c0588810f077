package annotate

import (
	"fmt"
	"io"
	"strings"

	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/source"
)

// Limits of the runner: so many annotations of each severity become visible per step, and so many characters of each
// message (actions/runner, ExecutionContext.cs, _maxCountPerIssueType and _maxIssueMessageLength).
const (
	maxPerSeverity = 10
	maxMessage     = 4096
)

// GitHub writes annotations as workflow commands, without the findings that base has as well. Those beyond the runner's limit are counted in the last of their
// severity.
func GitHub(w io.Writer, r *report.Report) error {
	left := map[string]int{}
	all := r.ChangeAnnotations()
	for _, a := range all {
		left[a.Severity]++
	}
	written := map[string]int{}
	var out strings.Builder
	for _, a := range all {
		if written[a.Severity] == maxPerSeverity {
			continue
		}
		written[a.Severity]++
		message := text(a)
		if rest := left[a.Severity] - maxPerSeverity; written[a.Severity] == maxPerSeverity && rest > 0 {
			message += fmt.Sprintf(" … and %s, in the log", report.Count(int64(rest), "more "+a.Severity))
		}
		out.WriteString(command(a, message) + "\n")
	}
	if _, err := io.WriteString(w, out.String()); err != nil {
		return fmt.Errorf("writing workflow commands: %w", err)
	}
	return nil
}

// command is one workflow command (docs.github.com, "Workflow commands for GitHub Actions").
func command(a report.Annotation, message string) string {
	fields := []string{"file=" + property(source.Printable(a.Path)), fmt.Sprintf("line=%d", line(a))}
	if a.End.Line > a.Start.Line {
		fields = append(fields, fmt.Sprintf("endLine=%d", a.End.Line))
	} else if a.Start.Column > 0 {
		// GitHub takes columns only where the annotation begins and ends on one line.
		fields = append(fields, fmt.Sprintf("col=%d", a.Start.Column))
		if a.End.Column > a.Start.Column {
			fields = append(fields, fmt.Sprintf("endColumn=%d", a.End.Column))
		}
	}
	fields = append(fields, "title="+property("loadline: "+source.Printable(a.Rule)))
	if runes := []rune(message); len(runes) > maxMessage {
		message = string(runes[:maxMessage-1]) + "…"
	}
	return "::" + name(a.Severity) + " " + strings.Join(fields, ",") + "::" + data(message)
}

// name is the command for a severity, and no other whatever a report holds.
func name(severity string) string {
	if severity == "error" || severity == "warning" {
		return severity
	}
	return "notice"
}

// data and property escape as the runner unescapes (actions/runner, ActionCommand.cs, _escapeDataMappings and
// _escapePropertyMappings). Everything has been through Printable; "##[" is a command of its own.
func data(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", "##[", `##\x5b`).Replace(s)
}

func property(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(data(s))
}
