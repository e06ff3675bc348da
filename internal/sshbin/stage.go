package sshbin

import (
	"bytes"
	"context"
	"errors"
	"strconv"

	"relay-shell/internal/sshbin/mux"
)

// readText reads a command's text, of _n bytes, from standard input into a file that has no name any more, open as descriptor 9: whatever ends
// the shell, nothing stays on the host. dd reads what has come and not a byte more, so that what follows stays for the command; head would read on.
// What came is counted by reading it again, since only that works on every system.
const readText = `_k=0; _f=$(umask 077; mktemp "${TMPDIR:-/tmp}/relay.XXXXXXXX") && exec 7<"$_f" 8>"$_f" 9<"$_f" && rm -f "$_f" && ` +
	`while [ $_k -lt $_n ]; do _b=$((_n-_k)); [ $_b -le 65536 ] || _b=65536; dd bs=$_b count=1 2>/dev/null >&8 || break; ` +
	`_w=$(cat <&7 | wc -c); [ $((_w)) -gt 0 ] || break; _k=$((_k+_w)); done && exec 7<&- 8>&- && [ $_k = $_n ]`

// StagedHead is how a text on standard input begins, and runText what runs it in the same shell.
const (
	StagedHead = "exec 9<&-\n"
	runText    = ". /dev/fd/9"
)

// staged is a text as it stands on standard input.
func staged(text string) string { return StagedHead + text + "\n" }

// take is the shell text that reads a text of n bytes, or ends the shell, with a marker where there is a token for it.
func take(n int, token string) string {
	fail := "exit 1"
	if token != "" {
		fail = "{ _s=" + strconv.Itoa(noRoom) + "; " + printMarker(token) + "; exit 1; }"
	}
	return "_n=" + strconv.Itoa(n) + "; " + readText + " || " + fail
}

// errand runs a small command of our own on this master, whoever has its places.
func (s *seat) errand(ctx context.Context, command string) (exit mux.Exit, err error) {
	var stdout, stderr bytes.Buffer
	c := &Command{Stdout: &stdout, Stderr: &stderr}
	streams, err := newStreams(c, s.pool.engine.null, "", nil)
	if err != nil {
		return exit, err
	}
	ch, err := s.open(ctx, streams.request(mux.Request{Command: command}))
	if err != nil {
		streams.discard()
		return exit, neverStarted(err)
	}
	streams.start()
	select {
	case <-ch.Exited():
		streams.drain(s.pool.roundTrip(), s.turn)
	case <-s.lost:
		err = &mux.LostError{Op: "sending a command", Err: errors.New("the connection stopped answering")}
	case <-ctx.Done():
		err = &mux.LostError{Op: "sending a command", Err: context.Cause(ctx)}
	}
	_ = ch.Close()
	_ = streams.finish() // buffers take everything
	return ch.Exit(), err
}

// neverStarted makes a loss while a command was prepared one that has started nothing.
func neverStarted(err error) error {
	var lost *mux.LostError
	if errors.As(err, &lost) {
		return &mux.LostError{Op: lost.Op, Err: lost.Err}
	}
	return err
}
