package tools

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"relay-shell/internal/keeper/session"
	"relay-shell/internal/params"
	"relay-shell/internal/relay"
)

type sessionOutput struct {
	Data           string `json:"data"`
	Cursor         int64  `json:"cursor"`
	Dropped        int64  `json:"dropped" jsonschema:"bytes left out before data"`
	Matched        bool   `json:"matched" jsonschema:"until was found"`
	Alive          bool   `json:"alive"`
	ExitCode       *int   `json:"exit_code"`
	AwaitingSecret bool   `json:"awaiting_secret" jsonschema:"a program asks for a secret: ask the person, or use secret"`
	Alternate      bool   `json:"alternate" jsonschema:"a full-screen program has the screen: session_screen shows it"`
	Lossy          bool   `json:"lossy"`
}

type recvParams struct {
	SessionID string  `json:"session_id" required:"true" desc:"Session."`
	Timeout   float64 `json:"timeout" default:"2" min:"0" max:"60" desc:"Seconds to wait."`
	MaxBytes  int     `json:"max_bytes" default:"65536" min:"1" max:"1048576" desc:"The newest win."`
	Until     string  `json:"until" desc:"RE2: return once it matches."`
	Cursor    *int64  `json:"cursor" min:"0" desc:"Read from this offset, moving nothing."`
}

// around is how many bytes before and behind what is read are looked at for secrets that are cut there.
const around = contextBytes

func (d *Deps) planRecv(p *recvParams) (*relay.Plan, error) {
	if _, err := regexp.Compile(p.Until); err != nil {
		return nil, params.Errorf("until", "RE2 syntax: no lookaround, no backreferences", "%v", err)
	}
	limit := min(p.MaxBytes, int(d.Config.MaxOutputHard))
	return &relay.Plan{Args: p, Run: func(ctx context.Context, _ *relay.Run) (*relay.Result, error) {
		var r session.Received
		err := d.ask(ctx, p.SessionID, session.OpRecv, session.Receive{Cursor: p.Cursor, Wait: time.Duration(p.Timeout * float64(time.Second)), Max: limit, Until: p.Until, Context: around}, &r)
		if err != nil {
			return nil, err
		}
		out := &sessionOutput{
			Data: d.part(r), Cursor: r.Cursor, Dropped: r.Dropped, Matched: r.Matched, Lossy: !utf8.Valid(r.Data),
			Alive: r.Status.Alive, ExitCode: r.Status.ExitCode, AwaitingSecret: r.Status.AwaitingSecret, Alternate: r.Status.Alternate,
		}
		return &relay.Result{Fields: out, Text: out.text(p.Until != "")}, nil
	}}, nil
}

// part is what a read may show: also of secrets that begin before it or go on behind it.
func (d *Deps) part(r session.Received) string {
	text := strings.ToValidUTF8(string(r.Data), "\uFFFD")
	if d.Mask == nil {
		return text
	}
	return d.Mask.Part(strings.ToValidUTF8(string(r.Before), "\uFFFD"), text, strings.ToValidUTF8(string(r.After), "\uFFFD"), !r.Ended)
}

func (o *sessionOutput) text(until bool) string {
	text := o.Data
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	if o.Dropped > 0 {
		text = fmt.Sprintf("[%d bytes dropped]\n", o.Dropped) + text
	}
	switch {
	case !o.Alive:
		text += endedLine(o.ExitCode)
	case o.AwaitingSecret:
		text += asksSecret
	case until && !o.Matched:
		text += "[until did not match yet]\n"
	}
	if o.Alternate {
		text += "[a full-screen program: session_screen shows it as a person sees it]\n"
	}
	return text + fmt.Sprintf("[cursor %d]\n", o.Cursor)
}
