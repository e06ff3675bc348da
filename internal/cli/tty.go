package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"

	"relay-shell/internal/policy/approval"
)

// console is the person's own terminal, whatever standard input and output are.
type console struct{ *os.File }

// openTerminal opens the controlling terminal; without one there is no person to ask.
func openTerminal() (console, error) {
	f, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return console{}, usage(errors.New("this needs a terminal: a person types the passphrase (/dev/tty: " + err.Error() + ")"))
	}
	return console{f}, nil
}

var errInterrupted = errors.New("interrupted")

// secret asks for a line that is not shown. A signal or the end of ctx gives the terminal back as it was.
func (t console) secret(ctx context.Context, prompt string) ([]byte, error) {
	before, err := term.GetState(int(t.Fd()))
	if err != nil {
		return nil, err
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if _, err := t.WriteString(prompt); err != nil {
		return nil, err
	}
	type read struct {
		line []byte
		err  error
	}
	done := make(chan read, 1)
	go func() { // ends with the line, or with the process: a read of a terminal can't be ended
		line, err := term.ReadPassword(int(t.Fd()))
		done <- read{line, err}
	}()
	defer t.WriteString("\n") //nolint:errcheck // a terminal that is gone
	select {
	case r := <-done:
		return r.line, r.err
	case <-ctx.Done():
		return nil, errors.Join(errInterrupted, term.Restore(int(t.Fd()), before))
	}
}

// passphraseTries is how often one command lets a person mistype.
const passphraseTries = 3

// key asks for the approval passphrase until it is right. Nothing typed is ErrWrong, and what was typed faster than a person reads is none.
func (t console) key(ctx context.Context, v *approval.Verifier, prompt string) (*approval.Key, error) {
	for tries := 0; ; {
		shown := time.Now()
		line, err := t.secret(ctx, prompt)
		if err != nil {
			return nil, err
		}
		if time.Since(shown) < approval.MinimumThought {
			return nil, approval.ErrTooFast
		}
		if len(line) == 0 {
			return nil, errors.New("no passphrase was typed")
		}
		key, err := v.Unlock(line)
		if err == nil {
			return key, nil
		}
		if tries++; tries == passphraseTries {
			return nil, err
		}
		if _, err := t.WriteString("That is not the passphrase.\n"); err != nil {
			return nil, err
		}
	}
}
