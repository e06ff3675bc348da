package output

import "fmt"

// Error is a request for a spooled output that cannot be met. Its code is not_found, invalid_argument or internal.
type Error struct {
	code, message, hint string
	cause               error
}

// Error says what happened.
func (e *Error) Error() string {
	if e.cause != nil {
		return e.message + ": " + e.cause.Error()
	}
	return e.message
}

// Unwrap gives the cause, nil for none.
func (e *Error) Unwrap() error { return e.cause }

// ErrorCode is one of the contract's codes.
func (e *Error) ErrorCode() string { return e.code }

// ErrorHint says what to do next.
func (e *Error) ErrorHint() string { return e.hint }

func notFound(id string) error {
	shown, _ := Visible(id)
	if len(shown) > 64 {
		shown = shown[:64] + "…"
	}
	return &Error{code: "not_found", message: fmt.Sprintf("no output %q is kept", shown),
		hint: "outputs expire (SPOOL_TTL) and the oldest give way (SPOOL_TOTAL): run the command again, narrower or with a larger max_output"}
}

func invalid(hint, format string, args ...any) error {
	return &Error{code: "invalid_argument", message: fmt.Sprintf(format, args...), hint: hint}
}

func failed(doing string, cause error) error {
	return &Error{code: "internal", message: doing, cause: cause, hint: "look at the spool directory under STATE_DIR: permissions and free space"}
}
