package config

import (
	"fmt"
	"strings"
)

// Problem is one thing wrong with the settings.
type Problem struct {
	// Where is an environment variable's name, or "file:line", or a file.
	Where string
	// Message says what is wrong, what is allowed and what was probably meant.
	Message string
}

func (p Problem) String() string { return p.Where + ": " + p.Message }

// Error is everything that is wrong with the settings, so that one start shows it all. The program ends with status 2.
type Error struct{ Problems []Problem }

func (e *Error) Error() string {
	if len(e.Problems) == 1 {
		return "settings: " + e.Problems[0].String()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "settings: %d problems", len(e.Problems))
	for _, p := range e.Problems {
		b.WriteString("\n  " + p.String())
	}
	return b.String()
}

// ErrorCode is the contract's code.
func (e *Error) ErrorCode() string { return "invalid_argument" }

// ErrorHint says what to do.
func (e *Error) ErrorHint() string {
	return "correct the settings named above and check them with relay-shell --check-config; docs/configuration.md lists all of them"
}

// secretWords are what names of settings that may hold or lead to secrets contain. Their values are not repeated.
var secretWords = []string{"SECRET", "TOKEN", "PASS", "PWD", "KEY", "CREDENTIAL", "AUTH"}

// quoted shows a bad value, unless the name says that it should not be shown.
func quoted(name, value string) string {
	for _, w := range secretWords {
		if strings.Contains(strings.ToUpper(name), w) {
			return "the value"
		}
	}
	return fmt.Sprintf("%q", cut(value, 120))
}
