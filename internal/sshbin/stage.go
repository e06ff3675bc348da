package sshbin

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"relay-shell/internal/sshbin/mux"
)

// stageTimeout bounds the transfer of a command's text.
const stageTimeout = 5 * time.Minute

// stage puts text that is too long for an argument into a file of mode 0600 on the host, by a session of its own, and returns the
// command line that opens the file, removes it and runs it.
func (k *call) stage(ctx context.Context, c *Command, shell string) (string, error) {
	const store = `umask 077; f=$(mktemp "${TMPDIR:-/tmp}/relay.XXXXXXXX") && cat >"$f" && echo "$f"`
	ctx, cancel := context.WithTimeout(ctx, stageTimeout)
	defer cancel()
	var path, words bytes.Buffer
	body := "exec 9<&-\n" + ended(c.Text) + "\n"
	put := &Command{Text: wrapped(store), Stdin: strings.NewReader(body), Stdout: &path, Stderr: &words}
	s, err := newStreams(put, k.engine.null, "", nil)
	if err != nil {
		return "", err
	}
	ch, err := k.seat.open(ctx, s.request(mux.Request{Command: put.Text}))
	if err != nil {
		s.discard()
		return "", neverStarted(err)
	}
	s.start()
	select {
	case <-ch.Exited():
	case <-ctx.Done():
	}
	s.drain(k.seat.pool.roundTrip())
	err = s.finish()
	_ = ch.Close()
	if ctx.Err() != nil {
		return "", &mux.LostError{Op: "sending the command", Err: context.Cause(ctx)}
	}
	name := strings.TrimSpace(path.String())
	if i := strings.LastIndexByte(name, '\n'); i >= 0 {
		name = name[i+1:] // noise of start-up files comes before
	}
	if e := ch.Exit(); err != nil || !e.Known || e.Status != 0 || !strings.HasPrefix(name, "/") {
		return "", &Error{Op: "sending the command", Host: k.seat.pool.resolved.Alias, Code: "too_large", Err: err,
			Message: fmt.Sprintf("a command of %d bytes needs a temporary file on the host: %s", len(c.Text), strings.TrimSpace(words.String())),
			Hint:    "make room in the host's temporary directory, or upload a script with ssh_upload and run that"}
	}
	short := *c
	short.Text = "exec 9<" + quote(name) + "; rm -f " + quote(name) + "; . /dev/fd/9"
	if text := prelude(&short, k.id, k.leash != nil) + short.Text; isPOSIX(shell) {
		return text, nil
	} else {
		return wrapped(text), nil
	}
}

// neverStarted makes a loss on the way of preparing a command one that has started nothing.
func neverStarted(err error) error {
	if lost, ok := err.(*mux.LostError); ok {
		return &mux.LostError{Op: lost.Op, Err: lost.Err}
	}
	return err
}
