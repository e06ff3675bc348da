package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"golang.org/x/term"

	"relay-shell/internal/policy/approval"
	"relay-shell/internal/sshbin"
)

// console is the person's own terminal, whatever standard input and output are.
type console struct{ *os.File }

// openTerminal opens the controlling terminal; without one there is no person to ask.
func openTerminal() (console, error) {
	f, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return console{}, usage(errors.New("this needs a terminal: a person answers (/dev/tty: " + err.Error() + ")"))
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

// key asks for the proof of a person: a touch where security keys approve, unless withPassphrase, else the passphrase.
func (t console) key(ctx context.Context, v *approval.Verifier, purpose string, withPassphrase bool) (*approval.Key, error) {
	if keys := v.SecurityKeys(); len(keys) > 0 && !withPassphrase {
		return t.touch(ctx, v, keys, purpose)
	}
	if !v.HasPassphrase() {
		return nil, &approval.Error{Code: "unsupported", Message: "no passphrase is set up, only security keys approve", Hint: "answer without --passphrase, or set one with `relay-shell auth passphrase`"}
	}
	return t.passphrase(ctx, v, purpose)
}

// touch picks the first security key that is here. It is asked for a signature once there is something to sign.
func (t console) touch(ctx context.Context, v *approval.Verifier, keys []approval.SecurityKey, purpose string) (*approval.Key, error) {
	i := slices.IndexFunc(keys, func(k approval.SecurityKey) bool { _, err := os.Stat(k.File); return err == nil })
	if i < 0 {
		return nil, &approval.Error{Code: "not_found", Message: "none of the security keys that approve has its file here (" + keys[0].File + ")",
			Hint: "add this account's with `relay-shell auth security-key FILE.pub`, or answer with --passphrase"}
	}
	key := keys[i]
	return v.TouchKey(key, func(message []byte) ([]byte, error) {
		ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
		defer stop()
		shown := time.Now()
		fmt.Fprintf(t, "Touch the security key %s, %s (Ctrl-C: no)\n", key.Fingerprint(), purpose)
		signature, err := sshbin.Sign(ctx, key.File, approval.SignatureNamespace, message, t.File)
		if err == nil && time.Since(shown) < approval.MinimumThought {
			return nil, approval.ErrTooFast
		}
		return signature, err
	}), nil
}

// passphrase asks for the approval passphrase until it is right. Nothing typed is ErrWrong, and what was typed faster than a person reads is none.
func (t console) passphrase(ctx context.Context, v *approval.Verifier, purpose string) (*approval.Key, error) {
	for tries := 0; ; {
		shown := time.Now()
		line, err := t.secret(ctx, "Approval passphrase, "+purpose+": ")
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
