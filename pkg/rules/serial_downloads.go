package rules

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/shell"
	"github.com/loadline-dev/loadline/pkg/source"
)

// serialDownloads reports steps that download several archives, each when the one before it has arrived.
var serialDownloads = rule.Rule{
	Name:     "serial-downloads",
	Title:    "several archives are downloaded one after the other",
	Area:     finding.Parallelism,
	Severity: finding.Notice,
	Needs:    rule.NeedsScripts | rule.NeedsFiles,
	Run:      runSerialDownloads,
}

// manyDownloads is from how many archives on it is worth saying something.
const manyDownloads = 3

// archiveAddress matches the address of something large: archives, packages, models. Keys, checksums, patches and lists
// are small.
var archiveAddress = regexp.MustCompile(`(?i)^(https?|ftp)://.*\.(tar(\.(gz|xz|bz2|zst|lz4?))?|t[gx]z|tbz2?|zip|7z|deb|rpm|apk|jar|war|whl|gem|bin|iso|img|onnx|pt|pth|safetensors|gguf|h5|ckpt)(\?[^/]*)?$`)

func runSerialDownloads(_ context.Context, p *rule.Pass) error {
	for i := range p.Instructions("RUN") {
		calls := p.Calls(i)
		if f := archivesInARow(calls); f != nil {
			p.Report(*f)
		}
		for n, c := range calls {
			switch {
			case c.Is("xargs"):
				reportXargs(p, c, calls[n+1:])
			case c.Is("git"):
				reportSubmodules(p, i, c)
			}
		}
	}
	return nil
}

// archivesInARow is a finding about the downloads of a step that compiles nothing, which would take longer.
func archivesInARow(calls []*shell.Call) *finding.Finding {
	var first *shell.Call
	seen := map[string]bool{}
	one := true
	for _, c := range calls {
		if builds(c) {
			return nil
		}
		if !c.Is("curl", "wget") || c.Background || c.Conditional || c.Repeated || c.HasArg("-Z", "--parallel") || c.Command.Span.Empty() {
			continue
		}
		for _, address := range addresses(c) {
			if !seen[address] && first != nil && first != c {
				one = false
			}
			if first == nil {
				first = c
			}
			seen[address] = true
		}
	}
	if first == nil || len(seen) < manyDownloads {
		return nil
	}
	f := &finding.Finding{
		Span:    first.Command.Span,
		Message: fmt.Sprintf("downloads %d archives, each when the one before it has arrived", len(seen)),
		Advice:  "Give each an ADD --checksum=sha256:… ADDRESS DIR in a stage of its own: BuildKit fetches them at the same time and keeps each in the cache",
	}
	if one && first.Is("curl") {
		f.Advice = "Add --parallel, which curl knows since 7.66"
	}
	return f
}

// addresses are the archives that a call downloads. One that holds a variable counts by what is known of it.
func addresses(c *shell.Call) []string {
	var out []string
	for _, w := range c.Args {
		text := strings.TrimPrefix(w.Text, "--url=")
		if archiveAddress.MatchString(text) && !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

// builds reports whether a call compiles, or prepares for it.
func builds(c *shell.Call) bool {
	for t := range jobsTools {
		if jobsTools[t].compiles() && jobsTools[t].is(c) {
			return true
		}
	}
	return configures(c)
}

// savesFiles reports whether a download goes to a file of its own, so that the order of several does not matter.
func savesFiles(c *shell.Call) bool {
	if c.Is("wget") {
		_, named := c.Option("qncvS", "-O", "--output-document")
		_, log := c.Option("qncvS", "-i", "--input-file")
		return !named && !log
	}
	_, remote := c.Option("fsSLkgJ", "-O", "--remote-name")
	return remote || c.HasArg("--remote-name-all")
}

// reportXargs reports an xargs that starts one download for each line, one after the other.
func reportXargs(p *rule.Pass, c *shell.Call, after []*shell.Call) {
	if len(after) == 0 || !after[0].Is("curl", "wget") || !slices.Contains(after[0].Through, "xargs") || c.Background || c.Command.Span.Empty() {
		return
	}
	_, each := c.Option("0rtpx", "-n", "--max-args")
	_, lines := c.Option("0rtpx", "-L", "-l", "--max-lines")
	_, replace := c.Option("0rtpx", "-I", "-i", "--replace")
	_, several := c.Option("0rtpx", "-P", "--max-procs")
	if several || !each && !lines && !replace || after[0].HasArg("-Z", "--parallel") || unknownOption(c) || !savesFiles(after[0]) {
		return
	}
	f := finding.Finding{Span: c.Command.Span, Message: "starts each download when the one before it has finished"}
	at := c.Command.Span.End
	if written(c, c.Command) && len(c.Through) == 0 {
		f.Fixes = []finding.Fix{{
			Title: "Run 8 downloads at a time",
			Edits: []finding.Edit{{Path: c.File.Path, File: c.File, Edit: source.Edit{Span: source.Span{Start: at, End: at}, NewText: " -P 8"}}},
		}}
	} else {
		f.Advice = "Add -P 8"
	}
	p.Report(f)
}

// reportSubmodules reports an update of the submodules of the build context, which fetches one after the other unless it is
// told otherwise (git-config, submodule.fetchJobs).
func reportSubmodules(p *rule.Pass, i *dockerfile.Instruction, c *shell.Call) {
	if c.Subcommand("-C", "-c") != "submodule" || !c.HasArg("update") || strings.Contains(c.Text(), "fetchJobs") || c.Dir == "" || c.Command.Span.Empty() {
		return
	}
	if _, ok := c.Option("q", "-j", "--jobs"); ok || unknownOption(c) {
		return
	}
	found, ok := p.ContextFile(i, path.Join(c.Dir, ".gitmodules"))
	if !ok {
		return
	}
	file, err := p.ReadFile(found)
	if err != nil {
		return
	}
	n := strings.Count(string(file.Text), "[submodule ")
	if n < 2 {
		return
	}
	f := finding.Finding{Span: c.Command.Span, Message: fmt.Sprintf("fetches %d submodules one after the other", n)}
	for _, w := range c.Args {
		if w.Text == "update" && written(c, w) && !i.JSON {
			f.Fixes = []finding.Fix{{
				Title: "Fetch 8 submodules at a time",
				Edits: []finding.Edit{{Path: c.File.Path, File: c.File, Edit: source.Edit{Span: source.Span{Start: w.Span.End, End: w.Span.End}, NewText: " --jobs 8"}}},
			}}
		}
	}
	if len(f.Fixes) == 0 {
		f.Advice = "Add --jobs 8"
	}
	p.Report(f)
}
