package container

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/module"
)

// The names of the base images are those that the Dockerfile has by default: act builds it without arguments.
const (
	debianImage = "debian:bookworm-slim"
	goImage     = "golang:1.26-bookworm"
)

// packages are what Debian's image has besides the essential packages, one of them as awk, and what the Dockerfile's
// apt-get would install.
var packages = []string{"apt", "mawk", "gawk", "original-awk", "ca-certificates", "git"} //nolint:gochecknoglobals // a constant

// makeDebian makes Debian's base image out of the packages that are installed on this machine: the essential ones and
// those of the list, with all that they depend on. Nothing is downloaded.
func makeDebian(ctx context.Context) error {
	names, err := closure(packages)
	if err != nil {
		return err
	}
	return stream(func(w *archive) error { return w.system(names) }, func(r io.Reader) error {
		_, err := docker(ctx, r, "import", "--change", "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
			"--change", `CMD ["bash"]`, "-", debianImage)
		return err
	})
}

// closure answers the essential packages, those of a list, and what they depend on, as far as they are installed.
func closure(names []string) ([]string, error) {
	all, err := output("dpkg-query", "--show", "--showformat=${db:Status-Status} ${Essential} ${Package}\n")
	if err != nil {
		return nil, err
	}
	var roots []string
	isInstalled := map[string]bool{}
	for line := range strings.Lines(all) {
		fields := strings.Fields(line)
		if len(fields) != 3 || fields[0] != "installed" {
			continue
		}
		isInstalled[fields[2]] = true
		if fields[1] == "yes" || slices.Contains(names, fields[2]) {
			roots = append(roots, fields[2])
		}
	}
	depends, err := output("apt-cache", append([]string{"depends", "--recurse", "--installed", "--no-recommends", "--no-suggests",
		"--no-conflicts", "--no-breaks", "--no-replaces", "--no-enhances"}, roots...)...)
	if err != nil {
		return nil, err
	}
	var found []string
	for line := range strings.Lines(depends) {
		name, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		if isInstalled[name] { // not the lines of relations, nor packages that would do as well
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

func output(name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "LC_ALL=C", "CGO_ENABLED=0")
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return "", fmt.Errorf("%s %s: %w\n%s", name, args[0], err, exit.Stderr)
	}
	return string(out), err
}

// stream hands what one function writes to another that reads it.
func stream(write func(*archive) error, read func(io.Reader) error) error {
	r, w := io.Pipe()
	go func() {
		a := &archive{w: tar.NewWriter(w), seen: map[string]bool{}}
		w.CloseWithError(errors.Join(write(a), a.w.Close()))
	}()
	err := read(r)
	r.CloseWithError(errors.New("nobody reads on")) // ends the writer
	return err
}

// archive is a tar in the making.
type archive struct {
	w    *tar.Writer
	seen map[string]bool
}

// system writes the files of packages, and the package database reduced to them.
func (a *archive) system(names []string) error {
	list, err := output("dpkg-query", append([]string{"--listfiles"}, names...)...)
	if err != nil {
		return err
	}
	for line := range strings.Lines(list) {
		if path := strings.TrimSuffix(line, "\n"); strings.HasPrefix(path, "/") && !isDocument(path) {
			if err := a.add(path); err != nil {
				return err
			}
		}
	}
	// What packages make when they are installed.
	for _, path := range []string{
		"/bin", "/sbin", "/lib", "/lib64", "/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/etc/ssl/certs/ca-certificates.crt",
		"/etc/ld.so.cache",
	} {
		if err := a.add(path); err != nil {
			return err
		}
	}
	return a.database(names)
}

// isDocument are the files that Debian's slim images leave out.
func isDocument(path string) bool {
	return strings.HasPrefix(path, "/usr/share/doc/") && filepath.Base(path) != "copyright" ||
		strings.HasPrefix(path, "/usr/share/man/") || strings.HasPrefix(path, "/usr/share/locale/") || strings.HasPrefix(path, "/usr/share/info/")
}

// database writes dpkg's entries of packages.
func (a *archive) database(names []string) error {
	status, err := os.ReadFile("/var/lib/dpkg/status")
	if err != nil {
		return err
	}
	var kept bytes.Buffer
	for entry := range strings.SplitSeq(string(status), "\n\n") {
		first, _, _ := strings.Cut(strings.TrimLeft(entry, "\n"), "\n")
		if slices.Contains(names, strings.TrimPrefix(first, "Package: ")) {
			fmt.Fprintf(&kept, "%s\n\n", strings.Trim(entry, "\n"))
		}
	}
	if err := a.file("var/lib/dpkg/status", kept.Bytes()); err != nil {
		return err
	}
	files, err := filepath.Glob("/var/lib/dpkg/info/*")
	if err != nil {
		return err
	}
	for _, path := range files {
		name := filepath.Base(path)
		name, _, _ = strings.Cut(strings.TrimSuffix(name, filepath.Ext(name)), ":")
		if name == "" || slices.Contains(names, name) {
			if err := a.add(path); err != nil {
				return err
			}
		}
	}
	return nil
}

// add writes a file or link of this machine to the same place, under the real directory that it lies in. What is not
// there is left out.
func (a *archive) add(path string) error {
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return a.addAs(path, strings.TrimPrefix(filepath.Join(dir, filepath.Base(path)), "/"))
}

// addAs writes a file or link of this machine under a name.
func (a *archive) addAs(path, name string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || a.seen[name] || name == "" {
		return nil
	}
	if err != nil {
		return err
	}
	a.seen[name] = true
	link := ""
	if info.Mode()&fs.ModeSymlink != 0 {
		if link, err = os.Readlink(path); err != nil {
			return err
		}
	}
	header, err := tar.FileInfoHeader(info, link)
	if err != nil {
		return err
	}
	header.Name = name
	if info.IsDir() {
		header.Name += "/"
	}
	if err := a.w.WriteHeader(header); err != nil || !info.Mode().IsRegular() {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(a.w, f)
	return err
}

func (a *archive) file(name string, content []byte) error {
	if err := a.w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(content))}); err != nil {
		return err
	}
	_, err := a.w.Write(content)
	return err
}

// goDockerfile is that of the image with Go. The module cache is full, for there is no network.
const goDockerfile = `FROM ` + debianImage + `
COPY image /
ENV PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin GOPATH=/go GOTOOLCHAIN=local GOPROXY=off
`

// makeGo makes the image with Go out of the Go of this machine, with the modules that are required. What this machine has
// compiled of them already is there too: that saves minutes and changes no byte of what is built.
func makeGo(ctx context.Context) error {
	return stream(func(a *archive) error {
		return errors.Join(a.file("Dockerfile", []byte(goDockerfile)), a.toolchain(), a.modules(), a.compiled())
	}, func(r io.Reader) error {
		_, err := docker(ctx, r, "build", "--quiet", "--tag", goImage, "-")
		return err
	})
}

// toolchain writes Go, without what a build does not need.
func (a *archive) toolchain() error {
	goroot, err := output("go", "env", "GOROOT")
	if err != nil {
		return err
	}
	goroot = strings.TrimSpace(goroot)
	for _, part := range []string{"VERSION", "go.env", "bin", "lib", "pkg", "src"} {
		err := filepath.WalkDir(filepath.Join(goroot, part), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() && (d.Name() == "testdata" || path == filepath.Join(goroot, "src", "cmd")) {
				return filepath.SkipDir
			}
			if strings.HasSuffix(path, "_test.go") {
				return nil
			}
			return a.addAs(path, "image/usr/local/go"+strings.TrimPrefix(path, goroot))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// modules writes the part of the module cache that go mod download asks for.
func (a *archive) modules() error {
	cache, err := output("go", "env", "GOMODCACHE")
	if err != nil {
		return err
	}
	cache = strings.TrimSpace(cache)
	add := func(path string) error {
		return a.addAs(path, "image/go/pkg/mod"+strings.TrimPrefix(path, cache))
	}
	list, err := output("go", "mod", "download", "-json")
	if err != nil {
		return err
	}
	for dec := json.NewDecoder(strings.NewReader(list)); ; {
		var module struct{ Info, GoMod, Zip string }
		if err := dec.Decode(&module); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		if err := errors.Join(add(module.Info), add(module.GoMod), add(module.Zip), add(module.Zip+"hash")); err != nil {
			return err
		}
	}
	return a.requirements(cache, add)
}

// requirements writes the go.mod of every version in the graph of modules: also those that are not chosen are read.
func (a *archive) requirements(cache string, add func(path string) error) error {
	graph, err := output("go", "mod", "graph")
	if err != nil {
		return err
	}
	for name := range strings.FieldsSeq(graph) {
		path, version, isVersion := strings.Cut(name, "@")
		if !isVersion || path == "go" || path == "toolchain" {
			continue
		}
		if path, err = module.EscapePath(path); err != nil {
			return err
		}
		if version, err = module.EscapeVersion(version); err != nil {
			return err
		}
		if err := add(filepath.Join(cache, "cache", "download", path, "@v", version+".mod")); err != nil {
			return err
		}
	}
	return nil
}

// compiled writes what the build cache of this machine holds of the command's packages. The first part of a build id
// names the action that made the package: https://pkg.go.dev/cmd/internal/buildid.
func (a *archive) compiled() error {
	cache, err := output("go", "env", "GOCACHE")
	if err != nil {
		return err
	}
	cache = strings.TrimSpace(cache)
	list, err := output("go", "list", "-export", "-trimpath", "-deps", "-f", "{{.BuildID}} {{.Export}}", "./cmd/loadline")
	if err != nil {
		return err
	}
	for line := range strings.Lines(list) {
		id, export, _ := strings.Cut(strings.TrimSpace(line), " ")
		action, _, _ := strings.Cut(id, "/")
		hash, err := base64.RawURLEncoding.DecodeString(action)
		if err != nil || export == "" {
			continue // unsafe has none
		}
		prefix := hex.EncodeToString(hash)
		entries, err := filepath.Glob(filepath.Join(cache, prefix[:2], prefix+"*-a"))
		if err != nil {
			return err
		}
		for _, path := range append(entries, export) {
			if err := a.addAs(path, "image/root/.cache/go-build"+strings.TrimPrefix(path, cache)); err != nil {
				return err
			}
		}
	}
	return nil
}
