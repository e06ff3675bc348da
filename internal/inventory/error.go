package inventory

import (
	"fmt"

	"relay-shell/internal/nearest"
)

// Error is an inventory file that cannot be used, or a selection that cannot be answered.
type Error struct {
	// Where is "file:line" or the file, "" for a selection.
	Where string
	// Message says what is wrong.
	Message string
	code    string
	hint    string
	err     error
}

func (e *Error) Error() string {
	if e.Where == "" {
		return e.Message
	}
	return "inventory: " + e.Where + ": " + e.Message
}

func (e *Error) Unwrap() error { return e.err }

// ErrorCode is one of the contract's codes: invalid_argument for a bad file or bad syntax, unknown_host for names that are
// not in the inventory, not_found when nothing is left to select.
func (e *Error) ErrorCode() string {
	if e.code == "" {
		return codeInvalid
	}
	return e.code
}

// ErrorHint says what to do next.
func (e *Error) ErrorHint() string {
	if e.hint == "" {
		return "correct the file, or name another with the setting INVENTORY"
	}
	return e.hint
}

const (
	codeInvalid  = "invalid_argument"
	codeUnknown  = "unknown_host"
	codeNotFound = "not_found"
)

// at makes the error for one line of a file.
func at(path string, line int, format string, args ...any) *Error {
	return &Error{Where: fmt.Sprintf("%s:%d", path, line), Message: fmt.Sprintf(format, args...)}
}

// maxProblems bounds the list of problems; a file of the wrong kind has one on each line.
const maxProblems = 100

func shorten(problems []string) []string {
	if len(problems) > maxProblems {
		rest := len(problems) - maxProblems
		problems = append(problems[:maxProblems:maxProblems], fmt.Sprintf("and %d more problems", rest))
	}
	return problems
}

// didYouMean is " (did you mean X?)" or nothing.
func didYouMean(name string, names []string) string {
	if near := nearest.Name(name, names); near != "" {
		return " (did you mean " + near + "?)"
	}
	return ""
}
