package rules

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
	"github.com/loadline-dev/loadline/pkg/shell"
)

// projectTool is a tool that takes the parts of a project one after the other, unless it is told otherwise. Whether they
// may be built at the same time depends on the project, so that there is advice and no edit.
type projectTool struct {
	names []string
	// finds says what a call does one after the other, and what to do; ok is false where it does not.
	finds func(*rule.Pass, step) (message, advice string, ok bool)
	// source is where the default is documented.
	source string
}

var projectTools = []projectTool{
	{names: []string{"mvn", "mvnw"}, finds: mavenModules, source: "https://maven.apache.org/guides/mini/guide-building-maven.html, -T of mvn --help"},
	{names: []string{"gradle", "gradlew"}, finds: gradleProjects, source: "https://docs.gradle.org/current/userguide/performance.html#sec:enable_parallel_execution"},
	{names: []string{"mix"}, finds: mixDependencies, source: "https://hexdocs.pm/mix/Mix.Tasks.Deps.Compile.html"},
	{names: []string{"R", "Rscript"}, finds: rPackages, source: "https://stat.ethz.ch/R-manual/R-devel/library/utils/html/install.packages.html, Ncpus"},
}

// reportProjects reports the parts of projects that are built one after the other.
func reportProjects(p *rule.Pass, s step) {
	if s.call.Background || s.call.Command.Span.Empty() {
		return
	}
	for n := range projectTools {
		t := &projectTools[n]
		if !s.call.Is(t.names...) {
			continue
		}
		if message, advice, ok := t.finds(p, s); ok {
			p.Report(finding.Finding{File: s.call.File, Span: s.call.Command.Span, Severity: finding.Notice, Message: message, Advice: advice})
		}
	}
}

// readIn reads a file of the build context that lies in a directory of the image; empty where there is none.
func readIn(p *rule.Pass, s step, dir, name string) string {
	if dir == "" {
		return ""
	}
	found, ok := p.ContextFile(s.by, path.Join(dir, name))
	if !ok {
		return ""
	}
	file, err := p.ReadFile(found)
	if err != nil {
		return ""
	}
	return string(file.Text)
}

// projectDir is the directory of a project: that of an option, else the one that the command is started in.
func projectDir(c *shell.Call, options ...string) string {
	w, ok := c.Option("", options...)
	switch {
	case !ok:
		return c.Dir
	case !w.Known:
		return ""
	case path.IsAbs(w.Text):
		return w.Text
	case c.Dir == "":
		return ""
	}
	return path.Join(c.Dir, w.Text)
}

// manyModules is from how many modules on several threads pay.
const manyModules = 3

var (
	mavenModule  = regexp.MustCompile(`<module>[^<]+</module>`)
	mavenThreads = regexp.MustCompile(`(^|\s)(-T|--threads)`)
	xmlComment   = regexp.MustCompile(`(?s)<!--.*?-->`)
)

func mavenModules(p *rule.Pass, s step) (message, advice string, ok bool) {
	c := s.call
	told := slices.ContainsFunc(c.Args, func(w shell.Word) bool {
		return strings.HasPrefix(w.Text, "-T") || strings.HasPrefix(w.Text, "--threads") || strings.HasPrefix(w.Text, "-pl") ||
			strings.HasPrefix(w.Text, "--projects") || w.Text == "-N" || w.Text == "--non-recursive" || w.Text == string(shell.Unknown) && !strings.HasPrefix(w.Raw, `"`)
	})
	if told || !c.HasArg("package", "install", "verify", "compile", "deploy") {
		return "", "", false
	}
	if v := c.Env("MAVEN_ARGS"); v.Defined && (!v.Known || mavenThreads.MatchString(v.Text)) {
		return "", "", false
	}
	dir, pom := c.Dir, "pom.xml"
	if w, named := c.Option("", "-f", "--file"); named {
		if !w.Known {
			return "", "", false
		}
		if strings.HasSuffix(w.Text, ".xml") {
			pom = w.Text
		} else {
			pom = path.Join(w.Text, pom)
		}
		if path.IsAbs(pom) {
			dir = "/"
		}
	}
	n := len(mavenModule.FindAllString(xmlComment.ReplaceAllString(readIn(p, s, dir, pom), ""), -1))
	if n < manyModules || mavenThreads.MatchString(readIn(p, s, path.Join(dir, path.Dir(pom)), ".mvn/maven.config")) {
		return "", "", false
	}
	return fmt.Sprintf("builds %d modules one after the other, on one processor", n),
		"Add -T 1C, a thread for each processor; Maven names plugins that are not safe with threads", true
}

var (
	gradleInclude  = regexp.MustCompile(`(?m)^\s*include\b[ (]+((?:[\s,]*["'][^"']+["'])+)`)
	gradleName     = regexp.MustCompile(`["'][^"']+["']`)
	gradleParallel = regexp.MustCompile(`org\.gradle\.(parallel|configuration-cache|unsafe\.configuration-cache)\s*=`)
)

func gradleProjects(p *rule.Pass, s step) (message, advice string, ok bool) {
	c := s.call
	told := slices.ContainsFunc(c.Args, func(w shell.Word) bool {
		return w.Text == "--parallel" || w.Text == "--no-parallel" || w.Text == "--configuration-cache" || strings.Contains(w.Text, "org.gradle.parallel") ||
			w.Text == string(shell.Unknown) && !strings.HasPrefix(w.Raw, `"`)
	})
	if told || !c.HasArg("build", "assemble", "jar", "bootJar", "shadowJar", "installDist", "classes", "distTar", "distZip", "publish") {
		return "", "", false
	}
	for _, name := range []string{"GRADLE_OPTS", "JAVA_OPTS"} {
		if v := c.Env(name); v.Defined && (!v.Known || gradleParallel.MatchString(v.Text)) {
			return "", "", false
		}
	}
	dir := projectDir(c, "-p", "--project-dir")
	settings := readIn(p, s, dir, "settings.gradle") + readIn(p, s, dir, "settings.gradle.kts")
	n := 0
	for _, m := range gradleInclude.FindAllStringSubmatch(settings, -1) {
		n += len(gradleName.FindAllString(m[1], -1))
	}
	if n < manyModules || gradleParallel.MatchString(readIn(p, s, dir, "gradle.properties")) {
		return "", "", false
	}
	return fmt.Sprintf("builds the tasks of %d projects one after the other", n), "Add --parallel, or org.gradle.parallel=true to gradle.properties", true
}

// manyDependencies is from how many dependencies on the processes that compile them pay.
const manyDependencies = 10

var elixirTag = regexp.MustCompile(`(?:^|/)elixir:1\.(\d+)\b`)

// mixDependencies is about Elixir 1.19, the first that compiles dependencies in several processes, where it is told to.
func mixDependencies(p *rule.Pass, s step) (message, advice string, ok bool) {
	const variable = "MIX_OS_DEPS_COMPILE_PARTITION_COUNT"
	c := s.call
	stage := root(s.by.Stage)
	base := p.Dockerfile.Expand(stage.Base.Value, p.Variables(stage.From))
	m := elixirTag.FindStringSubmatch(base.Text)
	if m == nil || !base.Known || c.Env(variable).Defined || c.Subcommand() != "deps.compile" || len(c.Operands()) > 1 {
		return "", "", false
	}
	if minor, err := strconv.Atoi(m[1]); err != nil || minor < 19 {
		return "", "", false
	}
	n := strings.Count(readIn(p, s, c.Dir, "mix.lock"), "{:hex,")
	if n < manyDependencies {
		return "", "", false
	}
	return fmt.Sprintf("compiles %d dependencies one after the other", n), "Set " + variable + "=2 before it: that many processes compile dependencies", true
}

var (
	installPackages = regexp.MustCompile(`\binstall\.packages\(\s*c\(`)
	cran            = regexp.MustCompile(`https?://(cran|cloud)\.(r-project\.org|rstudio\.com)`)
	rImage          = regexp.MustCompile(`(^|/)r-base(:|@|$)`)
)

// rPackages is about packages of CRAN, which are sources on Linux.
func rPackages(p *rule.Pass, s step) (message, advice string, ok bool) {
	code, found := s.call.Option("", "-e")
	if !found {
		return "", "", false
	}
	stage := root(s.by.Stage)
	base := p.Dockerfile.Expand(stage.Base.Value, p.Variables(stage.From))
	fromSources := cran.MatchString(code.Text) || rImage.MatchString(base.Text) && !strings.Contains(code.Text, "://")
	if !fromSources || !installPackages.MatchString(code.Text) || strings.Contains(code.Text, "Ncpus") || strings.Contains(code.Text, "type") {
		return "", "", false
	}
	for _, i := range s.by.Stage.Instructions {
		if i.Name == "RUN" && i.Script != nil && strings.Contains(i.Script.Text, "Ncpus") {
			return "", "", false
		}
	}
	return "compiles packages of R one after the other", "Give install.packages the argument Ncpus = parallel::detectCores()", true
}
