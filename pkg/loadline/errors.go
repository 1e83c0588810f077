package loadline

import "fmt"

// UsageError says that the caller asked for something that cannot be: an unknown revision, a directory that does not
// exist, a configuration that is wrong. The command exits with 2.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }

func (e *UsageError) Unwrap() error { return e.Err }

// usage wraps an error that the caller can mend.
func usage(format string, args ...any) error { //nolint:forbidigo // the arguments of fmt.Errorf
	return &UsageError{Err: fmt.Errorf(format, args...)}
}
