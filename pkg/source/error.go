package source

import "fmt"

// Error says that a file of the repository cannot be read as what it should be, and where.
type Error struct {
	// File is the file. It is never nil.
	File *File
	// Span is the place; a span of no width is a point.
	Span Span
	// Msg says what is wrong, in the words of whoever refused the file.
	Msg string
	// Err is the cause, for errors.Is and errors.As; may be nil.
	Err error
}

// Error is path:line:column: message on one line, safe to print.
func (e *Error) Error() string {
	p := e.Position()
	return fmt.Sprintf("%s:%d:%d: %s", Printable(e.File.Path), p.Line, p.Column, Printable(e.message()))
}

func (e *Error) message() string {
	if e.Msg == "" && e.Err != nil {
		return e.Err.Error()
	}
	return e.Msg
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// Position is where the span starts.
func (e *Error) Position() Position { return e.File.Position(e.Span.Start) }

// Snippet shows the place with a caret under it; see File.Snippet.
func (e *Error) Snippet() string { return e.File.Snippet(e.Span) }
