package e2e

import (
	"fmt"
	"maps"
	"strings"
)

// with adds files to others.
func with(base tree, more tree) tree {
	out := maps.Clone(base)
	maps.Copy(out, more)
	return out
}

// df is a tree with this Dockerfile.
func df(lines ...string) tree { return tree{"Dockerfile": strings.Join(lines, "\n") + "\n"} }

// project is an ordinary context.
func project() tree {
	return tree{
		"a.txt": "a\n", "b.md": "# b\n", "c.go": "package c\n", "src/main.go": "package main\n", "src/util.go": "package main\n// util\n",
		"src/deep/er/x.go": "package er\n", "docs/index.md": "# docs\n", "docs/img/logo.png": "#4000", "node_modules/m/index.js": "#2500",
		"node_modules/m/package.json": "{}", "nested/node_modules/n/index.js": "#700", "build/out.bin": "#90000", "tmp/x.log": "log\n",
	}
}

// situations are those that were found to matter; each is one row.
func situations() []situation {
	var all []situation
	all = append(all, copies()...)
	all = append(all, ignoreFiles()...)
	all = append(all, links()...)
	all = append(all, stages()...)
	all = append(all, mounts()...)
	all = append(all, variables()...)
	all = append(all, namedContexts()...)
	all = append(all, sizesAndModes()...)
	return append(all, hostile()...)
}

// one is a situation of the ordinary project with a Dockerfile.
func one(name string, more tree, dockerfile ...string) situation {
	return situation{name: name, files: with(with(project(), df(dockerfile...)), more)}
}

func copies() []situation {
	return []situation{
		one("a directory", nil, "FROM scratch", "COPY src /src/"),
		one("the whole context", nil, "FROM scratch", "COPY . /"),
		one("the whole context by dot slash", nil, "FROM scratch", "COPY ./ /x/"),
		one("the whole context by slash", nil, "FROM scratch", "COPY / /x/"),
		one("the parent is the root", nil, "FROM scratch", "COPY ../ /x/"),
		one("a path above the root", nil, "FROM scratch", "COPY ../../a.txt /x/"),
		one("a path with dots within", nil, "FROM scratch", "COPY src/../docs/./index.md /x/"),
		one("an absolute path", nil, "FROM scratch", "COPY /src/main.go /x/"),
		one("a trailing slash", nil, "FROM scratch", "COPY src/ /x/"),
		one("a wildcard", nil, "FROM scratch", "COPY *.txt /x/"),
		one("a wildcard in a directory", nil, "FROM scratch", "COPY src/*.go /x/"),
		one("a wildcard in the middle", nil, "FROM scratch", "COPY s*/main.go /x/"),
		one("a question mark and a class", nil, "FROM scratch", "COPY ?.txt [bc].* /x/"),
		one("a wildcard without a match", nil, "FROM scratch", "COPY *.nothing /x/"),
		one("a negated class", nil, "FROM scratch", "COPY [^a]*.go /x/"),
		one("a missing source", nil, "FROM scratch", "COPY absent.txt a.txt /x/"),
		one("a missing directory", nil, "FROM scratch", "COPY absent/dir/file /x/"),
		one("a file as a directory", nil, "FROM scratch", "COPY a.txt/below /x/"),
		one("several sources", nil, "FROM scratch", "COPY a.txt docs src/main.go /x/"),
		one("several instructions", nil, "FROM scratch", "COPY a.txt /x/", "COPY docs /y/", "ADD src/deep /z/"),
		one("overlapping sources", nil, "FROM scratch", "COPY src /x/", "COPY src/deep/er /y/", "COPY src/main.go /z/"),
		one("JSON form with spaces", tree{"with space.txt": "s", "a dir/b c.txt": "t"}, "FROM scratch", `COPY ["with space.txt", "a dir", "/x/"]`),
		one("unicode names", tree{"ünï/cödé-日本.txt": "u"}, "FROM scratch", "COPY ünï /x/"),
		one("parents", nil, "FROM scratch", "COPY --parents src/deep/er/x.go /x/"),
		one("parents with a pivot", nil, "FROM scratch", "COPY --parents src/./deep/er /x/"),
		one("parents with wildcards from the root", nil, "FROM scratch", "COPY --parents **/*.go /x/"),
		one("exclude narrows nothing", nil, "FROM scratch", "COPY --exclude=build --exclude=**/*.js . /x/"),
		one("exclude in a directory", nil, "FROM scratch", "COPY --exclude=*.go src /x/"),
		one("link, chown and chmod", nil, "FROM scratch", "COPY --link --chown=1:1 --chmod=0700 src /x/"),
		one("ADD of a file", nil, "FROM scratch", "ADD a.txt /x/"),
		one("ADD of an archive", tree{"x.tar": "#10240"}, "FROM scratch", "ADD x.tar /x/"),
		one("ADD with unpack", tree{"x.tar": "#10240"}, "FROM scratch", "ADD --unpack=false x.tar /x/"),
		one("heredocs upload nothing", nil, "FROM scratch", "COPY <<EOF /x/", "hello", "EOF", "COPY <<-A <<B /y/", "\ta", "A", "b", "B"),
		one("a heredoc beside a source", nil, "FROM scratch", "COPY a.txt <<EOF /x/", "hello", "EOF"),
		one("no instruction reads the context", nil, "FROM scratch", "ENV A=1"),
		one("a context with no file but the Dockerfile", nil, "FROM scratch", "COPY absent /x/"),
		one("the Dockerfile itself is copied", nil, "FROM scratch", "COPY Dockerfile /x/"),
		{name: "a lower-case dockerfile", files: with(project(), tree{"dockerfile": "FROM scratch\nCOPY a.txt /\n"}), build: build{File: "dockerfile"}},
		{name: "a Dockerfile of another name", files: with(project(), tree{"build.Dockerfile": "FROM scratch\nCOPY a.txt /\n"}), build: build{File: "build.Dockerfile"}},
		{name: "a Dockerfile in another directory", files: with(project(), tree{"docker/Dockerfile": "FROM scratch\nCOPY src /\n", "docker/x": "x"}), build: build{File: "docker/Dockerfile"}},
		{name: "a context below the root", files: with(project(), tree{"src/Dockerfile": "FROM scratch\nCOPY . /\n"}), build: build{Context: "src"}},
		{name: "a Dockerfile outside of the context", files: with(project(), tree{"docker/Dockerfile": "FROM scratch\nCOPY . /\n"}), build: build{Context: "src", File: "docker/Dockerfile"}},
		one("comments, continuations and an escape directive", nil, "# escape=`", "FROM scratch", "COPY a.txt `", "# comment", "  src /x/"),
		one("lower-case instructions", nil, "from scratch", "copy a.txt /x/"),
	}
}

func ignoreFiles() []situation {
	all := func(name, ignore string, more tree) situation {
		return one(name, with(tree{".dockerignore": ignore}, more), "FROM scratch", "COPY . /")
	}
	return []situation{
		all("ignore a directory", "node_modules\n", nil),
		all("ignore a directory anywhere", "**/node_modules\n", nil),
		all("an allow list", "*\n!src\n!a.txt\n", nil),
		all("an allow list with double stars", "**\n!src/**\n!docs/*.md\n", nil),
		all("a re-include within", "docs\n!docs/img\n", nil),
		all("a re-include of a file deep in an ignored directory", "src\n!src/deep/er/x.go\n", nil),
		all("order matters", "!src\nsrc\n!src/main.go\nsrc/util.go\n", nil),
		all("the last line wins", "*.md\n!b.md\n*.md\n", nil),
		all("what a negation opened is closed again and arrives empty", "docs\n!docs/index.md\ndocs\n", nil),
		all("a wildcard negation", "**\n!**/*.go\n", nil),
		all("odd syntax", "# comment\n  src/  \n\n/docs\n./tmp\n build/../build \n", nil),
		all("a lone dot", ".\n", nil),
		all("a byte order mark", "\ufeffnode_modules\n", nil),
		all("carriage returns", "node_modules\r\nbuild\r\n", nil),
		all("an empty file", "", nil),
		all("only comments", "# nothing\n", nil),
		all("classes and question marks", "[a-b].*\nsr?\n", nil),
		all("an escaped star", "a\\*.txt\n", tree{"a*.txt": "star"}),
		all("everything", "**\n", nil),
		all("the ignore file and the Dockerfile", "Dockerfile\n.dockerignore\n", nil),
		one("a copied source is ignored", tree{".dockerignore": "a.txt\n"}, "FROM scratch", "COPY a.txt docs /x/"),
		one("all sources are ignored", tree{".dockerignore": "a.txt\n"}, "FROM scratch", "COPY a.txt /x/"),
		one("an ignore file and a narrow copy", tree{".dockerignore": "**/*.md\n"}, "FROM scratch", "COPY docs /x/"),
		one("the Dockerfile's own ignore file goes first", tree{".dockerignore": "src\n", "Dockerfile.dockerignore": "docs\n"}, "FROM scratch", "COPY . /x/"),
		one("an empty ignore file of its own hides the other", tree{".dockerignore": "src\n", "Dockerfile.dockerignore": ""}, "FROM scratch", "COPY . /x/"),
		{name: "an ignore file of its own in another directory",
			files: with(project(), tree{"docker/x.Dockerfile": "FROM scratch\nCOPY . /\n", "docker/x.Dockerfile.dockerignore": "build\n", ".dockerignore": "src\n"}),
			build: build{File: "docker/x.Dockerfile"}},
		{name: "an ignore file is not read for an unused context", files: with(project(), tree{"Dockerfile": "FROM scratch\nENV A=1\n", ".dockerignore": "src\n"})},
		{name: "an ignore file that is a directory", files: with(project(), tree{"Dockerfile": "FROM scratch\nCOPY . /\n", ".dockerignore/x": "src\n"})},
		one("an ignore file that is a link", tree{".dockerignore": "-> ignore.txt", "ignore.txt": "src\n"}, "FROM scratch", "COPY . /x/"),
		one("an ignore file that leads out", tree{".dockerignore": "-> ../../ignore.txt"}, "FROM scratch", "COPY . /x/"),
	}
}

func links() []situation {
	return []situation{
		one("a link to a file", tree{"l": "-> a.txt"}, "FROM scratch", "COPY l /x/"),
		one("a link to a directory", tree{"l": "-> src/deep"}, "FROM scratch", "COPY l /x/"),
		one("a link on the way", tree{"l": "-> src"}, "FROM scratch", "COPY l/deep/er /x/"),
		one("an absolute link", tree{"l": "-> /src/main.go"}, "FROM scratch", "COPY l /x/"),
		one("a link that leads out", tree{"l": "-> ../../../etc/passwd"}, "FROM scratch", "COPY l /x/"),
		one("a chain of links with a wildcard", tree{"l1": "-> l2", "l2": "-> src", "l3": "-> l1/deep"}, "FROM scratch", "COPY l[13]/* /x/"),
		one("a dangling link", tree{"l": "-> nowhere"}, "FROM scratch", "COPY l /x/"),
		one("a loop of links", tree{"l1": "-> l2", "l2": "-> l1"}, "FROM scratch", "COPY l1 /x/"),
		one("a link to itself below", tree{"d/l": "-> ../d"}, "FROM scratch", "COPY d /x/"),
		one("a link to an ignored target", tree{"l": "-> docs/index.md", ".dockerignore": "docs\n"}, "FROM scratch", "COPY l /x/"),
		one("a link within a copied directory", tree{"d/l": "-> ../a.txt", "d/f": "f"}, "FROM scratch", "COPY d /x/"),
		one("a link to the root", tree{"d/l": "-> .."}, "FROM scratch", "COPY d/l /x/"),
		one("a Dockerfile behind a link", tree{"real.txt": "FROM scratch\nCOPY a.txt /\n", "Dockerfile": "-> real.txt"}),
		{name: "a context behind a link", files: with(project(), tree{"ctx": "-> src", "Dockerfile": "FROM scratch\nCOPY . /\n"}), build: build{Context: "ctx", File: "Dockerfile"}},
	}
}

func stages() []situation {
	multi := []string{
		"FROM scratch AS base", "COPY a.txt /", "FROM scratch AS unused", "COPY node_modules /",
		"FROM base AS work", "COPY src /", "FROM scratch AS final", "COPY --from=work / /", "COPY docs/index.md /",
	}
	target := func(name, stage string) situation {
		s := one(name, nil, multi...)
		s.Target = stage
		return s
	}
	return []situation{
		target("an unused stage", ""),
		target("a target stage", "work"),
		target("the first stage", "base"),
		target("a stage that only the target reaches", "unused"),
		target("a target in another case", "WORK"),
		one("all stages are reached", nil, "FROM scratch AS a", "COPY a.txt /", "FROM scratch AS b", "COPY b.md /", "FROM scratch", "COPY --from=a / /", "COPY --from=b / /"),
		one("from a stage only", nil, "FROM scratch AS a", "ENV A=1", "FROM scratch", "COPY --from=a / /"),
		one("a stage by number", nil, "FROM scratch", "COPY src /", "FROM scratch", "COPY --from=0 / /"),
		one("triggers of a stage", nil, "FROM scratch AS base", "ONBUILD COPY docs /docs/", "ONBUILD ADD a.txt /", "FROM base", "COPY c.go /"),
		one("triggers of an unused stage", nil, "FROM scratch AS base", "ONBUILD COPY docs /docs/", "FROM scratch", "COPY c.go /"),
		{name: "two platforms, one set of paths", files: with(project(), df("FROM scratch", "COPY src /")), build: build{Platforms: []string{"linux/amd64", "linux/arm64"}}},
		{name: "two platforms, two sets of paths",
			files: with(project(), df("FROM scratch AS x-amd64", "COPY src /", "FROM scratch AS x-arm64", "COPY docs /", "FROM x-$TARGETARCH")),
			build: build{Platforms: []string{"linux/amd64", "linux/arm64"}}},
	}
}

func mounts() []situation {
	return []situation{
		one("bind all", nil, "FROM scratch", "RUN --mount=type=bind,target=/x [\"/none\"]"),
		one("bind a source", nil, "FROM scratch", "RUN --mount=type=bind,source=src,target=/x [\"/none\"]"),
		one("bind a source and copy", nil, "FROM scratch", "COPY a.txt /", "RUN --mount=source=docs/img,target=/x [\"/none\"]"),
		one("bind from a stage", nil, "FROM scratch AS s", "COPY a.txt /", "FROM scratch", "RUN --mount=type=bind,from=s,target=/x [\"/none\"]"),
		one("tmpfs asks for the whole context", nil, "FROM scratch", "COPY a.txt /", "RUN --mount=type=tmpfs,target=/x [\"/none\"]"),
		one("a cache asks for nothing", nil, "FROM scratch", "COPY a.txt /", "RUN --mount=type=cache,target=/x [\"/none\"]"),
		one("a secret and ssh ask for nothing", nil, "FROM scratch", "COPY a.txt /", "RUN --mount=type=secret,id=x --mount=type=ssh [\"/none\"]"),
		one("a mount in a stage that is not built", nil, "FROM scratch AS s", "RUN --mount=type=bind,target=/x [\"/none\"]", "FROM scratch", "COPY a.txt /"),
		one("a mount of a missing source", nil, "FROM scratch", "RUN --mount=type=bind,source=absent,target=/x [\"/none\"]"),
	}
}

func variables() []situation {
	args := func(s situation, args map[string]string) situation {
		s.Args = args
		return s
	}
	return []situation{
		one("an argument's default", nil, "FROM scratch", "ARG DIR=docs", "COPY $DIR /x/"),
		args(one("an argument is given", nil, "FROM scratch", "ARG DIR=docs", "COPY ${DIR} /x/"), map[string]string{"DIR": "src"}),
		args(one("an argument that is not declared", nil, "FROM scratch", "COPY a.txt /x/"), map[string]string{"DIR": "src"}),
		one("an environment variable", nil, "FROM scratch", "ENV DIR=src", "COPY ${DIR}/main.go /x/"),
		one("an environment variable goes before an argument", nil, "FROM scratch", "ARG DIR=docs", "ENV DIR=src", "COPY $DIR /x/"),
		one("an undefined variable is the whole context", nil, "FROM scratch", "COPY $NOTHING /x/"),
		one("a default in place", nil, "FROM scratch", "COPY ${NOTHING:-docs} /x/"),
		one("an alternative", nil, "FROM scratch", "ARG A=1", "COPY ${A:+src} /x/"),
		one("an argument in FROM", nil, "ARG BASE=work", "FROM scratch AS work", "COPY src /", "FROM scratch AS other", "COPY docs /", "FROM ${BASE}"),
		args(one("an argument in FROM is given", nil, "ARG BASE=work", "FROM scratch AS work", "COPY src /", "FROM scratch AS other", "COPY docs /", "FROM ${BASE}"), map[string]string{"BASE": "other"}),
		one("a global argument in a stage", nil, "ARG DIR=docs", "FROM scratch", "ARG DIR", "COPY $DIR /x/"),
		one("the platform's arguments", tree{"bin/linux-amd64/x": "x", "bin/linux-arm64/x": "yy"}, "FROM scratch", "ARG TARGETOS", "ARG TARGETARCH", "COPY bin/$TARGETOS-$TARGETARCH /x/"),
		one("an escaped dollar", tree{"$x": "dollar"}, "FROM scratch", `COPY \$x /x/`),
		one("an inherited variable", nil, "FROM scratch AS a", "ENV DIR=docs", "FROM a", "COPY $DIR /x/"),
	}
}

func namedContexts() []situation {
	other := tree{"other/x": "x", "other/y/z": "z", "other/.dockerignore": "", "third/t": "t"}
	named := func(name string, more tree, contexts map[string]string, dockerfile ...string) situation {
		s := one(name, with(other, more), dockerfile...)
		s.Contexts = contexts
		return s
	}
	return []situation{
		named("a named context", nil, map[string]string{"lib": "other"}, "FROM scratch", "COPY a.txt /", "COPY --from=lib . /lib/"),
		named("a path of a named context", nil, map[string]string{"lib": "other"}, "FROM scratch", "COPY --from=lib y /lib/"),
		named("a named context with an ignore file", tree{"other/.dockerignore": "y\n"}, map[string]string{"lib": "other"}, "FROM scratch", "COPY --from=lib . /lib/"),
		named("a named context that nothing uses", nil, map[string]string{"lib": "other"}, "FROM scratch", "COPY a.txt /"),
		named("a named context instead of a stage", nil, map[string]string{"dep": "other"}, "FROM scratch AS dep", "COPY node_modules /", "FROM scratch", "COPY --from=dep x /"),
		named("a named context as a base", nil, map[string]string{"base": "other"}, "FROM base", "COPY a.txt /"),
		named("two named contexts", nil, map[string]string{"lib": "other", "t": "third"}, "FROM scratch", "COPY --from=lib x /", "COPY --from=t t /"),
		named("a named context behind a link", tree{"ln": "-> other"}, map[string]string{"lib": "ln"}, "FROM scratch", "COPY --from=lib . /"),
		named("a mount of a named context", nil, map[string]string{"lib": "other"}, "FROM scratch", "RUN --mount=from=lib,source=y,target=/x [\"/none\"]"),
	}
}

func sizesAndModes() []situation {
	chunks := tree{}
	for _, n := range []int{0, 1, 127, 128, 16383, 16384, 32767, 32768, 32769, 65536, 98304, 5 << 20} {
		chunks[fmt.Sprintf("f%08d", n)] = fmt.Sprintf("#%d", n)
	}
	many := tree{}
	for i := range 20_000 {
		many[fmt.Sprintf("d%03d/f%05d", i%200, i)] = "x"
	}
	everything := df("FROM scratch", "COPY . /")
	deep := strings.Repeat("directory/", 60)
	long := strings.Repeat(strings.Repeat("n", 200)+"/", 14) + "file"
	return []situation{
		{name: "sizes around a chunk", files: with(everything, chunks)},
		{name: "20,000 small files", files: with(everything, many)},
		{name: "deep nesting", files: with(everything, tree{deep + "f": "x"})},
		{name: "a path of 2,800 characters", files: with(everything, tree{long: "x"})},
		{name: "modes", files: with(everything, tree{"x": "0755:x", "y": "0644:y"})},
		{name: "odd modes", files: with(everything, tree{"setuid": "4755:x", "sticky": "1644:x", "none": "0000:x", "all": "0777:x", "private": "0600:x"}), noGit: "git keeps no modes but two"},
		{name: "empty directories", files: with(everything, tree{"e/": "", "f/g/": "", "x": "x"}), noGit: "git keeps no empty directories"},
		{name: "an empty directory is copied", files: with(df("FROM scratch", "COPY e /e/"), tree{"e/": ""}), noGit: "git keeps no empty directories"},
		{name: "hard links", files: with(everything, tree{"a": "#3000", "b": "=> a", "d/c": "=> a"}), noGit: "git keeps no hard links"},
		{name: "a hard link whose first name is ignored", files: with(everything, tree{"a": "#3000", "b": "=> a", "c": "=> a", ".dockerignore": "a\n"}), noGit: "git keeps no hard links"},
		{name: "a fifo", files: with(everything, tree{"pipe": "|", "x": "x"}), noGit: "git keeps no fifos"},
		{name: "extended attributes", files: with(everything, tree{"x": "@user.loadline=value:content"}), noGit: "git keeps no extended attributes"},
		{name: "git's own directory", files: with(everything, tree{".git/HEAD": "ref: refs/heads/main\n", ".git/objects/pack/p.pack": "#50000"}), noGit: "a tree never holds .git"},
		{name: "empty files", files: with(everything, tree{"e1": "", "d/e2": ""})},
		{name: "a name with a newline", files: with(everything, tree{"new\nline": "x", "tab\there": "x"})},
	}
}

func hostile() []situation {
	return []situation{
		one("names that look like patterns", tree{"[x]": "1", "!y": "2", "z*": "3"}, "FROM scratch", `COPY ["[x]", "!y", "/x/"]`),
		one("a name with a backslash", tree{`back\slash`: "1"}, "FROM scratch", "COPY . /x/"),
		one("a source that is a pattern of a link", tree{"ln": "-> src"}, "FROM scratch", "COPY l*/main.go /x/"),
		one("a source given twice", nil, "FROM scratch", "COPY src src /x/"),
		one("a source that contains another", nil, "FROM scratch", "COPY src/deep src /x/"),
		one("an ignored parent of a copied path", tree{".dockerignore": "src/deep\n"}, "FROM scratch", "COPY src/deep/er/x.go /x/"),
	}
}
