package dockerfile

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/shell"

	"github.com/loadline-dev/loadline/pkg/source"
)

func repeat(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format+"\n", i+1, i)
	}
	return b.String()
}

func TestExponentialExpansionIsRefusedBeforeBuildKitSeesIt(t *testing.T) {
	tests := []struct {
		name, text string
		args       map[string]string
		line       int // 0: not refused
	}{
		{name: "path that grows by a word", text: "FROM a\n" + strings.Repeat("ENV PATH=$PATH:/opt/bin\n", 50)},
		{name: "doubling ENV", text: "FROM a\nENV A0=x\n" + repeat("ENV A%d=$A%[2]d$A%[2]d", 30), line: 20},
		{name: "doubling of what a base image sets", text: "FROM a\n" + strings.Repeat("ENV PATH=$PATH$PATH\n", 30), line: 15},
		{name: "doubling global ARG", text: "ARG A0=x\n" + repeat("ARG A%d=$A%[2]d$A%[2]d", 30) + "FROM a\n", line: 19},
		{name: "doubling in one ENV with old values", text: "FROM a\nENV A=xx B=xx\n" + strings.Repeat("ENV A=$B$B\nENV A=x B=$A$A\n", 20), line: 20},
		{name: "doubling through stages", text: "FROM a AS s0\nENV A=xxxxxxxxxx\n" + repeat("FROM s%[2]d AS s%[1]d\nENV A=$A$A", 30), line: 36},
		{name: "doubling by ONBUILD", text: "FROM a AS s0\nENV A=xxxxxxxxxx\nONBUILD ENV A=$A$A$A$A$A$A$A$A$A$A\n" +
			repeat("FROM s%[2]d AS s%[1]d\nONBUILD ENV A=$A$A$A$A$A$A$A$A$A$A", 9), line: 11},
		{name: "doubling in a stage named by a variable", text: "ARG B=s\nFROM a AS s\nENV A=" + strings.Repeat("x", 600_000)[:60_000] +
			"\nFROM $B\nENV A=" + strings.Repeat("$A", 20) + "\n", line: 5},
		{name: "growing by replacement", text: "FROM a\nENV A=" + strings.Repeat("a", 1000) + "\n" + strings.Repeat("ENV A=${A//a/aaaaaaaaaaaaaaaa}\n", 5), line: 4},
		{name: "growing by default", text: "FROM a\nENV A=xxxxxxxxxxxxxxxx\n" + strings.Repeat("ENV A=${Z:-$A$A}\n", 20), line: 16},
		{name: "quotes around the name", text: "FROM a\nENV \"A\"=xx\n" + strings.Repeat("ENV 'A'=\"$A\"\"$A\"\n", 30), line: 19},
		{name: "a name made of variables", text: "FROM a\nENV N=A A=xx\n" + strings.Repeat("ENV $N=$A$A\n", 30), line: 20},
		{name: "one RUN with many long values", text: "FROM a\nENV A=" + strings.Repeat("x", 60_000) + "\n" + strings.Repeat("RUN true\n", 1200), line: 1118},
		{name: "a build argument", text: "FROM a\nARG A\nENV B=" + strings.Repeat("$A", 500) + "\n", args: map[string]string{"A": strings.Repeat("x", 2000)}, line: 3},
		{name: "a build argument that is small", text: "FROM a\nARG A\nENV B=" + strings.Repeat("$A", 500) + "\n", args: map[string]string{"A": "xx"}},
		{name: "nested in a heredoc", text: "FROM a\nCOPY <<E /x\n" + strings.Repeat("${a:-\n", 200) + "E\n", line: 2},
		{name: "quoted dollar signs", text: "FROM a\nENV A=" + strings.Repeat("x", 1000) + "\n" + strings.Repeat(`ENV B=\$A\$A`+"\n", 100)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f, err := Parse("Dockerfile", []byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			err = CheckExpansion(f, test.args)
			line := 0
			var e *source.Error
			if errors.As(err, &e) {
				line = e.Position().Line
			}
			if line != test.line {
				t.Errorf("refused at line %d, want %d: %v", line, test.line, err)
			}
		})
	}
}

func TestWhatBaseImagesBringCounts(t *testing.T) {
	long := []string{"A=" + strings.Repeat("x", 60_000), "PATH=/bin"}
	grow := []string{"ENV A=$A$A$A$A$A$A$A$A"}
	for _, test := range []struct {
		name, text string
		images     []BaseImage
		want       string
	}{
		{"an ordinary image", "FROM node:22\nCOPY $APP .\nRUN make\n", []BaseImage{{Ref: "node:22", Env: []string{"PATH=/bin", "NODE_VERSION=22"}}}, ""},
		{"a trigger", "FROM node:onbuild\n", []BaseImage{{Triggers: []string{"COPY package.json /app/", "RUN npm install"}}}, ""},
		{"a long value that is doubled", "FROM a\nENV A=$A$A\nENV A=$A$A$A$A\nENV A=$A$A$A$A\n", []BaseImage{{Env: long}}, "Dockerfile:4:5: this value may grow to"},
		{"a long value in a stage named by a variable", "ARG B=a\nFROM $B\nENV A=$A$A$A$A$A$A$A$A$A$A$A$A$A$A$A$A$A$A$A$A\n", []BaseImage{{Env: long}}, "Dockerfile:3:5: this value may grow to"},
		{"triggers that double", "FROM a\nFROM b\n", []BaseImage{{Env: long[:1], Triggers: slices.Repeat(grow, 3)}}, "Dockerfile:1:6: the ONBUILD triggers of the base image: this value may grow to"},
		{"scratch has neither", "FROM scratch\n", []BaseImage{{Env: long[:1], Triggers: slices.Repeat(grow, 3)}}, ""},
		{"triggers for many stages", repeat("FROM a AS s%d%d", 200), []BaseImage{{Env: long, Triggers: slices.Repeat([]string{"RUN $A"}, 10)}}, "variables may grow to"},
		{"too many variables", "FROM a\n", []BaseImage{{Ref: "a", Env: make([]string, 2000)}}, "the base image a: its environment"},
		{"a long environment", "FROM a\n", []BaseImage{{Ref: "a", Env: []string{"A=" + strings.Repeat("x", 300<<10)}}}, "the base image a: its environment and ONBUILD triggers hold 307.2kB"},
		{"a trigger that is two", "FROM a\n", []BaseImage{{Triggers: []string{"RUN a\nRUN b"}}}, "triggers cannot be read"},
		{"a trigger that begins a stage", "FROM a\n", []BaseImage{{Triggers: []string{"FROM b"}}}, "triggers cannot be read"},
		{"a trigger of a trigger", "FROM a\n", []BaseImage{{Triggers: []string{"ONBUILD RUN a"}}}, ""},
		{"an empty trigger", "FROM a\n", []BaseImage{{Triggers: []string{""}}}, "triggers cannot be read"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, err := Parse("Dockerfile", []byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			err = CheckExpansion(f, nil, test.images...)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

func TestHostileSizesAreRefusedWithALine(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"text over the limit", strings.Repeat("#", source.MaxText+1), "Dockerfile:1:1: 1048577 bytes are more than the limit of 1048576"},
		{"too many instructions", "FROM a\n" + strings.Repeat("RUN a\n", MaxInstructions), "Dockerfile:10001:1: more than 10000 instructions"},
		{"nested variables", "FROM a\nRUN << " + strings.Repeat("${a:-", 12_000), "Dockerfile:2:508: variables are nested too deep"},
		{"nested variables over lines", "FROM a\nRUN << " + strings.Repeat("${a:-\\\n", 140_000), "Dockerfile:102:1: variables are nested too deep"},
		{"a long line", "FROM a\nRUN " + strings.Repeat("a", 70_000), "Dockerfile:2:1: dockerfile line greater than max allowed size of 65535"},
		{"chained ONBUILD", "FROM a\n" + strings.Repeat("ONBUILD \\\n", 100_000) + "RUN ls", "Dockerfile:3:1: Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse("Dockerfile", []byte(test.text))
			if err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestADeeplyNestedScriptDoesNotExhaustTheStack(t *testing.T) {
	for _, part := range []string{"(", "{ ", "if ", "$(", "! ", "while ", "\"$(", "case x in x) ", "[[ ( ", "$((", "function f ", "coproc ", "time ", "<(", "a() "} {
		text := "FROM a\nRUN \\\n" + strings.Repeat(part, 65_000/len(part)) + "\n"
		f, err := Parse("Dockerfile", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Instructions[1].Script.Parse(); err == nil && strings.ContainsAny(part, "({") {
			t.Errorf("%q, unclosed, is taken for a script", part)
		}
	}
}

func TestTheSyntaxDirectiveIsFoundInAllItsForms(t *testing.T) {
	tests := []struct {
		text, image string
		line        int
	}{
		{"FROM a\n# syntax=x\n", "", 0},
		{"# syntax=docker/dockerfile:1\nFROM a", "docker/dockerfile:1", 1},
		{"\ufeff# escape=`\r\n#Syntax = x/y --flag \r\nFROM a", "x/y", 2},
		{"#!/bin/x\n# syntax=x\n", "x", 2},
		{"// syntax=x\n", "x", 1},
		{"#!/bin/x\n//escape=`\n//syntax=x\n", "x", 3},
		{`{"syntax": "x"}`, "x", 1},
		{"#!/bin/x\n" + `{"syntax": "x"}`, "x", 2},
		{"# comment\n# syntax=x\n", "", 0},
	}
	for _, test := range tests {
		if image, line := Syntax([]byte(test.text)); image != test.image || line != test.line {
			t.Errorf("%q: %q in line %d, want %q in line %d", test.text, image, line, test.image, test.line)
		}
	}
}

type env map[string]string

func (e env) Get(name string) (string, bool) { v, ok := e[name]; return v, ok }

func (e env) Keys() []string { return nil }

// FuzzMeasure holds that no expansion by BuildKit's lexer is longer than the bound.
func FuzzMeasure(f *testing.F) {
	f.Add("$A${B}${A:-$B}", "value", "x")
	f.Add("${A//a/${B}\\$0}", "aaaa", "bb")
	f.Add("\"${A#*x}\" '$A' \\$A ${B%%c} ${C:+$A$A}", "xyx", "abc")
	f.Add("${A/\"}\"/$B$B}", "}", "long value")
	f.Fuzz(func(t *testing.T, word, a, b string) {
		if len(word) > 200 || len(a) > 200 || len(b) > 200 {
			return
		}
		now := &state{values: map[string]int{"A": textLength(a), "B": textLength(b)}}
		for _, escape := range []rune{'\\', '`'} {
			e := &expansion{file: &File{Escape: escape}}
			bound := e.measure(word, now)
			for mode := range 4 {
				lex := shell.NewLex(escape)
				lex.SkipProcessQuotes, lex.SkipUnsetEnv = mode&1 != 0, mode&2 != 0
				got, _, err := lex.ProcessWord(word, env{"A": a, "B": b})
				if err == nil && len(got) > bound {
					t.Fatalf("%q with %q and %q is %d bytes, more than %d: %q", word, a, b, len(got), bound, got)
				}
			}
		}
	})
}
