package keeper

import (
	"errors"
	"fmt"
)

// Error is an answer that a caller can act on. It travels from the keeper to the server as it is.
type Error struct {
	// Code is one of the contract's codes.
	Code    string `json:"code"`
	Message string `json:"message"`
	// Hint says what to do or call next.
	Hint string `json:"hint,omitempty"`
}

func (e *Error) Error() string { return e.Message }

// ErrorCode is one of the contract's codes.
func (e *Error) ErrorCode() string { return e.Code }

// ErrorHint says what to do next.
func (e *Error) ErrorHint() string { return e.Hint }

func errorf(code, hint, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// asError gives any error a form that travels.
func asError(err error) *Error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	var coded interface {
		error
		ErrorCode() string
		ErrorHint() string
	}
	if errors.As(err, &coded) {
		return &Error{Code: coded.ErrorCode(), Message: coded.Error(), Hint: coded.ErrorHint()}
	}
	return &Error{Code: "internal", Message: err.Error()}
}

func notFound(id string) *Error {
	return errorf("not_found", "list what is there; it may have ended", "there is no %q", id)
}
