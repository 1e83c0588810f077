package main

import (
	"slices"
	"strings"
)

// entry is one image of a library file: the tags by which linux/amd64 gets it.
type entry struct{ tags []string }

// parseLibrary reads a file of official-images' library directory (its README, "Instruction format"): blocks of
// "Field: value" lines, of which the first may give defaults. Only images for linux on amd64 are answered.
func parseLibrary(text string) []entry {
	fallback := []string{"amd64"}
	var out []entry
	for _, block := range blocks(text) {
		architectures, ok := block["Architectures"]
		tags := append(list(block["Tags"]), list(block["SharedTags"])...)
		if len(tags) == 0 {
			if ok {
				fallback = list(architectures)
			}
			continue
		}
		wanted := fallback
		if ok {
			wanted = list(architectures)
		}
		if slices.Contains(wanted, "amd64") {
			out = append(out, entry{tags: tags})
		}
	}
	return out
}

// blocks are the parts between empty lines, without comments; a line that begins with a space continues the one before.
func blocks(text string) []map[string]string {
	var out []map[string]string
	block, last := map[string]string{}, ""
	end := func() {
		if len(block) > 0 {
			out = append(out, block)
		}
		block, last = map[string]string{}, ""
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case strings.HasPrefix(line, "#"):
		case strings.TrimSpace(line) == "":
			end()
		case line[0] == ' ' || line[0] == '\t':
			if last != "" {
				block[last] += " " + strings.TrimSpace(line)
			}
		default:
			name, value, ok := strings.Cut(line, ":")
			if !ok || strings.ContainsAny(name, " /") {
				last = ""
				continue
			}
			last = name
			block[name] = strings.TrimSpace(value)
		}
	}
	end()
	return out
}

// list splits a value at its commas.
func list(value string) []string {
	var out []string
	for item := range strings.SplitSeq(value, ",") {
		if item = strings.TrimSpace(item); item != "" {
			out = append(out, item)
		}
	}
	return out
}
