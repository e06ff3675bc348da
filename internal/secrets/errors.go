package secrets

// Error is what went wrong, for the caller to act on. It never holds a value.
type Error struct {
	code    string
	message string
	hint    string
	cause   error
}

func (e *Error) Error() string {
	if e.cause != nil {
		return e.message + ": " + e.cause.Error()
	}
	return e.message
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// ErrorCode is one of invalid_argument, not_found, permission_denied, too_large, internal.
func (e *Error) ErrorCode() string { return e.code }

// ErrorHint says what to do.
func (e *Error) ErrorHint() string { return e.hint }

const (
	invalidArgument  = "invalid_argument"
	notFound         = "not_found"
	permissionDenied = "permission_denied"
	tooLarge         = "too_large"
	internal         = "internal"
)
