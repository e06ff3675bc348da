package sshbin

import "strings"

// Error is why a command could not be run, or not to its end.
type Error struct {
	// Op is what was being done, Host where.
	Op, Host string
	// Code is one of the contract's codes.
	Code string
	// Message keeps ssh's own words where there are any.
	Message string
	// Hint says what to do or call next.
	Hint string
	// Started tells whether the remote command has run or may have: it is never run a second time.
	Started bool
	// Retryable is true for a server that dropped the connection before its greeting, and for an ssh that was killed while it connected.
	Retryable bool
	Err       error
}

func (e *Error) Error() string {
	var parts []string
	for _, p := range []string{e.Op, e.Host, e.Message} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	if e.Message == "" && e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	return strings.Join(parts, ": ")
}

func (e *Error) Unwrap() error { return e.Err }

// ErrorCode is one of the contract's codes.
func (e *Error) ErrorCode() string {
	if e.Code == "" {
		return "internal"
	}
	return e.Code
}

// MayHaveRun reports whether the remote command has run or may have.
func (e *Error) MayHaveRun() bool { return e.Started }

// ErrorHint says what to do or call next.
func (e *Error) ErrorHint() string { return e.Hint }
