package loadline

import (
	"strings"

	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/transfer"
)

// sourceUses reports whether an instruction reads a path of the build context whose name depends on a variable.
func sourceUses(file *dockerfile.File, v transfer.UndefinedVariable) bool {
	instruction := file.InstructionAt(v.Line)
	if instruction == nil {
		return false
	}
	if instruction.Inner != nil {
		instruction = instruction.Inner
	}
	if _, ok := instruction.Flag("from"); ok {
		return false
	}
	for _, word := range instruction.Sources() {
		if mentions(word.Value, v.Name) {
			return true
		}
	}
	for i := range instruction.Mounts {
		m := &instruction.Mounts[i]
		if _, ok := m.Field("from"); ok {
			continue
		}
		if source, ok := m.Field("source", "src"); ok && mentions(source.Value, v.Name) {
			return true
		}
	}
	return false
}

// mentions reports whether a word names a variable: $NAME or ${NAME….
func mentions(word, name string) bool {
	return strings.Contains(word, "$"+name) || strings.Contains(word, "${"+name)
}

// lineOfUnreadMount is the first RUN that makes BuildKit ask for the whole context without reading it, as a tmpfs
// mount does; 0 where there is none.
func lineOfUnreadMount(file *dockerfile.File) int {
	for _, instruction := range file.Instructions {
		for i := range instruction.Mounts {
			m := &instruction.Mounts[i]
			if _, from := m.Field("from"); !from && m.Type == "tmpfs" {
				return instruction.StartLine
			}
		}
	}
	return 0
}

// openArguments are the global arguments without a value that a FROM uses.
func openArguments(file *dockerfile.File, args map[string]string) []string {
	var open []string
	for _, instruction := range file.Args {
		for _, pair := range instruction.Pairs {
			name := pair.Key.Value
			if _, given := args[name]; given || pair.HasValue {
				continue
			}
			for _, stage := range file.Stages {
				if mentions(stage.Base.Value, name) {
					open = append(open, name)
					break
				}
			}
		}
	}
	return open
}
