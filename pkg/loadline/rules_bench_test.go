//go:build unix

package loadline

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/loadline-dev/loadline/pkg/rules"
)

// benchDockerfiles are of the kinds that real repositories have: half of them are as they should be, several rules say
// something about each of the others, and most of what they say has a fix to be proved.
var benchDockerfiles = []string{
	"FROM node:22 AS build\nWORKDIR /app\nARG GIT_COMMIT\nCOPY . .\nRUN npm ci\nRUN npm run build\nFROM node:22\n" +
		"COPY --from=build /app /app\nRUN chown -R node /app\nCMD [\"node\", \"dist/main.js\"]\n",
	"FROM golang:1.26 AS build\nWORKDIR /src\nCOPY . .\nRUN go build -o /server ./cmd/server\nFROM debian:13\n" +
		"COPY --from=build /server /server\nENTRYPOINT [\"/server\"]\n",
	"FROM python:3.13\nRUN apt-get update && apt-get install -y build-essential libpq-dev\nCOPY . /app\nWORKDIR /app\n" +
		"RUN pip install -r requirements.txt\nCMD [\"python\", \"app.py\"]\n",
	"FROM debian:13 AS tools\nRUN apt-get update && apt-get install -y gcc make curl git\nRUN <<EOT\nset -e\n" +
		"curl -fsSLO https://example.com/a-1.0.tar.gz\ntar xf a-1.0.tar.gz\ncd a-1.0\n./configure\nmake\nmake install\nEOT\n" +
		"COPY . /src\nRUN cd /src && git describe --tags && make all\n",
	"# syntax=docker/dockerfile:1\nFROM node:22-slim AS build\nWORKDIR /app\nCOPY package.json package-lock.json ./\n" +
		"RUN --mount=type=cache,target=/root/.npm npm ci\nCOPY pkg01 pkg01\nRUN npm run build\nFROM node:22-slim\n" +
		"COPY --from=build /app/dist /app\nCMD [\"node\", \"/app/main.js\"]\n",
	"FROM golang:1.26 AS build\nWORKDIR /src\n" +
		"RUN --mount=type=bind,target=. --mount=type=cache,target=/root/.cache/go-build --mount=type=cache,target=/go/pkg/mod " +
		"CGO_ENABLED=0 go build -o /server .\n" +
		"FROM scratch\nCOPY --from=build /server /server\nENTRYPOINT [\"/server\"]\n",
	"FROM python:3.13-slim\nWORKDIR /app\nCOPY requirements.txt .\n" +
		"RUN --mount=type=cache,target=/root/.cache/pip pip install -r requirements.txt\nCOPY pkg02 pkg02\n" +
		"CMD [\"python\", \"-m\", \"pkg02\"]\n",
	"FROM debian:13-slim\n" +
		"RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*\n" +
		"COPY pkg03/file0003.go /etc/app/\nUSER 1000\nCMD [\"/bin/true\"]\n",
}

// BenchmarkRules measures `check` of 200 Dockerfiles in one context with all rules, as a ratio to the same without rules. The
// target is at most 2 (performance.md).
func BenchmarkRules(b *testing.B) {
	dir := benchProject(b, 200)
	quiet := filepath.Join(b.TempDir(), "off.yaml")
	var text strings.Builder
	text.WriteString("rules:\n")
	for _, name := range rules.Names() {
		text.WriteString("  " + name + ": off\n")
	}
	writeFile(b, quiet, text.String())
	var with, without time.Duration
	for b.Loop() {
		for _, run := range []struct {
			config string
			sum    *time.Duration
		}{{quiet, &without}, {"", &with}} {
			start := time.Now()
			r, err := Check(b.Context(), CheckOptions{Path: dir, Base: "none", Config: run.config})
			if err != nil || len(r.Builds) != 200 {
				b.Fatal(err, r)
			}
			if (len(r.Findings) > 0) != (run.config == "") {
				b.Fatalf("%d findings with the configuration %q", len(r.Findings), run.config)
			}
			*run.sum += time.Since(start)
		}
	}
	b.ReportMetric(float64(with)/float64(without), "of-measuring-alone")
}

// benchProject is a context of 5,000 files with n Dockerfiles and what rules read beside them.
func benchProject(b *testing.B, n int) string {
	b.Helper()
	dir := b.TempDir()
	for i := range 5000 {
		name := filepath.Join(dir, fmt.Sprintf("pkg%02d", i%50), fmt.Sprintf("file%04d.go", i))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			b.Fatal(err)
		}
		writeFile(b, name, strings.Repeat("x", 1000))
	}
	writeFile(b, filepath.Join(dir, "Makefile"), "all:\n\tgo build ./...\n")
	writeFile(b, filepath.Join(dir, "go.mod"), "module example.com/a\n\nrequire example.com/b v1.0.0\n")
	writeFile(b, filepath.Join(dir, "package.json"), `{"scripts": {"build": "tsc"}}`)
	writeFile(b, filepath.Join(dir, "package-lock.json"), "{}")
	writeFile(b, filepath.Join(dir, "requirements.txt"), "flask\n")
	writeFile(b, filepath.Join(dir, ".gitignore"), "node_modules\n.venv\n/bin\n")
	writeFile(b, filepath.Join(dir, ".dockerignore"), "docs\n// x\n")
	for i := range n {
		writeFile(b, filepath.Join(dir, fmt.Sprintf("Dockerfile.n%03d", i)), benchDockerfiles[i%len(benchDockerfiles)])
	}
	return dir
}
