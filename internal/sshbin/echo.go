package sshbin

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshbin/mux"
)

//go:embed echo.sh
var echoSource string

const (
	// echoTimeout bounds the question about a terminal.
	echoTimeout = 5 * time.Second
	// maxEcho bounds the answer in bytes: start-up files may print, too.
	maxEcho = 64 << 10
)

// Echo is how a terminal on a host treats what is typed (stty(1)).
type Echo struct {
	// Echo: it is shown. Canonical: the terminal collects and edits lines.
	Echo, Canonical bool
}

// UnknownEchoError says why a terminal on a host could not be asked.
type UnknownEchoError struct{ Reason string }

func (e *UnknownEchoError) Error() string {
	return "the host's terminal could not be asked: " + e.Reason
}

// Echo asks the host how the terminal of the spawned session is set. It rides the session's master, where it takes a place for a
// moment, and needs no [Engine]. The error is an *[UnknownEchoError] when the host does not tell.
func (s Riding) Echo(ctx context.Context) (Echo, error) {
	ctx, cancel := context.WithTimeout(ctx, echoTimeout)
	defer cancel()
	if !isMark(s.Mark) {
		return Echo{}, &UnknownEchoError{"the session has no mark"}
	}
	token := rand.Text()
	answer, err := s.ask(ctx, echoText(token, s.Mark))
	var refused *mux.RefusedError
	switch {
	case errors.As(err, &refused):
		return Echo{}, &UnknownEchoError{"the connection has no place for one more session (MaxSessions)"}
	case err != nil && ctx.Err() == nil:
		return Echo{}, &UnknownEchoError{err.Error()}
	case err != nil:
		return Echo{}, &UnknownEchoError{"it did not answer in time"}
	}
	return parseEcho(answer, token)
}

// Riding is a client that rides a master.
type Riding struct {
	// Path is the master's control socket, Mark what marks the client's processes on the host.
	Path string `json:"path"`
	Mark string `json:"mark"`
}

func isMark(s string) bool {
	return s != "" && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

// echoText is the question's command line.
func echoText(token, mark string) string {
	var script strings.Builder
	for line := range strings.Lines(echoSource) {
		if !strings.HasPrefix(line, "#") {
			script.WriteString(line)
		}
	}
	return wrapped(strings.NewReplacer("TOKEN", token, "VARIABLE", dest.SessionVariable+"="+mark).Replace(script.String()))
}

// ask runs a command on the master and returns what it printed.
func (s Riding) ask(ctx context.Context, text string) ([]byte, error) {
	conn, err := mux.Dial(ctx, s.Path)
	if err != nil {
		return nil, err
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		conn.Close()
		return nil, err
	}
	defer null.Close()
	r, w, err := os.Pipe()
	if err != nil {
		conn.Close()
		return nil, err
	}
	defer r.Close()
	passenger, err := conn.Session(ctx, mux.Request{Command: text, Stdin: null, Stdout: w, Stderr: null})
	w.Close()
	if err != nil {
		return nil, err
	}
	defer passenger.Close()
	stop := context.AfterFunc(ctx, func() { _ = r.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	return io.ReadAll(io.LimitReader(r, maxEcho))
}

// parseEcho reads the answer: noise, a line with the token and what was found, what stty says, a line with the token.
func parseEcho(answer []byte, token string) (Echo, error) {
	lines := bufio.NewScanner(bytes.NewReader(answer))
	lines.Buffer(nil, maxEcho)
	found, whole := "", false
	words := map[string]bool{}
	for lines.Scan() {
		line := lines.Text()
		switch rest, ours := strings.CutPrefix(line, token+" "); {
		case ours && found == "":
			found = rest
		case ours && rest == "end":
			whole = true
		case found != "" && !whole:
			for word := range strings.FieldsFuncSeq(line, func(r rune) bool { return r == ' ' || r == ';' || r == '\t' }) {
				words[word] = true
			}
		}
	}
	switch {
	case found == "none":
		return Echo{}, &UnknownEchoError{"no terminal of the session was found there"}
	case found == "several":
		return Echo{}, &UnknownEchoError{"several terminals share the connection, and the server accepts no mark (AcceptEnv)"}
	case found != "one":
		return Echo{}, &UnknownEchoError{"it runs no shell for the question"}
	case !whole || words["echo"] == words["-echo"] || words["icanon"] == words["-icanon"]:
		return Echo{}, &UnknownEchoError{fmt.Sprintf("stty gave no settings (%d words)", len(words))}
	}
	return Echo{Echo: words["echo"], Canonical: words["icanon"]}, nil
}
