package tools

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"relay-shell/internal/keeper/session"
	"relay-shell/internal/pty"
	"relay-shell/internal/relay"
)

type sessionScreen struct {
	Text          string `json:"text"`
	CursorX       int    `json:"cursor_x"`
	CursorY       int    `json:"cursor_y"`
	CursorVisible bool   `json:"cursor_visible"`
	Title         string `json:"title"`
	Cols          int    `json:"cols"`
	Rows          int    `json:"rows"`
	Alternate     bool   `json:"alternate" jsonschema:"a full-screen program has the screen"`

	AwaitingSecret bool `json:"awaiting_secret"`
	Alive          bool `json:"alive"`
	ExitCode       *int `json:"exit_code"`
}

func (d *Deps) planScreen(p *sessionParams) (*relay.Plan, error) {
	return &relay.Plan{Run: func(ctx context.Context, _ *relay.Run) (*relay.Result, error) {
		var s session.Seen
		if err := d.ask(ctx, p.SessionID, session.OpScreen, struct{}{}, &s); err != nil {
			return nil, err
		}
		out := &sessionScreen{
			Text: strings.Join(d.rows(s.Screen), "\n"), CursorX: s.CursorX, CursorY: s.CursorY, CursorVisible: s.CursorVisible, Title: s.Title,
			Cols: s.Cols, Rows: s.Rows, Alternate: s.Alternate, AwaitingSecret: s.AwaitingSecret,
			Alive: !s.Ended, ExitCode: s.ExitCode,
		}
		text := out.Text + fmt.Sprintf("\n[cursor at column %d, row %d of %dx%d]\n", s.CursorX, s.CursorY, s.Cols, s.Rows)
		switch {
		case s.Ended:
			text += endedLine(s.ExitCode)
		case s.AwaitingSecret:
			text += asksSecret
		}
		return &relay.Result{Fields: out, Text: text}, nil
	}}, nil
}

// endedLine is the line of text results that says that the program has ended, and how.
func endedLine(exit *int) string {
	if exit == nil {
		return "[ended]\n"
	}
	return fmt.Sprintf("[ended, exit %d]\n", *exit)
}

// asksSecret is the line of text results that goes with awaiting_secret.
const asksSecret = "[a program asks for a secret]\n"

// rows are a screen's lines without secrets, also those that the terminal has cut in two.
func (d *Deps) rows(s pty.Screen) []string {
	if d.Mask == nil {
		return s.Lines
	}
	return d.Mask.Rows(s.Lines, func(row int) bool { return slices.Contains(s.Full, row) })
}
