package rules

import (
	"context"
	"path"
	"strings"

	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
)

// toolchainBundled reports installed compilers, run-time environments and browsers that travel in the build context.
var toolchainBundled = rule.Rule{
	Name:     "toolchain-bundled",
	Title:    "an installed toolchain is uploaded",
	Area:     finding.RemoteFiles,
	Severity: finding.Notice,
	Needs:    rule.NeedsUpload,
	Run:      runToolchainBundled,
}

// toolchain is an installation as its files tell: one program, and other paths below the same root.
type toolchain struct {
	// program is a path from the root of the installation, and beside are paths of which one has to be there.
	program string
	beside  []string
}

// toolchains are installations of languages, SDKs and browsers, by the layout of their distributions.
var toolchains = []toolchain{
	{"bin/java", []string{"lib/modules", "jre/lib/rt.jar", "lib/rt.jar"}},
	{"bin/node", []string{"include/node", "lib/node_modules/npm"}},
	{"bin/go", []string{"pkg/tool", "src/runtime"}},
	{"bin/rustc", []string{"lib/rustlib"}},
	{"bin/python3", []string{"include/python3.13", "include/python3.12", "include/python3.11", "include/python3.10"}},
	{"platform-tools/adb", []string{"platforms", "build-tools"}},
	{"bin/nvcc", []string{"lib64", "targets"}},
	{"upstream/emscripten/emcc", []string{"upstream/bin"}},
	{"dotnet", []string{"sdk", "shared/Microsoft.NETCore.App"}},
	{"chrome-linux/chrome", []string{"chrome-linux/locales", "chrome-linux/resources.pak"}},
	{"bin/clang", []string{"lib/clang"}},
}

// toolchainBytes is the size from which an installation is worth a word.
const toolchainBytes = 20e6

func runToolchainBundled(_ context.Context, p *rule.Pass) error {
	for _, u := range p.Uploads() {
		var found []bundle
		for _, t := range toolchains {
			for _, f := range u.Named(path.Base(t.program)) {
				root, ok := strings.CutSuffix("/"+f.Path, "/"+t.program)
				root = strings.TrimPrefix(root, "/")
				if !ok || root == "" || f.Mode.IsDir() || strings.Contains(root, "node_modules/") || isVirtualEnvironment(u, root) {
					continue
				}
				size := u.Under(root)
				if size.Bytes >= toolchainBytes && u.Readmitted(root) == nil && hasOne(u, root, t.beside) {
					found = append(found, bundle{path: root, size: size})
				}
			}
		}
		reportBundles(p, u, found, "toolchain",
			"Take it from its official image, with FROM or COPY --from, or fetch the release in the build with ADD --checksum=sha256:… URL")
	}
	return nil
}

func hasOne(u *rule.Upload, root string, paths []string) bool {
	for _, name := range paths {
		if _, ok := u.File(path.Join(root, name)); ok {
			return true
		}
	}
	return false
}

// isVirtualEnvironment reports whether a directory is Python's: dependencies-uploaded knows it.
func isVirtualEnvironment(u *rule.Upload, root string) bool {
	_, ok := u.File(path.Join(root, "pyvenv.cfg"))
	return ok
}
