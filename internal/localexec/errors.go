package localexec

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
)

// Error says why a command did not start, or why its end is unknown. Code is one of the contract's: not_found,
// permission_denied, invalid_argument, too_large, limit_reached, unsupported or internal.
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

// startError says in the caller's terms why a program that exists did not start.
func startError(program string, cause error) error {
	e := &Error{cause: cause, message: fmt.Sprintf("starting %s: %v", program, cause)}
	switch {
	case errors.Is(cause, syscall.ENOEXEC):
		e.code, e.hint = "invalid_argument", "it is no program for this machine; a script without #! needs its interpreter named"
	case errors.Is(cause, syscall.ENOENT):
		e.code, e.hint = "not_found", "the program exists, but the interpreter or loader that it names does not"
	case errors.Is(cause, fs.ErrPermission):
		e.code, e.hint = "permission_denied", "it is not executable for this user, or its file system is mounted noexec"
	case errors.Is(cause, syscall.E2BIG):
		e.code, e.hint = "too_large", "one argument holds at most 131071 bytes, and all of them with the environment have a bound too: pass the data by stdin or in a file"
	case errors.Is(cause, syscall.EAGAIN), errors.Is(cause, syscall.ENOMEM), errors.Is(cause, syscall.EMFILE), errors.Is(cause, syscall.ENFILE):
		e.code, e.hint = "limit_reached", "the machine or this user has no processes, memory or descriptors left: end something and try again"
	default:
		e.code, e.hint = "internal", "this is a fault in relay-shell or of the machine; its stderr log says more"
	}
	return e
}
