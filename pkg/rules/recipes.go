package rules

import (
	"regexp"
	"slices"
	"strings"
)

var (
	// makeRule is a rule of a makefile: targets, and prerequisites after the colon.
	makeRule = regexp.MustCompile(`^([\w./%$(){} -]+?)\s*::?\s*([^=].*)?$`)
	// makeVariable is a definition, and makeUse where a variable stands.
	makeVariable = regexp.MustCompile(`^(?:export\s+|override\s+)?([\w.-]+)\s*[:?+!]*=\s*(.*)$`)
	makeUse      = regexp.MustCompile(`\$[({]([\w.-]+)[)}]`)
)

// maxTargets is how many targets of a makefile are followed.
const maxTargets = 200

// recipes is the part of a makefile that making some targets reads: their recipes, those of what they need, and the
// variables in them. Without targets it is that of the first. It is all of the makefile where that cannot be told apart.
func recipes(text string, targets []string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\\\n", " ")
	rules := map[string]string{}
	needs := map[string][]string{}
	variables := map[string]string{}
	var current []string
	first := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "\t") {
			for _, t := range current {
				rules[t] += line + "\n"
			}
			continue
		}
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if m := makeVariable.FindStringSubmatch(line); m != nil {
			variables[m[1]] += m[2] + "\n"
			continue
		}
		m := makeRule.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		current = strings.Fields(m[1])
		for _, t := range current {
			needs[t] = append(needs[t], strings.Fields(m[2])...)
			if first == "" && !strings.HasPrefix(t, ".") {
				first = t
			}
		}
	}
	if len(targets) == 0 {
		targets = []string{first}
	}
	seen := map[string]bool{}
	var out strings.Builder
	for len(targets) > 0 && len(seen) < maxTargets {
		t := targets[0]
		targets = targets[1:]
		if seen[t] {
			continue
		}
		seen[t] = true
		if strings.ContainsAny(t, "$") {
			return text // a target by a variable: nobody knows
		}
		out.WriteString(rules[t] + strings.Join(needs[t], " ") + "\n")
		targets = append(targets, slices.DeleteFunc(slices.Clone(needs[t]), func(s string) bool { return strings.ContainsAny(s, "$|%") })...)
	}
	return out.String() + used(out.String(), variables)
}

// used are the definitions of the variables in a text, and of those in them.
func used(text string, variables map[string]string) string {
	seen := map[string]bool{}
	var out strings.Builder
	for queue := makeUse.FindAllStringSubmatch(text, -1); len(queue) > 0; queue = queue[1:] {
		name := queue[0][1]
		if seen[name] {
			continue
		}
		seen[name] = true
		out.WriteString(variables[name])
		queue = append(queue, makeUse.FindAllStringSubmatch(variables[name], -1)...)
	}
	return out.String()
}
