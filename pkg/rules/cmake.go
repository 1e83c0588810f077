package rules

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/loadline-dev/loadline/pkg/rule"
)

var (
	// cmakeOption matches an option(); its second group is what turns it on by itself, or may.
	cmakeOption = regexp.MustCompile(`(?i)^\s*option\s*\(\s*(\w+)\s+(?:"[^"]*"\s*)?(?:(?:OFF|NO|N|FALSE|0)\s*\)|([^)\s]+)|\))`)
	// cmakeOff matches an argument of cmake that turns an option off.
	cmakeOff = regexp.MustCompile(`-D\s*(\w+?)(?::\w+)?=(?i:OFF|NO|N|FALSE|0)\b`)
	// cmakeIf matches the beginning of a block that one variable, or one of several, opens.
	cmakeIf = regexp.MustCompile(`(?i)^\s*if\s*\(\s*(\w+(?:\s+OR\s+\w+)*)\s*\)`)
	// cmakeBlock matches what opens, divides and closes conditional blocks.
	cmakeBlock = regexp.MustCompile(`(?i)\b(if|elseif|else|endif)\s*\(`)
	cmakeSet   = regexp.MustCompile(`(?i)\bset\s*\(\s*(\w+)`)
	// cmakeSaid matches lines that only tell people something.
	cmakeSaid = regexp.MustCompile(`(?i)^\s*(option|message)\s*\(`)
	// cmakeFromRoot matches paths from the root of the project, in files below it.
	cmakeFromRoot = regexp.MustCompile(`(?:SOURCE_DIR\}|\.\.)/([\w./-]+)`)
	cmakeSubdir   = regexp.MustCompile(`(?i)^\s*add_subdirectory\s*\(\s*([\w./-]+)`)
	cmakeInclude  = regexp.MustCompile(`(?i)^\s*include\s*\(\s*([\w./-]+\.cmake)`)
)

// cmakePresets may set options as well.
var cmakePresets = []string{"CMakePresets.json", "CMakeUserPresets.json"}

// cmakeTexts are what a project of CMake reads, as far as its files tell: the CMakeLists.txt at its root without comments and
// without the blocks of options that are off, the files that it includes, and the paths from the root that files below it
// name. said is what the build says otherwise: an option that it mentions is as it says, where that is clear.
func cmakeTexts(p *rule.Pass, u *rule.Upload, text, said string) ([]string, error) {
	var names []string
	for _, f := range u.Below("cmake") {
		if path.Ext(f.Path) == ".cmake" {
			names = append(names, f.Path)
		}
	}
	var below []string
	lines := cmakeLines(text)
	for _, line := range lines {
		if m := cmakeInclude.FindStringSubmatch(line); m != nil {
			names = append(names, path.Clean(m[1]))
		}
		if m := cmakeSubdir.FindStringSubmatch(line); m != nil {
			below = append(below, path.Join(m[1], "CMakeLists.txt"))
		}
	}
	names = append(names[:min(len(names), maxManifests)], cmakePresets...)
	var out []string
	set := ""
	for _, name := range names {
		more, err := read(p, name)
		if err != nil {
			return nil, err
		}
		more = strings.Join(cmakeLines(more), "\n")
		set += more + "\n"
		if !slices.Contains(cmakePresets, name) {
			out = append(out, more)
		}
	}
	for _, name := range below[:min(len(below), maxManifests)] {
		more, err := read(p, name)
		if err != nil {
			return nil, err
		}
		for _, found := range cmakeFromRoot.FindAllStringSubmatch(more, -1) {
			out = append(out, found[1])
		}
		for _, found := range cmakeSet.FindAllStringSubmatch(more, -1) {
			set += found[1] + "\n"
		}
	}
	return append(out, strings.Join(cmakeAlive(text, said, set), "\n")), nil
}

// cmakeLines are the lines of a file without comments.
func cmakeLines(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(strings.TrimRight(line, "\r\n"), "#")
		out = append(out, line)
	}
	return out
}

// maxCMakeTurns is how often options are followed that turn on others.
const maxCMakeTurns = 20

// cmakeAlive are the lines of a CMakeLists.txt that are not in a block of an option that is off. What is set in a line that
// is carried out, or in other files, may be on.
func cmakeAlive(text, said, elsewhere string) []string {
	lines := cmakeLines(text)
	off := optionsOff(lines, said, elsewhere)
	for range maxCMakeTurns {
		alive := carriedOut(lines, off)
		before := len(off)
		for _, line := range alive {
			if m := cmakeSet.FindStringSubmatch(line); m != nil && !cmakeSaid.MatchString(line) {
				delete(off, m[1])
			}
		}
		if len(off) == before {
			return alive
		}
	}
	return lines
}

var cmakeWord = regexp.MustCompile(`\w+`)

func wordsOf(text string) map[string]int {
	out := map[string]int{}
	for _, word := range cmakeWord.FindAllString(text, -1) {
		out[word]++
	}
	return out
}

// optionsOff are the variables that are off: options that are so by themselves or by what the build says, and variables of
// the project that conditions ask for and nothing sets. The project's own are those that begin as its options do; others
// may be CMake's.
func optionsOff(lines []string, said, elsewhere string) map[string]bool {
	mentioned, others := wordsOf(said), wordsOf(elsewhere)
	turnedOff := map[string]int{}
	for _, m := range cmakeOff.FindAllStringSubmatch(said, -1) {
		turnedOff[m[1]]++
		mentioned["D"+m[1]]-- // one word with its -D
		mentioned[m[1]]++
	}
	off, own := map[string]bool{}, map[string]bool{}
	var asked []string
	set := map[string]int{}
	for _, line := range lines {
		if m := cmakeIf.FindStringSubmatch(line); m != nil {
			asked = append(asked, strings.Fields(m[1])...)
			continue
		}
		for _, word := range cmakeWord.FindAllString(line, -1) {
			set[word]++
		}
		m := cmakeOption.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		if prefix, _, ok := strings.Cut(m[1], "_"); ok {
			own[prefix] = true
		}
		if m[2] == "" || turnedOff[m[1]] > 0 {
			off[m[1]] = true
		}
	}
	for _, word := range asked {
		if prefix, _, ok := strings.Cut(word, "_"); ok && own[prefix] && set[word] == 0 && !strings.HasSuffix(word, "_FOUND") {
			off[word] = true
		}
	}
	maps.DeleteFunc(off, func(name string, _ bool) bool {
		return others[name] > 0 || mentioned["D"+name] > 0 || mentioned[name] > turnedOff[name]
	})
	return off
}

// carriedOut are the lines outside of blocks that options open which are off. Where such a block has another branch, that
// counts. Where blocks do not stand on lines of their own, or do not add up, it is all lines.
func carriedOut(lines []string, off map[string]bool) []string {
	var out []string
	open, dead := 0, 0 // how many blocks are open, and since the one that is not carried out
	for _, line := range lines {
		block := ""
		switch found := cmakeBlock.FindAllStringSubmatch(line, 2); len(found) {
		case 0:
		case 1:
			block = strings.ToLower(found[0][1])
		default:
			return lines
		}
		switch block {
		case "if":
			open++
		case "endif":
			open--
		}
		switch {
		case open < 0:
			return lines
		case dead > 0 && block == "if":
			dead++
		case dead > 0 && block == "endif", dead == 1 && strings.HasPrefix(block, "else"):
			dead--
			if block != "endif" {
				out = append(out, line)
			}
		case dead > 0:
		case block == "if" && allOff(line, off):
			dead = 1
		case !cmakeSaid.MatchString(line):
			out = append(out, line)
		}
	}
	if open != 0 {
		return lines
	}
	return out
}

// allOff reports whether a condition names nothing but options that are off.
func allOff(line string, off map[string]bool) bool {
	m := cmakeIf.FindStringSubmatch(line)
	if m == nil {
		return false
	}
	for _, word := range strings.Fields(m[1]) {
		if !strings.EqualFold(word, "OR") && !off[word] {
			return false
		}
	}
	return true
}
