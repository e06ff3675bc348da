package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/term"

	"relay-shell/internal/keeper"
	terminal "relay-shell/internal/keeper/session"
	"relay-shell/internal/relay"
)

type sessionsCmd struct {
	List sessionsListCmd `cmd:"" default:"withargs" help:"List the living sessions (the default)."`
	Kill sessionsKillCmd `cmd:"" help:"End a session."`
}

type sessionsListCmd struct{ listing }

func (c *sessionsListCmd) Run(s *session) error { return c.list(s, "session_list", map[string]any{}) }

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
	p, err := sitDown(s.world.Stdin, s.world.Stdout)
	if err != nil {
		return err
	}
	last, err := s.converse(c, p)
	p.getUp()
	switch {
	case err != nil:
		return err
	case last.Exit != nil:
		fmt.Fprintf(s.world.Stderr, "\n%s has ended, exit %d\n", c.ID, *last.Exit)
	default:
		fmt.Fprintf(s.world.Stderr, "\nleft %s running\n", c.ID)
	}
	return nil
}

// attachTimeout bounds the asking.
const attachTimeout = 10 * time.Second

// converse joins the person's terminal and the session's until one of them ends it, and returns what the keeper said of that.
func (s *session) converse(c *attachCmd, p *seat) (last terminal.Frame, err error) {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGWINCH, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	ctx, cancel := context.WithTimeout(s.ctx, attachTimeout)
	stream, err := s.keepers().Stream(ctx, c.ID, terminal.OpAttach, terminal.Attach{ReadOnly: c.ReadOnly}, p.in, p.out)
	cancel()
	p.passed()
	if err != nil {
		return last, err
	}
	defer stream.Close()
	fmt.Fprintf(s.world.Stderr, "attached to %s; ctrl-] leaves it running\r\n", c.ID)
	if err := stream.Send(p.size()); err != nil {
		return last, err
	}
	over := make(chan struct{})
	defer close(over)
	var called atomic.Bool // away, by a signal
	go func() {            // ends with this function
		for {
			select {
			case <-over:
				return
			case sig := <-signals:
				if sig == syscall.SIGWINCH {
					_ = stream.Send(p.size())
					continue
				}
				called.Store(true)
				stream.Close()
			}
		}
	}()
	err = stream.Next(&last)
	switch {
	case err != nil && called.Load():
		return terminal.Frame{Left: true}, nil
	case err != nil:
		return last, fmt.Errorf("the session is gone: %w", err)
	}
	return last, nil
}
