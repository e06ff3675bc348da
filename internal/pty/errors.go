package pty

import "fmt"

// Error is a request that a terminal cannot meet, with one of the contract's codes.
type Error struct {
	code, message, hint string
	cause               error
}

// Error says what happened.
func (e *Error) Error() string { return e.message }

// Unwrap gives the cause, nil for none.
func (e *Error) Unwrap() error { return e.cause }

// ErrorCode is one of the contract's codes.
func (e *Error) ErrorCode() string { return e.code }

// ErrorHint says what to do next.
func (e *Error) ErrorHint() string { return e.hint }

func refuse(code, hint, format string, args ...any) error {
	return &Error{code: code, hint: hint, message: fmt.Sprintf(format, args...)}
}

func wrap(cause error, code, hint, doing string) error {
	return &Error{code: code, hint: hint, message: doing + ": " + cause.Error(), cause: cause}
}
