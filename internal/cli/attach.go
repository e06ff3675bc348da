package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"golang.org/x/term"

	"relay-shell/internal/keeper"
	terminal "relay-shell/internal/keeper/session"
	"relay-shell/internal/pty"
	"relay-shell/internal/relay"
)

type sessionsCmd struct {
	List sessionsListCmd `cmd:"" default:"1" help:"List the living sessions (the default)."`
	Kill sessionsKillCmd `cmd:"" help:"End a session."`
}

type sessionsListCmd struct{}

func (c *sessionsListCmd) Run(s *session) error { return s.show("session_list", map[string]any{}) }

type sessionsKillCmd struct {
	ID string `arg:"" help:"The session's id."`
}

func (c *sessionsKillCmd) Run(s *session) error {
	return s.show("session_kill", map[string]any{"session_id": c.ID})
}

type attachCmd struct {
	ID       string `arg:"" help:"The session's id."`
	ReadOnly bool   `help:"Only look."`
}

// detachKey is ctrl-].
const detachKey = 0x1d

// attached puts a person's joining into the audit by the one road.
type attached struct {
	id       string
	readOnly bool
}

func (attached) Name() string { return "operator:attach" }

func (a attached) Plan(json.RawMessage) (*relay.Plan, error) {
	return &relay.Plan{
		Record: map[string]any{"session_id": a.id, "read_only": a.readOnly},
		Run:    func(context.Context, *relay.Run) (*relay.Result, error) { return &relay.Result{}, nil },
	}, nil
}

func (c *attachCmd) Run(s *session) error {
	if s.world.Stdin == nil || !term.IsTerminal(int(s.world.Stdin.Fd())) {
		return usage(errors.New("attach needs a terminal"))
	}
	if !keeper.ValidID(terminal.Kind, c.ID) {
		return usage(fmt.Errorf("no such session %q; relay-shell sessions lists them", c.ID))
	}
	a, err := s.open()
	if err != nil {
		return usage(err)
	}
	res := a.relay.Do(s.ctx, &relay.Call{Operation: attached{c.ID, c.ReadOnly}, Caller: a.caller})
	a.close()
	if res.Err != nil {
		return failure(res)
	}
	fd := int(s.world.Stdin.Fd())
	cols, rows, _ := term.GetSize(fd)
	ctx, cancel := context.WithTimeout(s.ctx, 10*time.Second)
	defer cancel()
	stream, err := s.keepers().Stream(ctx, c.ID, terminal.OpAttach, terminal.Attach{ReadOnly: c.ReadOnly, Cols: cols, Rows: rows})
	if err != nil {
		return err
	}
	defer stream.Close()
	fmt.Fprintf(s.world.Stderr, "attached to %s; ctrl-] leaves it running\r\n", c.ID)
	state, err := term.MakeRaw(fd)
	if err != nil {
		return err
	}
	exit, err := s.converse(stream, fd, c.ReadOnly)
	_, _ = io.WriteString(s.world.Stdout, pty.Reset)
	_ = term.Restore(fd, state)
	switch {
	case err != nil:
		return err
	case exit != nil:
		fmt.Fprintf(s.world.Stderr, "\n%s has ended, exit %d\n", c.ID, *exit)
	default:
		fmt.Fprintf(s.world.Stderr, "\nleft %s running\n", c.ID)
	}
	return nil
}

// converse joins the person's terminal and the session's until one of them ends it. exit is nil when the person left.
func (s *session) converse(stream *keeper.Stream, fd int, readOnly bool) (exit *int, err error) {
	var sending sync.Mutex
	send := func(f terminal.Frame) error {
		sending.Lock()
		defer sending.Unlock()
		return stream.Send(f)
	}
	resized := make(chan os.Signal, 1)
	signal.Notify(resized, syscall.SIGWINCH)
	defer signal.Stop(resized)
	left := make(chan struct{})
	go func() { // ends with the process: a terminal's read cannot be cut short
		defer stream.Close()
		defer close(left) // before the stream's end shows
		buf := make([]byte, 4096)
		for {
			n, err := s.world.Stdin.Read(buf)
			if i := bytes.IndexByte(buf[:n], detachKey); i >= 0 || err != nil {
				if i > 0 && !readOnly {
					_ = send(terminal.Frame{Data: buf[:i]})
				}
				return
			}
			if !readOnly && send(terminal.Frame{Data: buf[:n]}) != nil {
				return
			}
		}
	}()
	done := make(chan struct{})
	defer close(done)
	go func() { // ends with this function
		for {
			select {
			case <-done:
				return
			case <-resized:
				if cols, rows, err := term.GetSize(fd); err == nil && !readOnly {
					_ = send(terminal.Frame{Cols: cols, Rows: rows})
				}
			}
		}
	}()
	out := pty.NewSafeWriter(s.world.Stdout)
	for {
		var f terminal.Frame
		if err := stream.Next(&f); err != nil {
			select {
			case <-left:
				return nil, nil
			default:
				return nil, fmt.Errorf("the session is gone: %w", err)
			}
		}
		if _, err := out.Write(f.Data); err != nil {
			return nil, err
		}
		if f.Exit != nil {
			return f.Exit, nil
		}
	}
}
