package rules_test

import (
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/loadline-dev/loadline/pkg/rules"
	"github.com/loadline-dev/loadline/pkg/source"
)

// FuzzFindingsOfAllRulesLieWhereTheySay holds that whatever a Dockerfile, its ignore files and the files that rules read hold,
// no rule panics, each finding underlines something of a line of its file, and each fix stands its proof.
func FuzzFindingsOfAllRulesLieWhereTheySay(f *testing.F) {
	seeds := []string{
		"FROM node:22\nCOPY . .\nRUN npm ci && \\\n  npm run build\nCMD [\"node\", \"x.js\"]\n",
		"# syntax=docker/dockerfile:1\nARG V=3\nFROM python:${V} AS a\nARG GIT_COMMIT\nCOPY --exclude=docs . /src\nRUN <<EOT\npip install -r /src/requirements.txt\nEOT\nFROM a\nCOPY --from=a /src /app\nRUN chown -R 1 /app\n",
		"FROM golang:1.26 AS b\nRUN --mount=type=bind,target=. --mount=type=cache,target=/root/.cache go build -o /x\nFROM ubuntu\nRUN apt-get update\nRUN apt-get install -y gcc make\nCOPY --from=b /x /x\nENTRYPOINT [\"/x\"]\n",
		"FROM mcr.microsoft.com/windows/servercore\nSHELL [\"powershell\"]\nRUN if ($a) { make }\nRUN cmd /c make\n",
		"FROM debian:12\nADD https://example.com/a-1.tar.gz /\nRUN tar xf /a-1.tar.gz; (curl -LO http://x/a.tgz; wget http://x/b.tgz); git clone -b v1 https://github.com/a/b.git && cd b && make\n",
		"FROM scratch\nCOPY \"$UNSET/\" /\nCOPY [\"a b\", \"/\"]\r\nADD --checksum=x http://h/é /\n",
	}
	for _, s := range seeds {
		f.Add(s, "node_modules\n!docs\n// x\n", ".git\n[Bb]in/\n/target\n", "all:\n\tgo build\n", "-r other.txt\nflask\n")
	}
	// A source with a pattern that nobody can look for, and an ignore file whose comment has an edit.
	f.Add("FROM scratch\nCOPY \"$UNSET/\" /\nCOPY [\x1f\xb2 \"/\"]\r", "node_modules\n// x\n", ".git\n", "all:\n", "flask\n")
	list := rules.All()
	f.Fuzz(func(t *testing.T, text, dockerignore, gitignore, makefile, manifest string) {
		if len(text)+len(dockerignore)+len(gitignore)+len(makefile)+len(manifest) > 4000 {
			t.Skip("longer than what is worth a look")
		}
		var others []txtar.File
		for name, data := range map[string]string{
			".dockerignore": dockerignore, ".gitignore": gitignore, "Makefile": makefile, "run.sh": makefile, "requirements.txt": manifest,
			"package.json": manifest, "go.mod": manifest, "sub/package.json": "{}", "docs/a": "a", "target/x": "b", "pnpm-workspace.yaml": "",
		} {
			others = append(others, txtar.File{Name: name, Data: []byte(data)})
		}
		for _, x := range findingsIn(t, list, text, others...) {
			check := func(span source.Span) {
				if span.Start < 0 || span.End < span.Start || span.End > len(x.File.Text) {
					t.Fatalf("%s: %v of %d bytes in %q", x.Rule, span, len(x.File.Text), text)
				}
			}
			check(x.Span)
			if strings.TrimSpace(x.File.Slice(x.Span)) == "" {
				t.Errorf("%s underlines nothing at %v of %q", x.Rule, x.Span, x.File.Text)
			}
			if strings.ContainsAny(x.Message, "\n\r\x1b") {
				t.Errorf("%s says %q", x.Rule, x.Message)
			}
		}
	})
}
