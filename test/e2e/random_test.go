package e2e

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

var (
	seed  = flag.Uint64("seed", 1, "seed of the random situations")
	count = flag.Int("random", 300, "number of random situations")
)

// TestRandomSituationsAreEqual compares prediction and daemon for contexts, ignore files and Dockerfiles made by chance.
// A failure prints the whole situation; -seed and -run make it again.
func TestRandomSituationsAreEqual(t *testing.T) {
	requireDaemon(t)
	for i := range *count {
		t.Run(fmt.Sprintf("seed %d number %d", *seed, i), func(t *testing.T) {
			t.Parallel()
			g := &generator{rand.New(rand.NewPCG(*seed, uint64(i)))}
			s := g.situation()
			s.check(t)
			if t.Failed() {
				t.Logf("situation:\n%s", show(s))
			}
		})
	}
}

func show(s situation) string {
	var b strings.Builder
	for name, content := range s.files {
		fmt.Fprintf(&b, "-- %q --\n%s\n", name, content)
	}
	fmt.Fprintf(&b, "%+v", s.build)
	return b.String()
}

// generator makes situations.
type generator struct{ *rand.Rand }

// The alphabet is small, so that patterns meet names.
var (
	names    = []string{"a", "b", "ab", "src", "x.go", "y.go", "a.txt", "b.txt", "lib", "Ünï", "c d"}
	patterns = []string{"*", "**", "?", "[ab]", "[^a]*", "*.go", "*.txt", "a*", "**/*.go", "*b*"}
)

func (g *generator) pick(list []string) string { return list[g.IntN(len(list))] }

// one is true once in n.
func (g *generator) one(n int) bool { return g.IntN(n) == 0 }

// path has one to three components.
func (g *generator) path() string {
	parts := make([]string, 1+g.IntN(3))
	for i := range parts {
		parts[i] = g.pick(names)
	}
	return strings.Join(parts, "/")
}

// pattern is a path of which components may be patterns.
func (g *generator) pattern() string {
	parts := make([]string, 1+g.IntN(3))
	for i := range parts {
		parts[i] = g.pick(names)
		if g.one(3) {
			parts[i] = g.pick(patterns)
		}
	}
	return strings.Join(parts, "/")
}

func (g *generator) situation() situation {
	s := situation{files: g.tree(), noGit: ""}
	file := "Dockerfile"
	if g.one(4) {
		file = "docker/img.Dockerfile"
		s.File = file
	}
	if g.one(5) {
		s.Contexts = map[string]string{"named": "ctx"}
		s.files["ctx/in/side"] = "#300"
		s.files["ctx/top"] = "t"
		if g.one(2) {
			s.files["ctx/.dockerignore"] = g.ignore()
		}
	}
	s.files[file] = g.dockerfile(&s)
	if g.one(2) {
		s.files[".dockerignore"] = g.ignore()
	}
	if g.one(6) {
		s.files[file+".dockerignore"] = g.ignore()
	}
	return s
}

// tree has up to 30 paths. A path that is a directory of another, or lies in a file, is left out.
func (g *generator) tree() tree {
	files := tree{}
	for range 5 + g.IntN(25) {
		p := g.path()
		if clashes(files, p) {
			continue
		}
		switch {
		case g.one(8):
			files[p] = "-> " + g.target()
		case g.one(10):
			files[p] = fmt.Sprintf("#%d", g.IntN(100_000))
		default:
			files[p] = strings.Repeat("z", g.IntN(300))
		}
	}
	return files
}

// target is where a link leads: within, out, nowhere, round.
func (g *generator) target() string {
	p := g.path()
	switch g.IntN(4) {
	case 0:
		return "/" + p
	case 1:
		return "../" + p
	case 2:
		return "../../../" + p
	}
	return p
}

func clashes(files tree, p string) bool {
	for other := range files {
		if other == p || strings.HasPrefix(other, p+"/") || strings.HasPrefix(p, other+"/") {
			return true
		}
	}
	return false
}

func (g *generator) ignore() string {
	var lines []string
	for range 1 + g.IntN(6) {
		line := g.pattern()
		if g.one(3) {
			line = "!" + line
		}
		if g.one(8) {
			line = "/" + line + "/"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n") + "\n"
}

// dockerfile has up to four stages that copy from the context, from each other and from the named context.
func (g *generator) dockerfile(s *situation) string {
	var lines []string
	if g.one(4) {
		lines = append(lines, "ARG DIR="+g.pick(names[:9]))
	}
	stages := 1 + g.IntN(4)
	for i := range stages {
		base := "scratch"
		if i > 0 && g.one(4) {
			base = fmt.Sprintf("s%d", g.IntN(i))
		}
		lines = append(lines, fmt.Sprintf("FROM %s AS s%d", base, i), "ENV HERE=src")
		if g.one(4) {
			lines = append(lines, "ARG DIR=lib")
		}
		for range g.IntN(4) {
			lines = append(lines, g.instruction(s, i))
		}
	}
	if g.one(3) {
		s.Target = fmt.Sprintf("s%d", g.IntN(stages))
	}
	if g.one(5) {
		s.Args = map[string]string{"DIR": g.pick(names[:9])}
	}
	return strings.Join(lines, "\n") + "\n"
}

// instruction reads from somewhere.
func (g *generator) instruction(s *situation, stage int) string {
	source := func() string {
		switch g.IntN(7) {
		case 0:
			return "."
		case 1:
			return "$HERE"
		case 2:
			return "${DIR:-ab}"
		}
		return g.pattern()
	}
	verb := g.pick([]string{"COPY", "ADD", "COPY --link", "COPY --exclude=*.go"})
	switch g.IntN(9) {
	case 0:
		if stage > 0 {
			return fmt.Sprintf("COPY --from=s%d / /d/", g.IntN(stage))
		}
	case 1:
		if s.Contexts != nil {
			return "COPY --from=named " + g.pick([]string{".", "in", "top", "absent*"}) + " /d/"
		}
	case 2:
		return words("COPY --parents", g.pattern())
	case 3:
		return words("ONBUILD COPY", g.pattern())
	case 4:
		return words(verb, source(), source())
	}
	return words(verb, source())
}

// words writes an instruction, in its JSON form where a source holds a space.
func words(verb string, sources ...string) string {
	all := append(sources, "/d/")
	if strings.Contains(strings.Join(sources, ""), " ") {
		return fmt.Sprintf(`%s ["%s"]`, verb, strings.Join(all, `", "`))
	}
	return verb + " " + strings.Join(all, " ")
}
