# make: build, test and lint. Every target works on a machine with Go and git alone; what needs more says so.
.DEFAULT_GOAL := all
.PHONY: all build dist test e2e lint bench update docs pictures fuzz openapi

GO ?= go
TOOL := $(GO) tool -modfile=tools/go.mod

all: build test lint

build: ## the command, in bin/
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags="-s -w" -o bin/ ./cmd/loadline

dist: ## the binaries of a release, in dist/, with checksums; VERSION=v1.2.3
	@test -n "$(VERSION)" || { echo 'usage: make dist VERSION=v1.2.3'; exit 2; }
	rm -rf dist && mkdir dist
	@for os in linux darwin windows; do for arch in amd64 arm64; do \
		file=dist/loadline-$$os-$$arch; test $$os = windows && file=$$file.exe; echo $$file; \
		CGO_ENABLED=0 GOOS=$$os GOARCH=$$arch $(GO) build -trimpath -ldflags="-s -w -X main.stamp=$(VERSION)" -o $$file ./cmd/loadline || exit 1; \
	done; done
	cd dist && sha256sum loadline-* >checksums.txt

test: ## all tests; those that need a real BuildKit skip and say so, unless LOADLINE_REQUIRE=e2e
	$(GO) test -timeout 30m ./...
	$(GO) test -C test/e2e -timeout 60m ./...

e2e: ## the same, with a missing component as a failure
	LOADLINE_REQUIRE=e2e $(GO) test -C test/e2e -timeout 60m -count=1 ./...

lint: ## format, vet, staticcheck, workflows, scripts, tidy modules
	@test -z "$$(gofmt -l cmd pkg test)" || { gofmt -l cmd pkg test; echo 'not formatted: run gofmt -w'; exit 1; }
	$(GO) vet ./...
	GOOS=windows $(GO) vet ./pkg/tree # the one package with files of its own for a system; CI builds all for each
	GOOS=darwin $(GO) vet ./pkg/tree
	$(TOOL) staticcheck ./...
	$(TOOL) actionlint
	@if command -v shellcheck >/dev/null; then shellcheck .ci/run .github/release/*; elif [ "$$LOADLINE_REQUIRE" ]; then echo 'no shellcheck'; exit 1; else echo 'no shellcheck: .ci/run is not checked'; fi
	$(GO) mod tidy -diff
	$(GO) -C test/e2e mod tidy -diff
	@! git grep -n 'DO NOT SUB''MIT' -- ':!Makefile' || { echo 'a marker says that something must not be submitted'; exit 1; }

bench: ## speed as ratios, each pair in one run
	$(GO) test -run '^$$' -bench . -benchtime 10x ./pkg/...

update: ## rewrite golden files and generated schemas
	$(GO) test ./pkg/report/... ./pkg/config ./pkg/dockerfile ./pkg/rules ./pkg/transfer ./cmd/loadline ./test/github -update

openapi: ## GitHub's published descriptions anew, for the GitHub of the tests; needs npm
	$(GO) run ./test/github/published/reduce

pictures: ## those of the README, with Chromium and cmark-gfm
	npm ci --prefix test/e2e/pictures --ignore-scripts --no-audit --no-fund
	$(GO) run -C test/e2e ./pictures

docs: update ## documentation that is generated from the code

fuzz: ## each fuzz target for a minute
	@for pkg in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime 60s $$pkg || exit 1; \
		done; \
	done
