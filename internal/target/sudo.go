package target

import (
	"bytes"
	"context"
	"crypto/rand"
	_ "embed"
	"io"
	"strings"
	"sync"
)

// Secret gives the value of a named secret for a host.
type Secret func(ctx context.Context, name string, host *Host) (string, error)

// sudoPrelude defines, in POSIX shell, a sudo that asks for its password through a program of our own (sudo -A): just when sudo wants one, and
// once, so that a wrong password can't lock the account: it ends the command with the mark that [refusal] waits for. The password comes as the first line of standard input, which leaves the rest to the
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

// RefusedError is a sudo that did not take the password it was given.
type RefusedError struct{ Secret string }

func (e *RefusedError) Error() string {
	return "sudo refused the stored password (secret " + e.Secret + "): it was tried once, and the command ended there"
}

// ErrorCode is permission_denied.
func (e *RefusedError) ErrorCode() string { return "permission_denied" }

// ErrorHint says what to do.
func (e *RefusedError) ErrorHint() string {
	return "don't repeat it, which could lock the account: the operator has to mend the secret or the host's sudo_secret"
}

// withSudo puts the host's password before a command that begins with sudo, and has a refusal noticed; others stay as they are, with nil.
func (t *ssh) withSudo(ctx context.Context, c Command) (Command, *refusal, error) {
	if t.sudoSecret == "" || t.secret == nil || !beginsWithSudo(c.Text) {
		return c, nil, nil
	}
	if c.TTY {
		return c, nil, &UnansweredError{"the stored password for sudo can't be given on a terminal, which would show it", "leave tty out"}
	}
	password, err := t.secret(ctx, t.sudoSecret, t.host)
	if err != nil {
		return c, nil, err
	}
	if strings.ContainsAny(password, "\r\n") {
		return c, nil, &UnansweredError{"the secret " + t.sudoSecret + " has several lines, which no password has", "the operator has to mend it"}
	}
	r := &refusal{secret: t.sudoSecret, mark: "relay-shell-sudo-" + rand.Text()}
	c.Text = "relay_mark=" + r.mark + "\n" + sudoPrelude + c.Text
	first := strings.NewReader(password + "\n")
	if c.Stdin == nil {
		c.Stdin = first
	} else {
		c.Stdin = io.MultiReader(first, c.Stdin)
	}
	merged := c.Stderr != nil && c.Stderr == c.Stdout
	r.out = c.Stderr
	c.Stderr = r
	if merged {
		c.Stdout = r
	}
	return c, r, nil
}

// refusal takes the prelude's mark, a line that nobody else can know, out of what a command prints, and notes that it came.
type refusal struct {
	secret string
	mark   string

	mu   sync.Mutex
	out  io.Writer // nil for nobody
	held []byte    // the end of what was written, if the mark may begin there
	seen bool
}

// Write passes on everything but the mark.
func (r *refusal) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := append(r.held, p...)
	mark := []byte(r.mark + "\n")
	if before, after, found := bytes.Cut(text, mark); found {
		r.seen = true
		text = append(before[:len(before):len(before)], after...)
	}
	keep := 0
	for n := min(len(mark)-1, len(text)); n > 0 && keep == 0; n-- {
		if bytes.HasSuffix(text, mark[:n]) {
			keep = n
		}
	}
	r.held = bytes.Clone(text[len(text)-keep:])
	return len(p), r.pass(text[:len(text)-keep])
}

func (r *refusal) pass(p []byte) error {
	if len(p) == 0 || r.out == nil {
		return nil
	}
	_, err := r.out.Write(p)
	return err
}

// end passes on what was held back, and reports the refusal if there was one.
func (r *refusal) end() error {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	err := r.pass(r.held)
	r.held = nil
	if r.seen {
		return &RefusedError{Secret: r.secret}
	}
	return err
}
