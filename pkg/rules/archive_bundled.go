package rules

import (
	"context"
	"regexp"

	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
)

// archiveBundled reports archives and packages that travel in the build context to be unpacked or installed.
var archiveBundled = rule.Rule{
	Name:     "archive-bundled",
	Title:    "an archive is uploaded to be unpacked in the build",
	Area:     finding.RemoteFiles,
	Severity: finding.Notice,
	Needs:    rule.NeedsUpload | rule.NeedsScripts,
	Run:      runArchiveBundled,
}

// archives are extensions of archives and packages. Those of compiled Java (jar, war) are what a pipeline builds once and
// promotes, and are not among them.
var archives = map[string]bool{
	".tar": true, ".tar.gz": true, ".tgz": true, ".tar.xz": true, ".txz": true, ".tar.bz2": true, ".tbz2": true, ".tar.zst": true,
	".zip": true, ".7z": true, ".rar": true, ".deb": true, ".rpm": true, ".apk": true, ".whl": true, ".iso": true, ".run": true,
}

// archiveBytes is the size from which an archive is worth a word.
const archiveBytes = 5e6

// packageCache matches directories that package managers fill so that installing needs no network: that is their purpose.
var packageCache = regexp.MustCompile(`(^|/)(\.yarn/(cache|releases|offline)|vendor/cache|wheelhouse|wheels?|npm-packages-offline-cache|\.mvn)(/|$)`)

// runArchiveBundled reports archives that an instruction or a command names. One that nothing names is not used, and is a
// matter of the ignore file.
func runArchiveBundled(_ context.Context, p *rule.Pass) error {
	for _, u := range p.Uploads() {
		var found []bundle
		for _, f := range u.Files() {
			if f.Payload < archiveBytes || !archives[extension(f.Path)] || packageCache.MatchString(f.Path) || fixtures.MatchString(f.Path) {
				continue
			}
			if u.Wanted(f.Path) || mentioned(p, f.Path) {
				found = append(found, bundle{path: f.Path, size: u.Under(f.Path)})
			}
		}
		reportBundles(p, u, found, "archive", fetchInstead+"; --unpack=true unpacks it")
	}
	return nil
}
