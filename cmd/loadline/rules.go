package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/loadline-dev/loadline/pkg/loadline"
	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/rules"
	"github.com/loadline-dev/loadline/pkg/source"
)

func newRules(s streams) *cobra.Command {
	var format, output string
	list := formats[[]loadline.RuleInfo]{"json": report.WriteJSON[[]loadline.RuleInfo], "text": writeRules}
	c := &cobra.Command{
		Use:   "rules",
		Short: "List the rules, by area",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return list.write(s, format, output, loadline.Rules())
		},
	}
	c.Flags().StringVar(&format, "format", "text", "format of the answer: "+list.names())
	c.Flags().StringVarP(&output, "output", "o", "", "write the answer to this file")
	return c
}

// writeRules lists rules by area, in the order in which areas first occur.
func writeRules(w io.Writer, list []loadline.RuleInfo) error {
	width := 0
	var areas []string
	byArea := map[string][]loadline.RuleInfo{}
	for _, r := range list {
		width = max(width, len(r.Name))
		if byArea[r.Area] == nil {
			areas = append(areas, r.Area)
		}
		byArea[r.Area] = append(byArea[r.Area], r)
	}
	for i, area := range areas {
		if i > 0 {
			if _, err := fmt.Fprintln(w); err != nil {
				return err
			}
		}
		if _, err := fmt.Fprintln(w, area); err != nil {
			return err
		}
		for _, r := range byArea[area] {
			if _, err := fmt.Fprintf(w, "  %-*s  %-7s  %s\n", width, r.Name, r.Severity, r.Title); err != nil {
				return err
			}
		}
	}
	return nil
}

func newExplain(s streams) *cobra.Command {
	return &cobra.Command{
		Use:   "explain RULE",
		Short: "Say why a rule matters, with an example and its fix",
		Args:  cobra.ExactArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return rules.Names(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			info, page, err := loadline.Explain(args[0])
			if err != nil {
				return err
			}
			_, err = io.WriteString(s.out, explanation(info, page))
			return err
		},
	}
}

// explanation is a rule's page as text.
func explanation(r *loadline.RuleInfo, page *rules.Page) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n%s, %s", r.Name, r.Title, r.Area, r.Severity)
	if r.HasFix {
		b.WriteString(", with a fix")
	}
	fmt.Fprintf(&b, "\n\n%s\nExample\n", page.Text)
	for _, f := range page.Files {
		name := f.Name
		if name == "tree" || name == "untracked" {
			name = map[string]string{"tree": "files", "untracked": "files that git does not track"}[name]
		}
		fmt.Fprintf(&b, "\n  %s\n%s", name, indent(string(f.Data)))
	}
	fmt.Fprintf(&b, "\nOutput\n\n%s", indent(page.Output))
	for _, f := range page.Fixed {
		fmt.Fprintf(&b, "\nAfter the fix\n\n  %s\n%s", f.Name, indent(string(f.Data)))
	}
	fmt.Fprintf(&b, "\nTo ignore it at one place: # loadline ignore=%s -- reason\n", r.Name)
	return b.String()
}

func indent(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString("    " + source.LogLine(strings.TrimRight(line, "\n")) + "\n")
	}
	return b.String()
}
