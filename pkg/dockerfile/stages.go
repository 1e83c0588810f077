package dockerfile

import (
	"fmt"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"github.com/loadline-dev/loadline/pkg/source"
)

// stages asks BuildKit for each instruction's meaning, in order, as instructions.Parse does, and sorts them by stage.
func (p *parse) stages() error {
	f := p.file
	for n, i := range f.Instructions {
		command, err := parseInstruction(p.nodes[n])
		if err != nil {
			return i.refused(err)
		}
		stage, isStage := command.(*instructions.Stage)
		switch {
		case isStage:
			f.addStage(i, stage)
		case len(f.Stages) > 0:
			last := f.Stages[len(f.Stages)-1]
			i.Stage = last
			last.Instructions = append(last.Instructions, i)
		case i.Name == "ARG":
			f.Args = append(f.Args, i)
		default:
			_, err := instructions.CurrentStage(nil)
			return i.refused(err)
		}
		if i.Inner != nil {
			i.Inner.Stage = i.Stage
		}
	}
	if len(f.Stages) == 0 {
		// dockerfile2llb, toDispatchState.
		return &source.Error{File: f.Source, Span: f.Instructions[0].Keyword.Span, Msg: "dockerfile contains no stages to build"}
	}
	f.setShells()
	return nil
}

func parseInstruction(node *parser.Node) (command any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("BuildKit's parser fails: %v", r)
		}
	}()
	return instructions.ParseInstruction(node)
}

func (f *File) addStage(i *Instruction, s *instructions.Stage) {
	stage := &Stage{
		Index: len(f.Stages), Name: s.Name, Base: i.Words[0], Platform: s.Platform, From: i,
		Parent: f.Stage(s.BaseName, len(f.Stages)),
	}
	i.Stage = stage
	f.Stages = append(f.Stages, stage)
}

// setShells says for each script which shell runs it: that of the last SHELL of its stage or of the stage it is
// built on. A base image may have set another one, which is not known here.
func (f *File) setShells() {
	last := make([][]string, len(f.Stages))
	for _, s := range f.Stages {
		var shell []string
		if s.Parent != nil {
			shell = last[s.Parent.Index]
		}
		for _, i := range s.Instructions {
			if i.Name == "SHELL" {
				shell = values(i.Words)
			}
			for _, in := range []*Instruction{i, i.Inner} {
				if in != nil && in.Script != nil {
					in.Script.Shell = shell
				}
			}
		}
		last[s.Index] = shell
	}
}

func values(words []Word) []string {
	var out []string
	for _, w := range words {
		out = append(out, w.Value)
	}
	return out
}
