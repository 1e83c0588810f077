package rule

import (
	"maps"
	"path"

	"github.com/loadline-dev/loadline/pkg/build"
	"github.com/loadline-dev/loadline/pkg/dockerfile"
	"github.com/loadline-dev/loadline/pkg/shell"
	"github.com/loadline-dev/loadline/pkg/transfer"
)

// script is an instruction's commands, found when they are first asked for.
type script struct {
	calls []*shell.Call
	err   error
}

// evaluated is what is known before each instruction.
type evaluated struct {
	variables map[*dockerfile.Instruction]*dockerfile.Variables
	workdirs  map[*dockerfile.Instruction]string
}

func (s *Subject) calls(i *dockerfile.Instruction) ([]*shell.Call, error) {
	found, ok := s.scripts[i]
	if !ok {
		found = &script{}
		found.calls, found.err = shell.Calls(i, s.File.Source, shell.Context{Env: s.variables(i), Dir: s.workdir(i)})
		s.scripts[i] = found
	}
	return found.calls, found.err
}

func (s *Subject) variables(i *dockerfile.Instruction) *dockerfile.Variables {
	return s.evaluate().variables[i]
}

func (s *Subject) workdir(i *dockerfile.Instruction) string { return s.evaluate().workdirs[i] }

func (s *Subject) evaluate() *evaluated {
	if s.evaluated != nil {
		return s.evaluated
	}
	settings := dockerfile.Settings{Args: maps.Clone(s.Request.Args)}
	maps.DeleteFunc(settings.Args, func(_, value string) bool { return value == build.Unspecified })
	switch len(s.Request.Platforms) {
	case 0:
		settings.Platform = transfer.DefaultPlatform
	case 1:
		settings.Platform = s.Request.Platforms[0]
	}
	e := &evaluated{variables: s.File.Variables(settings), workdirs: map[*dockerfile.Instruction]string{}}
	s.evaluated = e
	ends := make([]string, len(s.File.Stages))
	for _, stage := range s.File.Stages {
		dir := startDir(stage, ends)
		for _, i := range stage.Instructions {
			e.workdirs[i] = dir
			if i.Name != "WORKDIR" || len(i.Words) == 0 {
				continue
			}
			v := s.File.Expand(i.Words[0].Value, e.variables[i])
			switch {
			case !v.Known:
				dir = ""
			case path.IsAbs(v.Text):
				dir = path.Clean(v.Text)
			case dir != "":
				dir = path.Join(dir, v.Text)
			}
		}
		ends[stage.Index] = dir
	}
	return e
}

// startDir is where a stage starts: where the stage it is built on ended, at the root of scratch. Another image may have a
// working directory of its own.
func startDir(stage *dockerfile.Stage, ends []string) string {
	switch {
	case stage.Parent != nil:
		return ends[stage.Parent.Index]
	case stage.Base.Value == "scratch":
		return "/"
	}
	return shell.UnknownDir
}
