package dockerfile

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/docker/go-units"

	"github.com/loadline-dev/loadline/pkg/source"
)

const (
	// maxBaseText is the most that the environment and the triggers of a base image may hold, in bytes, and maxBaseItems
	// how many there may be of either. Those of the official images stay below 5 kB.
	maxBaseText  = 256 << 10
	maxBaseItems = 1000
)

// BaseImage is what a base image brings into a build.
type BaseImage struct {
	// Ref names it in messages.
	Ref string
	// Env are its variables, NAME=VALUE each.
	Env []string
	// Triggers are its ONBUILD instructions.
	Triggers []string
}

// Check says whether an image's environment and triggers are of a size, and its triggers of a form, that CheckExpansion
// can bound.
func (b BaseImage) Check() error {
	_, err := b.state()
	return err
}

// state is what is known of the variables where a stage begins with the image.
func (b BaseImage) state() (state, error) {
	s := state{values: map[string]int{}}
	total := 0
	for _, text := range slices.Concat(b.Env, b.Triggers) {
		total += len(text)
	}
	if len(b.Env) > maxBaseItems || len(b.Triggers) > maxBaseItems || total > maxBaseText {
		return s, fmt.Errorf("its environment and ONBUILD triggers hold %s", units.HumanSize(float64(total)))
	}
	for _, variable := range b.Env {
		name, value, _ := strings.Cut(variable, "=")
		s.set(name, max(textLength(value), s.values[name]))
	}
	for _, text := range b.Triggers {
		file, err := Parse(b.Ref, []byte("FROM scratch\n"+text+"\n"))
		if err != nil || len(file.Stages) != 1 || len(file.Stages[0].Instructions) != 1 {
			return s, errors.New("its ONBUILD triggers cannot be read")
		}
		s.triggers = append(s.triggers, file.Stages[0].Instructions...)
	}
	return s, nil
}

// addImages takes what base images bring into account.
func (e *expansion) addImages(images []BaseImage) error {
	e.image, e.all = state{values: map[string]int{}}, state{values: map[string]int{}}
	for _, b := range images {
		s, err := b.state()
		if err != nil {
			return fmt.Errorf("the base image %s: %w", source.Printable(b.Ref), err)
		}
		for _, into := range []*state{&e.image, &e.all} {
			for name, length := range s.values {
				into.set(name, max(length, into.values[name]))
			}
			into.any = max(into.any, s.any)
			into.triggers = append(into.triggers, s.triggers...)
		}
	}
	return nil
}

// trigger runs an ONBUILD instruction. One of a base image has no place in this file: an error is about FROM.
func (e *expansion) trigger(i *Instruction, s *Stage, now, global *state) error {
	err := e.run(i, now, global)
	var located *source.Error
	if i.file != e.file && errors.As(err, &located) {
		return e.refuse(s.Base.Span, "the ONBUILD triggers of the base image: %s", located.Msg)
	}
	return err
}
