package rules

import (
	"context"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/shell"
	"github.com/loadline-dev/loadline/pkg/source"
)

// serialCompression reports compression that uses one processor.
var serialCompression = rule.Rule{
	Name:     "serial-compression",
	Title:    "something is compressed on one processor",
	Area:     finding.Parallelism,
	Severity: finding.Notice,
	Needs:    rule.NeedsScripts | rule.NeedsUpload | rule.NeedsFiles,
	Run:      runSerialCompression,
}

const (
	// slowLevel is the level from which zstd takes so long that processors count.
	slowLevel = 10
	// muchToCompress is from how many bytes on gzip and bzip2 take seconds.
	muchToCompress = 100_000_000
)

func runSerialCompression(_ context.Context, p *rule.Pass) error {
	for i, c := range p.AllCalls() {
		if c.Background || c.Command.Span.Empty() {
			continue
		}
		var f *finding.Finding
		switch {
		case c.Is("xz"):
			f = xzFinding(p, i, c)
		case c.Is("zstd"):
			f = zstdFinding(i, c)
		case c.Is("tar", "gtar"):
			f = tarFinding(p, i, c)
		}
		if f != nil {
			f.Span = c.Command.Span
			p.Report(*f)
		}
	}
	return nil
}

// xzFinding is about xz, which uses one processor before 5.6.0 (NEWS of XZ Utils).
func xzFinding(p *rule.Pass, i *dockerfile.Instruction, c *shell.Call) *finding.Finding {
	version, ok := oldXz(p, i.Stage)
	letters := "zkfeqvQHVcC0123456789"
	for _, name := range [][]string{{"-d", "--decompress", "--uncompress"}, {"-t", "--test"}, {"-l", "--list"}, {"-T", "--threads"}, {"-h", "--help"}, {"-V", "--version"}} {
		if _, found := c.Option(letters, name...); found {
			return nil
		}
	}
	if !ok || c.HasArg("-H", "--long-help") || xzTold(c) || unknownOption(c) {
		return nil
	}
	return withThreads(i, c, "compresses on one processor, since xz "+version+" uses one unless it is told otherwise")
}

// xzTold reports whether the environment tells xz how many threads to use, or may.
func xzTold(c *shell.Call) bool {
	return slices.ContainsFunc([]string{"XZ_OPT", "XZ_DEFAULTS"}, func(name string) bool {
		v := c.Env(name)
		return v.Defined && (!v.Known || strings.Contains(v.Text, "-T") || strings.Contains(v.Text, "--threads"))
	})
}

// unknownOption reports whether an argument that nobody knows may be an option.
func unknownOption(c *shell.Call) bool {
	return slices.ContainsFunc(c.Args, func(w shell.Word) bool {
		return strings.HasPrefix(w.Text, string(shell.Unknown)) && !strings.HasPrefix(w.Raw, `"`)
	})
}

// zstdLevel matches the option for a level of zstd.
var zstdLevel = regexp.MustCompile(`^-(?:[a-zA-Z]*)(\d+)$`)

// zstdFinding is about zstd at a high level. It uses one processor up to 1.5.6, and since 1.5.7 one for each four (CHANGELOG
// of zstd): on 4 one as well.
func zstdFinding(i *dockerfile.Instruction, c *shell.Call) *finding.Finding {
	level := 0
	for _, w := range c.Args {
		if m := zstdLevel.FindStringSubmatch(w.Text); m != nil && !strings.Contains(w.Text, "T") && !strings.HasPrefix(w.Text, "--") {
			level, _ = strconv.Atoi(m[1])
		}
		for _, prefix := range []string{"-T", "--threads", "-d", "--decompress", "--uncompress", "-t", "-l", "--list", "--single-thread", "--train", "-b", "--fast"} {
			if strings.HasPrefix(w.Text, prefix) {
				return nil
			}
		}
	}
	if level < slowLevel || c.Env("ZSTD_NBTHREADS").Defined || unknownOption(c) {
		return nil
	}
	return withThreads(i, c, "compresses at level "+strconv.Itoa(level)+" on one processor, since zstd uses one of 4 unless it is told otherwise")
}

// tarFinding is about archives that tar compresses by another program.
func tarFinding(p *rule.Pass, i *dockerfile.Instruction, c *shell.Call) *finding.Finding {
	how, ok := tarCompression(c)
	if !ok || unknownOption(c) {
		return nil
	}
	if how == "xz" {
		version, ok := oldXz(p, i.Stage)
		if !ok || xzTold(c) {
			return nil
		}
		f := &finding.Finding{Message: "compresses on one processor, since xz " + version + " uses one unless it is told otherwise"}
		if len(c.Through) == 0 {
			f.Fixes = threadsFix(i, c, c.Command.Span.Start, "XZ_OPT=-T0 ")
		}
		if len(f.Fixes) == 0 {
			f.Advice = "Set XZ_OPT=-T0 for tar"
		}
		return f
	}
	size := sizeOfOperands(p, i, c)
	if size.Bytes < muchToCompress {
		return nil
	}
	program := map[string]string{"gzip": "pigz", "bzip2": "pbzip2"}[how]
	return &finding.Finding{
		Message: "compresses " + size.String() + " by " + how + " on one processor",
		Advice:  "Install " + program + " and say tar -I " + program + ", or leave it uncompressed: layers are compressed when they are pushed",
	}
}

// tarCompression is by which program a tar that creates an archive has it compressed.
func tarCompression(c *shell.Call) (program string, ok bool) {
	if len(c.Args) == 0 {
		return "", false
	}
	letters := ""
	for n, w := range c.Args {
		switch {
		case w.Text == "-I" || strings.HasPrefix(w.Text, "--use-compress-program") || strings.HasPrefix(w.Text, "-I"):
			return "", false
		case w.Text == "--create":
			letters += "c"
		case w.Text == "--xz":
			letters += "J"
		case w.Text == "--gzip":
			letters += "z"
		case w.Text == "--bzip2":
			letters += "j"
		case strings.HasPrefix(w.Text, "--"):
		case strings.HasPrefix(w.Text, "-"):
			letters += beforeValue(w.Text[1:])
		case n == 0:
			letters += beforeValue(w.Text)
		}
	}
	if !strings.Contains(letters, "c") {
		return "", false
	}
	switch {
	case strings.Contains(letters, "J"):
		return "xz", true
	case strings.Contains(letters, "z"):
		return "gzip", true
	case strings.Contains(letters, "j"):
		return "bzip2", true
	}
	return "", false
}

// beforeValue are the letters of an option word, up to the one whose value follows in it.
func beforeValue(letters string) string {
	if i := strings.IndexAny(letters, "fCTX"); i >= 0 {
		return letters[:i]
	}
	return letters
}

// sizeOfOperands is what is uploaded of the paths of the build context that an archive is made of.
func sizeOfOperands(p *rule.Pass, i *dockerfile.Instruction, c *shell.Call) rule.Size {
	var size rule.Size
	dir := c.Dir
	if w, ok := c.Option("cvzjJpPh", "-C", "--directory"); ok && w.Known {
		dir = w.Text
	}
	uploads := p.Uploads()
	if dir == "" || len(uploads) == 0 || uploads[0].Name != "context" {
		return size
	}
	for _, w := range c.Operands() {
		name := w.Text
		if !w.Known || name == "" {
			continue
		}
		if !path.IsAbs(name) {
			name = path.Join(dir, name)
		}
		if found, ok := p.ContextFile(i, name); ok {
			s := uploads[0].Under(found)
			size.Bytes += s.Bytes
			size.Files += s.Files
		}
	}
	return size
}

// withThreads is a finding about a program that takes -T0.
func withThreads(i *dockerfile.Instruction, c *shell.Call, message string) *finding.Finding {
	f := &finding.Finding{Message: message, Fixes: threadsFix(i, c, c.Command.Span.End, " -T0")}
	if len(f.Fixes) == 0 {
		f.Advice = "Add -T0"
	}
	return f
}

// threadsFix inserts text, where the program stands in the file as it is.
func threadsFix(i *dockerfile.Instruction, c *shell.Call, at int, text string) []finding.Fix {
	if i.JSON || !written(c, c.Command) {
		return nil
	}
	return []finding.Fix{{
		Title: "Let " + source.Printable(c.Name) + " use all processors",
		Edits: []finding.Edit{{Path: c.File.Path, File: c.File, Edit: source.Edit{Span: source.Span{Start: at, End: at}, NewText: text}}},
	}}
}
