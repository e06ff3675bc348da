package tools

import (
	"context"
	"errors"
	"strings"

	"relay-shell/internal/keeper"
	"relay-shell/internal/keeper/session"
	"relay-shell/internal/policy"
	"relay-shell/internal/pty"
	"relay-shell/internal/relay"
)

type sessionParams struct {
	SessionID string `json:"session_id" required:"true" desc:"Session."`
}

type resizeParams struct {
	SessionID string `json:"session_id" required:"true" desc:"Session."`
	Cols      int    `json:"cols" required:"true" min:"1" max:"1000" desc:"Columns."`
	Rows      int    `json:"rows" required:"true" min:"1" max:"500" desc:"Rows."`
}

type killParams struct {
	SessionID  string `json:"session_id" required:"true" desc:"Session."`
	SignalName string `json:"signal_name" default:"TERM" desc:"To the foreground."`
	Close      bool   `json:"close" default:"true" desc:"End the session too."`
}

func (d *Deps) sessionTools() []*Tool {
	return []*Tool{
		define(Tool{name: "session_send", Title: "Type into a session", Toolset: "session", Description: "Type text or keys into a session.",
			Hints: Hints{Destructive: true, OpenWorld: true}, Output: outputOf[sessionSent]()}, d.planSend),
		define(Tool{name: "session_recv", Title: "Read from a session", Toolset: "session", Description: "Read a session's new output, waiting for it. For full-screen programs use session_screen.",
			Hints: Hints{ReadOnly: true}, Output: outputOf[sessionOutput]()}, d.planRecv),
		define(Tool{name: "session_screen", Title: "See a session's screen", Toolset: "session", Description: "The screen as a person sees it.",
			Hints: Hints{ReadOnly: true, Idempotent: true}, Output: outputOf[sessionScreen]()}, d.planScreen),
		define(Tool{name: "session_resize", Title: "Resize a session", Toolset: "session", Description: "Change a terminal's size.",
			Hints: Hints{Idempotent: true}, Output: outputOf[sessionInfo]()}, d.planResize),
		define(Tool{name: "session_kill", Title: "End a session", Toolset: "session", Description: "Signal a session's program and end it.",
			Hints: Hints{Destructive: true}, Output: outputOf[sessionInfo]()}, d.planKill),
		define(Tool{name: "session_list", Title: "List sessions", Toolset: "session", Description: "List the living sessions.",
			Hints: Hints{ReadOnly: true, Idempotent: true}, Output: outputOf[sessionList]()}, d.planSessions),
	}
}

var noSession = &relay.Error{Code: "not_found", Message: "no such session", Hint: "session_list shows what lives"}

// ask calls a session's keeper.
func (d *Deps) ask(ctx context.Context, id, op string, args, result any) error {
	if !keeper.ValidID(session.Kind, id) {
		return noSession
	}
	return sessionError(d.Keepers.Call(ctx, id, op, args, result))
}

// sessionError is what a keeper answers in the words of the tools.
func sessionError(err error) error {
	var e *keeper.Error
	if errors.As(err, &e) && e.Code == "not_found" && strings.HasPrefix(e.Message, "there is no") {
		return noSession
	}
	return err
}

func (d *Deps) planResize(p *resizeParams) (*relay.Plan, error) {
	tier := policy.Reversible
	return &relay.Plan{Subject: policy.Subject{Fixed: &tier}, Run: func(ctx context.Context, _ *relay.Run) (*relay.Result, error) {
		if err := d.ask(ctx, p.SessionID, session.OpResize, session.Resize{Cols: p.Cols, Rows: p.Rows}, nil); err != nil {
			return nil, err
		}
		return d.showSession(ctx, p.SessionID)
	}}, nil
}

func (d *Deps) showSession(ctx context.Context, id string) (*relay.Result, error) {
	info, err := d.Keepers.Find(ctx, session.Kind, id)
	if err != nil {
		return nil, sessionError(err)
	}
	s := sessionOf(info)
	return &relay.Result{Fields: &s, Text: s.line() + "\n"}, nil
}

func (d *Deps) planKill(p *killParams) (*relay.Plan, error) {
	if _, err := pty.ParseSignal(p.SignalName); err != nil {
		return nil, err
	}
	tier := policy.Reversible
	return &relay.Plan{Subject: policy.Subject{Fixed: &tier}, Run: func(ctx context.Context, _ *relay.Run) (*relay.Result, error) {
		res, err := d.showSession(ctx, p.SessionID)
		if err != nil {
			return nil, err
		}
		err = d.ask(ctx, p.SessionID, session.OpSignal, session.Signal{Name: p.SignalName}, nil)
		if !p.Close {
			return res, err
		}
		if err := d.Keepers.Close(ctx, p.SessionID); err != nil { // also one that could not be signalled
			return nil, sessionError(err)
		}
		s := res.Fields.(*sessionInfo)
		s.State = "ended"
		res.Text = "ended " + s.line() + "\n"
		return res, nil
	}}, nil
}
