package rules

import (
	"context"
	"path"
	"regexp"

	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
)

// localFileUploaded reports logs, dumps and files of editors and systems that lie about on a machine.
var localFileUploaded = rule.Rule{
	Name:     "local-file-uploaded",
	Title:    "logs, dumps or files of an editor are uploaded",
	Area:     finding.Dockerignore,
	Severity: finding.Warning,
	Needs:    rule.NeedsUpload | rule.NeedsDisk | rule.NeedsScripts,
	Run:      runLocalFileUploaded,
}

// localFile is a kind of files that programs leave behind.
type localFile struct {
	names *regexp.Regexp
	// pattern leaves all of the kind out; empty where only the file itself can be named.
	pattern, why string
}

// localFiles are such kinds, by their names.
var localFiles = []localFile{
	{regexp.MustCompile(`\.log(\.\d+)?(\.gz)?$`), "**/*.log*", "logs"},
	{regexp.MustCompile(`^core\.\d+$`), "**/core.*", "core dumps"},
	{regexp.MustCompile(`\.(hprof|heapsnapshot|heapprofile|cpuprofile|pprof|prof|trace|jfr|stackdump|dmp|mdmp)$`), "", "profiles and dumps of memory"},
	{regexp.MustCompile(`\.(sql|dump|pgdump|bak)(\.(gz|xz|zst|bz2))?$`), "", "dumps of databases"},
	{regexp.MustCompile(`\.(sqlite3?|db)(-wal|-shm|-journal)?$`), "", "local databases"},
	{regexp.MustCompile(`\.(pcap|pcapng|har)$`), "", "captures of a network"},
	{regexp.MustCompile(`(\.sw[op]|~|\.orig|\.rej)$`), "", "files of editors"},
	{regexp.MustCompile(`^(\.DS_Store|Thumbs\.db|desktop\.ini)$`), "", "files of the system"},
	{regexp.MustCompile(`\.(iso|vmdk|vdi|qcow2|ova)$`), "", "disk images"},
}

// localDirectories are directories of editors.
var localDirectories = []string{".idea", ".vs", ".fleet", ".history"}

// fewFiles is up to how many files of a kind are named one by one.
const fewFiles = 4

// runLocalFileUploaded looks at what git does not track: what a repository holds is its own matter.
func runLocalFileUploaded(_ context.Context, p *rule.Pass) error {
	for _, u := range p.Uploads() {
		byKind := make([][]leftover, len(localFiles))
		for _, f := range u.Files() {
			if !f.Untracked || !f.Mode.IsRegular() {
				continue
			}
			for i, k := range localFiles {
				if k.names.MatchString(path.Base(f.Path)) {
					byKind[i] = append(byKind[i], leftover{
						path: f.Path, size: u.Under(f.Path), line: rule.IgnoreLine{Pattern: rule.Pattern(f.Path), Why: k.why},
					})
					break
				}
			}
		}
		var found []leftover
		for i, list := range byKind {
			for _, l := range list {
				if worthwhile(total(list)) && !needed(p, u, l.path) {
					if len(list) > fewFiles && localFiles[i].pattern != "" {
						l.line.Pattern = localFiles[i].pattern
					}
					found = append(found, l)
				}
			}
		}
		found = append(found, editorDirectories(p, u)...)
		if worthwhile(total(found)) {
			reportLeftovers(p, u, found, "such file")
		}
	}
	return nil
}

func editorDirectories(p *rule.Pass, u *rule.Upload) []leftover {
	var found []leftover
	for _, name := range localDirectories {
		for _, f := range u.Named(name) {
			if f.Untracked && f.Mode.IsDir() && !needed(p, u, f.Path) {
				found = append(found, leftover{
					path: f.Path, size: u.Under(f.Path), line: rule.IgnoreLine{Pattern: recursive(f.Path), Why: "files of editors"},
				})
			}
		}
	}
	return found
}
