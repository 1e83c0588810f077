package shell_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/shell"
	"github.com/loadline-dev/loadline/pkg/source"
)

// calls are those of the last RUN of a Dockerfile.
func calls(t testing.TB, text string) ([]*shell.Call, *dockerfile.File, error) {
	t.Helper()
	f, err := dockerfile.Parse("Dockerfile", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	i := f.Instructions[len(f.Instructions)-1]
	vars := f.Variables(dockerfile.Settings{})
	list, err := shell.Calls(i, f.Source, shell.Context{Env: vars[i], Dir: "/src"})
	return list, f, err
}

// describe is a call in one line: its words with ? for what is not known, its directory and how it came to be.
func describe(c *shell.Call) string {
	s := strings.ReplaceAll(c.Text(), string(shell.Unknown), "?")
	if c.Dir != "/src" {
		s += " @" + c.Dir
	}
	if len(c.Through) > 0 {
		s += " <" + strings.Join(c.Through, " ")
	}
	for _, flag := range []struct {
		on   bool
		name string
	}{{c.Repeated, "repeated"}, {c.Conditional, "conditional"}, {c.Background, "background"}} {
		if flag.on {
			s += " " + flag.name
		}
	}
	return s
}

func TestCommandsAreFoundWhereverTheyStand(t *testing.T) {
	tests := []struct {
		name, run string
		want      []string
	}{
		{"one", "RUN make", []string{"make"}},
		{"list", "RUN ./configure && make; make install || true", []string{"./configure", "make", "make install", "true conditional"}},
		{"continuation", "RUN make \\\n  # no word\n  all", []string{"make all"}},
		{"exec form", `RUN ["make", "-j4"]`, []string{"make -j4"}},
		{"exec form of a shell", `RUN ["/bin/sh", "-ec", "make all && x"]`, []string{"/bin/sh -ec make all && x", "make all <sh", "x <sh"}},
		{"sh -c", `RUN sh -c 'make "a b"'`, []string{`sh -c make "a b"`, "make a b <sh"}},
		{"sh -c in double quotes", `RUN bash -lc "make \"a b\" \$X"`, []string{`bash -lc make "a b" $X`, "make a b ? <bash"}},
		{"shell options before", `RUN bash -o pipefail -c 'make'`, []string{"bash -o pipefail -c make", "make <bash"}},
		{"shell in shell", `RUN sh -c "bash -c 'make'"`, []string{"sh -c bash -c 'make'", "bash -c make <sh", "make <sh bash"}},
		{"eval", `RUN eval "make" 'x'`, []string{"eval make x", "make x <eval"}},
		{"heredoc", "RUN <<EOF\nmake\nmake install\nEOF", []string{"make", "make install"}},
		{"heredoc of a shell", "RUN bash -e <<'EOF'\nmake $X\nEOF", []string{"bash -e", "make ? <sh"}},
		{"subshell", "RUN (cd lib && make) && make", []string{"make @/src/lib", "make"}},
		{"cd", "RUN cd /a/b && make && cd ../c && make; cd $X; make", []string{"make @/a/b", "make @/a/c", "make @"}},
		{"if", "RUN if test -f x; then cd y; make; else make b; fi; make c",
			[]string{"test -f x", "make @/src/y conditional", "make b conditional", "make c @"}},
		{"loop", "RUN for d in a b; do make -C $d; done", []string{"make -C ? repeated conditional"}},
		{"while", "RUN while read x; do make $x; done < list", []string{"make ? repeated conditional"}},
		{"case", "RUN case x in a) make a;; *) make b;; esac", []string{"make a conditional", "make b conditional"}},
		{"function", "RUN build() { make $1; }; build a", []string{"make ?"}},
		{"function that calls itself", "RUN f() { f; }; f", nil},
		{"pipeline", "RUN make | tee log", []string{"make", "tee log"}},
		{"background", "RUN make a & make b & wait", []string{"make a background", "make b background", "wait"}},
		{"substitution", "RUN make -j$(nproc) `uname -m`", []string{"nproc", "uname -m", "make -j? ?"}},
		{"quoted substitution", `RUN make -j"$(getconf _NPROCESSORS_ONLN)"`, []string{"getconf _NPROCESSORS_ONLN", "make -j?"}},
		{"assignment before", "RUN CC=gcc make", []string{"make"}},
		{"negation", "RUN ! make", []string{"make"}},
		{"time", "RUN time make && time -p make x", []string{"make", "make x"}},
		{"sudo", "RUN sudo -u root -E CC=gcc make a", []string{"sudo -u root -E CC=gcc make a", "make a <sudo"}},
		{"env", "RUN env -i A=b nice -n 5 make", []string{"env -i A=b nice -n 5 make", "nice -n 5 make <env", "make <env nice"}},
		{"timeout", "RUN timeout -k 5 60 make", []string{"timeout -k 5 60 make", "make <timeout"}},
		{"ccache", "RUN ccache gcc -c x.c", []string{"ccache gcc -c x.c", "gcc -c x.c <ccache"}},
		{"exec", "RUN exec make", []string{"exec make", "make <exec"}},
		{"command", "RUN command -v make && command make", []string{"command -v make", "command make", "make <command"}},
		{"xargs", "RUN ls | xargs -n1 -P 4 gzip -9", []string{"ls", "xargs -n1 -P 4 gzip -9", "gzip -9 <xargs repeated"}},
		{"find", `RUN find . -name '*.svg' -exec svgo {} \; -print`,
			[]string{"find . -name *.svg -exec svgo {} ; -print", "svgo {} <find repeated"}},
		{"su", "RUN su app -c 'make'", []string{"su app -c make", "make <su"}},
		{"bundle exec", "RUN bundle exec rake assets", []string{"bundle exec rake assets", "rake assets <bundle"}},
		{"bundle install", "RUN bundle install", []string{"bundle install"}},
		{"variable as program", "RUN $MAKE all", []string{"? all"}},
		{"known variable", "ARG J=\"-j 4\"\nRUN make $J \"$J\"", []string{"make -j 4 -j 4"}},
		{"assigned variable", "RUN d=lib; make -C $d ${d}/x", []string{"make -C lib lib/x"}},
		{"assigned in a branch", "RUN d=lib; if x; then d=y; fi; make $d", []string{"x", "make ?"}},
		{"default of a variable", "RUN make -j${JOBS:-4}", []string{"make -j?"}},
		{"escapes", `RUN make a\ b "c\"d" 'e\f' $'g'`, []string{`make a b c"d e\f g`}},
		{"nothing but an assignment", "RUN A=b", nil},
		{"redirections", "RUN make > log 2>&1", []string{"make"}},
		{"comment", "RUN <<EOF\n# make\ntrue # make\nEOF", []string{"true"}},
		{"copy", "COPY . .", nil},
		{"cmd", "CMD make", []string{"make"}},
		{"healthcheck", "HEALTHCHECK CMD [\"curl\", \"x\"]", []string{"curl x"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			list, _, err := calls(t, "FROM a\n"+test.run+"\n")
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range list {
				got = append(got, describe(c))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestTheEnvironmentOfACommandIsFollowed(t *testing.T) {
	tests := []struct {
		name, run string
		want      string // of MAKEFLAGS, "-" where nothing defines it, "?" where its value is not known
	}{
		{"nothing", "RUN make", "-"},
		{"ENV", "ENV MAKEFLAGS=-j4\nRUN make", "-j4"},
		{"ENV of a variable", "ARG J=8\nENV MAKEFLAGS=-j${J}\nRUN make", "-j8"},
		{"ENV of an unknown variable", "ENV MAKEFLAGS=-j$J\nRUN make", "?"},
		{"ARG without a value", "ARG MAKEFLAGS\nRUN make", "-"},
		{"inline", "RUN MAKEFLAGS=-j2 make", "-j2"},
		{"inline for another command", "RUN MAKEFLAGS=-j2 true; make", "-"},
		{"export", "RUN export MAKEFLAGS=\"-j$(nproc)\"; make", "?"},
		{"export of a known value", "RUN export MAKEFLAGS=-j3 && make", "-j3"},
		{"export later", "RUN MAKEFLAGS=-j3; export MAKEFLAGS; make", "-j3"},
		{"not exported", "RUN MAKEFLAGS=-j3; make", "-"},
		{"exported by the environment", "ENV MAKEFLAGS=-j1\nRUN MAKEFLAGS=-j3; make", "-j3"},
		{"set -a", "RUN set -a; MAKEFLAGS=-j3; make", "-j3"},
		{"set -ea", "RUN set -ea; MAKEFLAGS=-j3; make", "-j3"},
		{"declare -x", "RUN declare -x MAKEFLAGS=-j3; make", "-j3"},
		{"unset", "ENV MAKEFLAGS=-j4\nRUN unset MAKEFLAGS; make", "-"},
		{"subshell", "RUN (export MAKEFLAGS=-j3); make", "-"},
		{"branch", "RUN if x; then export MAKEFLAGS=-j3; fi; make", "?"},
		{"sh -c", "RUN export MAKEFLAGS=-j3; sh -c 'make'", "-j3"},
		{"env", "RUN env MAKEFLAGS=-j3 make", "-j3"},
		{"sudo", "RUN sudo MAKEFLAGS=-j3 make", "-j3"},
		{"appended", "ENV MAKEFLAGS=-j4\nRUN MAKEFLAGS+=x; make", "?"},
		{"function", "RUN f() { export MAKEFLAGS=-j3; }; f; make", "-j3"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			list, _, err := calls(t, "FROM a\n"+test.run+"\n")
			if err != nil {
				t.Fatal(err)
			}
			got := "no call"
			for _, c := range list {
				if c.Is("make") {
					v := c.Env("MAKEFLAGS")
					switch {
					case v.Known:
						got = v.Text
					case v.Defined:
						got = "?"
					default:
						got = "-"
					}
				}
			}
			if got != test.want {
				t.Errorf("MAKEFLAGS is %s, want %s", got, test.want)
			}
		})
	}
}

func TestWordsPointIntoTheDockerfile(t *testing.T) {
	for _, text := range []string{
		"RUN ./configure \\\n    && make \\\n # a comment\n -j4 all",
		"RUN <<EOF\nset -e\n\tmake -j4\nEOF",
		"RUN <<-EOF\n\tmake -j4\n\tEOF",
		"RUN [\"sh\", \"-c\", \"x\\u0020&& make -j4\"]",
		"RUN sh -c 'cd a && \\\n  make -j4'",
		"RUN sh -c \"cd \\\"a\\\" && bash -c 'make -j4'\"",
		"RUN bash <<'EOF'\nmake -j4\nEOF",
		"RUN eval make -j4",
		"RUN ü=1 é; make -j4",
	} {
		list, f, err := calls(t, "FROM a\n"+text+"\n")
		if err != nil {
			t.Fatal(err)
		}
		c := list[len(list)-1]
		if len(c.Args) == 0 {
			t.Errorf("%q: the last command is %s", text, c.Text())
			continue
		}
		if !c.Is("make") || f.Source.Slice(c.Command.Span) != "make" || f.Source.Slice(c.Args[0].Span) != "-j4" {
			t.Errorf("%q: %s points at %q and %q", text, c.Text(), f.Source.Slice(c.Command.Span), f.Source.Slice(c.Args[0].Span))
		}
		if got := f.Source.Slice(c.Args[0].Part(2, 3)); got != "4" {
			t.Errorf("%q: the end of the word is %q", text, got)
		}
	}
}

func TestOptionsAreFoundInEverySpelling(t *testing.T) {
	tests := []struct {
		args, want string // "-": not there
	}{
		{"all", "-"}, {"-j4", "4"}, {"-j 4", "4"}, {"--jobs=4", "4"}, {"--jobs 4", "4"}, {"-kj4", "4"}, {"-kj 4", "4"}, {"-j", ""},
		{"-j -k", ""}, {"-Cj", "-"}, {"-C j4", "-"}, {"--jobserver=x", "-"}, {"-- -j4", "-"}, {"-j1 -j8", "8"}, {"-j$(nproc)", "?"},
		{"-j \"$(nproc)\"", "?"}, {"-sj$(nproc)", "?"}, {"--job=4", "-"}, {"--jobs= x", ""},
	}
	for _, test := range tests {
		list, _, err := calls(t, "FROM a\nRUN make "+test.args+"\n")
		if err != nil {
			t.Fatal(err)
		}
		got := "-"
		if w, ok := list[len(list)-1].Option("kis", "-j", "--jobs"); ok {
			got = strings.ReplaceAll(w.Text, string(shell.Unknown), "?")
		}
		if got != test.want {
			t.Errorf("make %s: %q, want %q", test.args, got, test.want)
		}
	}
}

func TestSubcommandsAreFoundBehindOptions(t *testing.T) {
	for args, want := range map[string]string{
		"install": "install", "--prefix web ci": "ci", "--prefix=web ci": "ci", "-q run build": "run", "$X ci": "", "": "",
	} {
		list, _, err := calls(t, "FROM a\nRUN npm "+args+"\n")
		if err != nil {
			t.Fatal(err)
		}
		if got := list[0].Subcommand("--prefix"); got != want {
			t.Errorf("npm %s: %q, want %q", args, got, want)
		}
	}
}

func TestScriptsOfOtherInterpretersAreRefused(t *testing.T) {
	for _, text := range []string{
		"SHELL [\"powershell\", \"-Command\"]\nRUN make",
		"RUN <<EOF\n#!/usr/bin/env python3\nmake\nEOF",
	} {
		if _, _, err := calls(t, "FROM a\n"+text+"\n"); !errors.Is(err, dockerfile.ErrNotShell) {
			t.Errorf("%q: %v", text, err)
		}
	}
	_, _, err := calls(t, "FROM a\nRUN make (\n")
	var at *source.Error
	if !errors.As(err, &at) || at.Position().Line != 2 {
		t.Errorf("a script that cannot be parsed: %v", err)
	}
}

func TestHostileScriptsEnd(t *testing.T) {
	nested := "make"
	for range 7 {
		nested = "sh -c " + quote(nested)
	}
	for _, text := range []string{
		"RUN " + nested,
		"RUN f() { g; g; }; g() { f; f; f; f; f; f; f; f; f; }; f",
		"RUN " + strings.Repeat("for x in a; do ", 60) + "make" + strings.Repeat("; done", 60),
		"RUN " + strings.Repeat("if x; then ", 60) + "make" + strings.Repeat("; fi", 60),
		"RUN " + strings.Repeat("a;", 6000),
	} {
		list, _, err := calls(t, "FROM a\n"+text+"\n")
		if err != nil && !errors.Is(err, shell.ErrTooLarge) {
			t.Error(err)
		}
		if len(list) > 10_000 {
			t.Errorf("%d calls of %.40q", len(list), text)
		}
	}
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// FuzzCalls holds that nothing panics, that every span lies in the file, and that a known word without quotes is written
// in the file as it is.
func FuzzCalls(f *testing.F) {
	f.Add("make -j4 && sh -c 'cd a; make \"b\"'")
	f.Add("<<EOF\nA=b make $A\nEOF")
	f.Add("[\"sh\", \"-c\", \"m\\u0061ke\"]")
	f.Add("f() { f; }; for i in `f`; do env -i X=y xargs $i; done")
	f.Fuzz(func(t *testing.T, run string) {
		file, err := dockerfile.Parse("Dockerfile", []byte("FROM a\nRUN "+run+"\n"))
		if err != nil {
			return
		}
		for _, i := range file.Instructions {
			list, _ := shell.Calls(i, file.Source, shell.Context{})
			for _, c := range list {
				for _, w := range append([]shell.Word{c.Command}, c.Args...) {
					checkWord(t, file.Source, w)
				}
			}
		}
	})
}

func checkWord(t *testing.T, file *source.File, w shell.Word) {
	t.Helper()
	if w.Span.Start < 0 || w.Span.End < w.Span.Start || w.Span.End > len(file.Text) {
		t.Fatalf("%q lies at %v of %d bytes", w.Text, w.Span, len(file.Text))
	}
	if w.Mapping.Len() != len(w.Text) {
		t.Fatalf("%q is %d bytes, its mapping %d", w.Text, len(w.Text), w.Mapping.Len())
	}
	var written strings.Builder
	for _, s := range w.Mapping.Spans(source.Span{Start: 0, End: len(w.Text)}) {
		fmt.Fprint(&written, file.Slice(s))
	}
	if w.Known && written.String() == w.Raw && !strings.ContainsAny(w.Raw, "\"'\\$`") && written.String() != w.Text {
		t.Fatalf("%q is written as %q", w.Text, written.String())
	}
}
