package sshbin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"relay-shell/internal/sshbin/mux"
)

// stageTimeout bounds the transfer of a command's text.
const stageTimeout = 5 * time.Minute

// store writes standard input to a file of mode 0600 and prints its name.
const store = `umask 077; f=$(mktemp "${TMPDIR:-/tmp}/relay.XXXXXXXX") && cat >"$f" && printf '\n%s\n' "$f"`

// stage puts POSIX text that is too long for an argument, or too private, into a file on the host, by a session of its own. It
// returns text that opens the file, removes it and runs it in the same shell.
func (s *seat) stage(ctx context.Context, text string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, stageTimeout)
	defer cancel()
	path, words, exit, err := s.put(ctx, "exec 9<&-\n"+text+"\n")
	if err != nil {
		return "", err
	}
	name := strings.TrimSpace(path)
	name = name[strings.LastIndexByte(name, '\n')+1:] // noise of start-up files comes before
	if !exit.Known || exit.Status != 0 || !strings.HasPrefix(name, "/") {
		return "", &Error{Op: "sending the command", Host: s.pool.resolved.Alias, Code: "too_large",
			Message: fmt.Sprintf("a command of %d bytes needs a temporary file on the host: %s", len(text), strings.TrimSpace(words)),
			Hint:    "make room in the host's temporary directory, or upload a script with ssh_upload and run that"}
	}
	return "exec 9<" + quote(name) + "; rm -f " + quote(name) + "; . /dev/fd/9", nil
}

// put runs store on the host. The errors are those of package mux and mean that the command has not been started.
func (s *seat) put(ctx context.Context, body string) (out, words string, exit mux.Exit, err error) {
	return s.errand(ctx, wrapped(store), body)
}

// errand runs a small command of our own on this master, whoever has its places.
func (s *seat) errand(ctx context.Context, command, body string) (out, words string, exit mux.Exit, err error) {
	var stdout, stderr bytes.Buffer
	c := &Command{Stdin: strings.NewReader(body), Stdout: &stdout, Stderr: &stderr}
	streams, err := newStreams(c, s.pool.engine.null, "", nil)
	if err != nil {
		return "", "", exit, err
	}
	ch, err := s.open(ctx, streams.request(mux.Request{Command: command}))
	if err != nil {
		streams.discard()
		return "", "", exit, neverStarted(err)
	}
	streams.start()
	select {
	case <-ch.Exited():
		streams.drain(s.pool.roundTrip(), s.turn)
	case <-s.lost:
		err = &mux.LostError{Op: "sending the command", Err: errors.New("the connection stopped answering")}
	case <-ctx.Done():
		err = &mux.LostError{Op: "sending the command", Err: context.Cause(ctx)}
	}
	_ = ch.Close()
	_ = streams.finish() // buffers take everything
	return stdout.String(), stderr.String(), ch.Exit(), err
}

// neverStarted makes a loss while a command was prepared one that has started nothing.
func neverStarted(err error) error {
	var lost *mux.LostError
	if errors.As(err, &lost) {
		return &mux.LostError{Op: lost.Op, Err: lost.Err}
	}
	return err
}
