package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"go.yaml.in/yaml/v3"

	"github.com/loadline-dev/loadline/pkg/loadline"
	"github.com/loadline-dev/loadline/pkg/report"
)

// judgement is what people say about one repository: what should be found in it, what must not, and what they think of
// everything else that is found.
type judgement struct {
	Repo     string     `yaml:"repo"`
	Expected []expected `yaml:"expected"`
	Never    []expected `yaml:"never"`
	Judged   []verdict  `yaml:"judged"`
}

// expected is a fact about a repository. It is found where a finding of one of the rules stands at one of the places; no
// rules mean that no rule looks for it.
type expected struct {
	What  string   `yaml:"what"`
	Rules []string `yaml:"rules"`
	At    []string `yaml:"at"`
}

// verdict is what a person thinks of findings: true, debatable or false.
type verdict struct {
	Rule    string   `yaml:"rule"`
	At      []string `yaml:"at"`
	Verdict string   `yaml:"verdict"`
	Why     string   `yaml:"why"`
}

// score counts what is found in one repository, or in all.
type score struct {
	// ruleless are expected facts that no rule looks for.
	expected, found, ruleless, never, reported, other int
	verdicts                                          map[string]int
}

// judged is the table of findings.
type judged struct {
	judgements []judgement
	total      score
}

func readJudgements(name string) (*judged, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("reading the judgements: %w", err)
	}
	j := &judged{total: score{verdicts: map[string]int{}}}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&j.judgements); err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return j, nil
}

// findings prints one row a repository, and one for each thing that a person has to look at.
func (j *judged) findings(ctx context.Context, out io.Writer, r repository, dir string) error {
	work, err := checkout(ctx, dir, r.SHA)
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	answer, err := loadline.Check(ctx, loadline.CheckOptions{Path: work, Head: r.SHA, Base: "none"})
	if err != nil {
		return err
	}
	said := judgement{}
	if i := slices.IndexFunc(j.judgements, func(one judgement) bool { return one.Repo == r.Name }); i >= 0 {
		said = j.judgements[i]
	}
	s, lines := said.score(answer.Findings)
	fmt.Fprintf(out, "| %s | %s\n", r.Name, s)
	for _, line := range lines {
		fmt.Fprintln(out, line)
	}
	j.total.add(s)
	return nil
}

// score holds findings against what people say.
func (j *judgement) score(list []report.Finding) (s score, lines []string) {
	s.verdicts = map[string]int{}
	explained := make([]bool, len(list))
	for _, e := range j.Expected {
		s.expected++
		hit := false
		for i := range list {
			if e.matches(&list[i]) {
				hit, explained[i] = true, true
			}
		}
		if hit {
			s.found++
			continue
		}
		if len(e.Rules) == 0 {
			s.ruleless++
			lines = append(lines, "|   | no rule | "+e.What+" |")
			continue
		}
		lines = append(lines, "|   | missed | "+e.What+" |")
	}
	for _, e := range j.Never {
		s.never++
		for i := range list {
			if e.matches(&list[i]) {
				s.reported++
				lines = append(lines, fmt.Sprintf("|   | MUST NOT | %s: %s |", e.What, row(&list[i])))
			}
		}
	}
	for i := range list {
		if explained[i] {
			continue
		}
		s.other++
		v := j.verdict(&list[i])
		s.verdicts[v.Verdict]++
		if v.Verdict != "true" {
			lines = append(lines, fmt.Sprintf("|   | %s | %s %s |", v.Verdict, row(&list[i]), v.Why))
		}
	}
	return s, lines
}

func (e *expected) matches(f *report.Finding) bool {
	ok := slices.ContainsFunc(e.Rules, func(rule string) bool { return doublestar.MatchUnvalidated(rule, f.Rule) })
	return ok && place(e.At, f)
}

func (j *judgement) verdict(f *report.Finding) verdict {
	for _, v := range j.Judged {
		if v.Rule == f.Rule && place(v.At, f) {
			return v
		}
	}
	return verdict{Verdict: "unjudged"}
}

// place reports whether a finding stands at one of the places: globs of paths, with a line or a range of lines where those
// matter.
func place(at []string, f *report.Finding) bool {
	return slices.ContainsFunc(at, func(one string) bool {
		glob, lines, ranged := strings.Cut(one, ":")
		if !doublestar.MatchUnvalidated(glob, f.Path) {
			return false
		}
		if !ranged {
			return true
		}
		first, last, two := strings.Cut(lines, "-")
		if !two {
			last = first
		}
		from, errFrom := strconv.Atoi(first)
		to, errTo := strconv.Atoi(last)
		return errFrom == nil && errTo == nil && from <= f.Start.Line && f.Start.Line <= to
	})
}

func row(f *report.Finding) string {
	return fmt.Sprintf("%s %s:%d %s", f.Rule, f.Path, f.Start.Line, f.Message)
}

// String is a part of a row of the table.
func (s score) String() string {
	return fmt.Sprintf("%d of %d expected, %d have no rule | %d of %d must-nots reported | %d others: %d true, %d debatable, %d false, %d unjudged |",
		s.found, s.expected, s.ruleless, s.reported, s.never, s.other, s.verdicts["true"], s.verdicts["debatable"], s.verdicts["false"], s.verdicts["unjudged"])
}

func (s *score) add(o score) {
	s.expected += o.expected
	s.found += o.found
	s.ruleless += o.ruleless
	s.never += o.never
	s.reported += o.reported
	s.other += o.other
	for v, n := range o.verdicts {
		s.verdicts[v] += n
	}
}

// checkout makes a work tree of a commit, with the whole .git directory that a developer has. Files whose contents the
// clone lacks stay out of it.
func checkout(ctx context.Context, clone, sha string) (string, error) {
	dir, err := os.MkdirTemp("", "corpus")
	if err != nil {
		return "", err
	}
	git := func(args ...string) error {
		out, err := exec.CommandContext(ctx, "git", args...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("git %s: %w: %s", args[0], err, out)
		}
		return nil
	}
	for _, args := range [][]string{
		{"clone", "-q", "--no-checkout", clone, dir},
		{"-C", dir, "update-ref", "--no-deref", "HEAD", sha},
		{"-C", dir, "read-tree", sha},
	} {
		if err := git(args...); err != nil {
			return "", err
		}
	}
	_ = git("-C", dir, "checkout-index", "-a", "-q", "-f") // fails for the files that the clone lacks, after all others
	return dir, nil
}
