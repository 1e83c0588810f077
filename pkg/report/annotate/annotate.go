// Package annotate writes what a report has to say at places in files, in the formats that code review reads: workflow
// commands of GitHub, rdjson of reviewdog, Checkstyle's XML, and GitLab's code quality report.
package annotate

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/loadline-dev/loadline/pkg/report"
	"github.com/loadline-dev/loadline/pkg/source"
)

// text is an annotation's message with its advice, on one line and safe to print.
func text(a report.Annotation) string {
	out := source.Printable(a.Message)
	if a.Help != "" {
		out += "; fix: " + source.Printable(a.Help)
	}
	return out
}

// line is where an annotation stands; formats that need a line get the first.
func line(a report.Annotation) int { return max(a.Start.Line, 1) }

// checkstyle is the document of Checkstyle's XML.
type checkstyle struct {
	XMLName xml.Name         `xml:"checkstyle"`
	Version string           `xml:"version,attr"`
	Files   []checkstyleFile `xml:"file"`
}

type checkstyleFile struct {
	Name   string            `xml:"name,attr"`
	Errors []checkstyleError `xml:"error"`
}

type checkstyleError struct {
	Line     int    `xml:"line,attr"`
	Column   int    `xml:"column,attr,omitempty"`
	Severity string `xml:"severity,attr"`
	Message  string `xml:"message,attr"`
	Source   string `xml:"source,attr"`
}

// Checkstyle writes Checkstyle's XML (checkstyle.org, XMLLogger); a notice is its "info".
func Checkstyle(w io.Writer, r *report.Report) error {
	doc := checkstyle{Version: "4.3"}
	index := map[string]int{}
	for _, a := range r.Annotations() {
		name := source.Printable(a.Path)
		i, ok := index[name]
		if !ok {
			i = len(doc.Files)
			index[name] = i
			doc.Files = append(doc.Files, checkstyleFile{Name: name})
		}
		severity := a.Severity
		if severity == "notice" {
			severity = "info"
		}
		doc.Files[i].Errors = append(doc.Files[i].Errors, checkstyleError{
			Line: line(a), Column: a.Start.Column, Severity: severity, Message: text(a), Source: "loadline." + a.Rule,
		})
	}
	out, err := xml.MarshalIndent(doc, "", "  ")
	if err != nil {
		return fmt.Errorf("writing Checkstyle XML: %w", err)
	}
	_, err = io.WriteString(w, xml.Header+strings.ReplaceAll(string(out), "##[", "#&#35;[")+"\n")
	return err
}
