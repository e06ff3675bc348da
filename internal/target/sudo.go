package target

import (
	"context"
	_ "embed"
	"io"
	"strings"
)

// Secret gives the value of a named secret.
type Secret func(ctx context.Context, name string) (string, error)

// sudoPrelude defines, in POSIX shell, a sudo that asks for its password through a program of our own (sudo -A): just when sudo wants one, and
// once, so that a wrong password can't lock the account. The password comes as the first line of standard input, which leaves the rest to the
// command, and goes on through a pipe with a name: it is in no argument, no environment and no file.
//
//go:embed sudo.sh
var sudoPrelude string

// beginsWithSudo tells whether the first word of a command is sudo.
func beginsWithSudo(text string) bool {
	rest, is := strings.CutPrefix(strings.TrimLeft(text, " \t\n"), "sudo")
	return is && (rest == "" || strings.ContainsRune(" \t\n", rune(rest[0])))
}

// UnansweredError is a sudo that could not be given its password.
type UnansweredError struct{ Reason, Hint string }

func (e *UnansweredError) Error() string { return e.Reason }

// ErrorCode is unsupported.
func (e *UnansweredError) ErrorCode() string { return "unsupported" }

// ErrorHint says what to do instead.
func (e *UnansweredError) ErrorHint() string { return e.Hint }

// withSudo puts the host's password before a command that begins with sudo; others stay as they are.
func (t *ssh) withSudo(ctx context.Context, c Command) (Command, error) {
	if t.sudoSecret == "" || t.secret == nil || !beginsWithSudo(c.Text) {
		return c, nil
	}
	if c.TTY {
		return c, &UnansweredError{"the stored password for sudo can't be given on a terminal, which would show it", "leave tty out"}
	}
	password, err := t.secret(ctx, t.sudoSecret)
	if err != nil {
		return c, err
	}
	if strings.ContainsAny(password, "\r\n") {
		return c, &UnansweredError{"the secret " + t.sudoSecret + " has several lines, which no password has", "the operator has to mend it"}
	}
	c.Text = sudoPrelude + c.Text
	first := strings.NewReader(password + "\n")
	if c.Stdin == nil {
		c.Stdin = first
	} else {
		c.Stdin = io.MultiReader(first, c.Stdin)
	}
	return c, nil
}
