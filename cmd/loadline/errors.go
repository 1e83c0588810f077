package main

import (
	"fmt"

	"github.com/loadline-dev/loadline/pkg/loadline"
)

// asFlag makes an error of a flag's value an error of usage.
func asFlag(flag string, err error) error {
	return &loadline.UsageError{Err: fmt.Errorf("%s: %w", flag, err)}
}
