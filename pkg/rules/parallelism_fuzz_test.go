package rules_test

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/loadline-dev/loadline/pkg/build"
	"github.com/loadline-dev/loadline/pkg/engine"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/rules"
	"github.com/loadline-dev/loadline/pkg/transfer"
	"github.com/loadline-dev/loadline/pkg/tree"
)

// toolWords are the programs that rules about parallelism underline.
var toolWords = []string{
	"make", "gmake", "cmake", "scons", "docker-php-ext-install", "pecl", "node-gyp", "b2", "bjam", "ninja", "ninja-build", "samu", "meson", "cargo",
	"go", "swift", "stack", "cabal", "dune", "opam", "dotnet", "bundle", "bundler", "poetry", "uv", "composer", "composer.phar", "pnpm", "turbo",
	"lerna", "xz", "zstd", "tar", "gtar", "curl", "wget", "xargs", "git", "mvn", "mvnw", "gradle", "gradlew", "mix", "Rscript", "R",
}

// continuation is where a line of a Dockerfile goes on, with the comments and empty lines that may follow.
var continuation = regexp.MustCompile(`\\[ \t]*\r?\n([ \t]*(#[^\n]*)?\r?\n)*`)

// FuzzRulesAboutParallelismUnderlineTheTool holds that whatever a RUN says, what a finding underlines is the name of a
// tool, or the variable that it comes out of.
func FuzzRulesAboutParallelismUnderlineTheTool(f *testing.F) {
	for _, s := range []string{
		"./configure && make && make install", "set -e; cd /x-* && ./configure \\\n  # why\n  && CC=gcc make \\\n V=1", "sh -c \"cmake . && make -j\"",
		"<<EOT\ncmake .\nmake -j1 \"all\"\nEOT", `["sh", "-c", "./configure && make \"A=b\""]`, "M=make; ./configure && $M -j2", "env 'ma'ke -j64",
		"<<-'E' bash\n\t./configure && eval \"make all\"\nE", "tar cJf /a /b | xz -9", "xargs -n1 curl -O", "./configure && sudo \"make\"", "m\\ake -j1",
		"./configure && find . -exec make {} \\;", "x() { ./configure; make; }; x", "docker-php-ext-install gd", "cmake -B b && cmake --build b",
	} {
		f.Add(s)
	}
	var list []*rule.Rule
	for _, r := range rules.All() {
		if r.Area == finding.Parallelism {
			list = append(list, r)
		}
	}
	f.Fuzz(func(t *testing.T, script string) {
		if len(script) > 2000 {
			t.Skip("longer than what is worth a look")
		}
		for _, x := range findingsIn(t, list, "FROM debian:12\nARG M=make\nRUN "+script+"\n") {
			text := x.File.Slice(x.Span)
			word := strings.NewReplacer(`"`, "", "'", "", `\`, "").Replace(continuation.ReplaceAllString(text, ""))
			word = word[strings.LastIndexByte(word, '/')+1:]
			// What comes out of a variable is underlined where the variable stands.
			if !slices.Contains(toolWords, strings.TrimSuffix(word, ".exe")) && !strings.ContainsAny(text, "$`") {
				t.Errorf("%s underlines %q of %q", x.Rule, text, script)
			}
		}
	})
}

// findingsIn is what rules say of a Dockerfile; nothing where it cannot be read as one.
func findingsIn(t *testing.T, list []*rule.Rule, text string, others ...txtar.File) []finding.Finding {
	t.Helper()
	files := append([]txtar.File{{Name: "Dockerfile", Data: []byte(text)}}, others...)
	all, err := tree.FromTxtar(&txtar.Archive{Files: files})
	if err != nil {
		t.Fatal(err)
	}
	repository := &engine.Repository{Meter: &transfer.Meter{}, Listings: &rule.Listings{}, Tree: all}
	b := build.Build{Name: "Dockerfile", Dockerfile: "Dockerfile", Context: "."}
	subject, err := repository.Analyse(context.Background(), b)
	if err != nil {
		return nil
	}
	e, err := engine.New(list, nil)
	if err != nil {
		t.Fatal(err)
	}
	result, err := e.Run(context.Background(), []engine.Build{{Name: b.Name, Head: &engine.Side{Subject: subject, Repository: repository}, Exact: true}}, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range result.Refused {
		t.Errorf("a fix that fails its proof: %s: %v in %q", r.Fix, r.Err, text)
	}
	for _, s := range result.Skipped {
		if broken := (*engine.PanicError)(nil); errors.As(s.Err, &broken) {
			t.Errorf("%v in %q", s.Err, text)
		}
	}
	return result.Findings
}
