package tools

import (
	"context"
	"fmt"
	"time"

	"relay-shell/internal/keeper"
	"relay-shell/internal/keeper/session"
	"relay-shell/internal/params"
	"relay-shell/internal/policy"
	"relay-shell/internal/pty"
	"relay-shell/internal/relay"
	"relay-shell/internal/secrets"
	"relay-shell/internal/sshbin/dest"
)

type sessionSent struct {
	Cursor int64 `json:"cursor" jsonschema:"what the program prints from now on stands behind it"`
}

type sendParams struct {
	SessionID string      `json:"session_id" required:"true" desc:"From *_spawn."`
	Data      string      `json:"data" desc:"Text to type."`
	Enter     bool        `json:"enter" default:"true" desc:"Press Enter after data."`
	Keys      params.List `json:"keys" desc:"Then keys: C-c, Up, F5, Tab, M-x…"`
	Secret    bool        `json:"secret" desc:"Recorded nowhere; refused while the terminal echoes."`
}

// lookTimeout bounds the question which host a session is on.
const lookTimeout = 2 * time.Second

// planSend asks the session's keeper where it is and what has been typed there, so that the policy of that host judges what the line will
// be.
func (d *Deps) planSend(p *sendParams) (*relay.Plan, error) {
	if !keeper.ValidID(session.Kind, p.SessionID) {
		return nil, noSession
	}
	keys, err := pty.Keys(p.Keys, pty.Modes{})
	if err != nil {
		return nil, err
	}
	enter := p.Enter && (p.Data != "" || len(p.Keys) == 0)
	plan := &relay.Plan{Args: p, Secrets: secrets.Names(p.Data)}
	// A named secret is typed as one: where the terminal would show it, it is refused.
	p.Secret = p.Secret || secrets.Uses(p.Data)
	send := session.Send{Data: p.Data, Enter: enter, Keys: p.Keys, Secret: p.Secret}
	at, err := d.prompt(p.SessionID)
	if err != nil {
		return nil, err
	}
	if p.Secret {
		tier := policy.Reversible
		plan.Subject = policy.Subject{Fixed: &tier}
		plan.Record = map[string]any{"session_id": p.SessionID, "secret": true}
	} else {
		t := typedAt(at.Typed, p.Data, enter, keys)
		plan.Subject = t.subject("session_send")
		send.After, send.Open = &at.Typed, t.open
		if t.blind {
			plan.Notes = append(plan.Notes, "what the line holds is not known, since it was edited with keys or by a person: it counts as tier 2. The key C-c begins another one")
		}
	}
	if at.Host != nil {
		plan.Hosts, plan.Subject.Remote = []dest.Destination{*at.Host}, true
	}
	plan.Run = func(ctx context.Context, run *relay.Run) (*relay.Result, error) {
		var sent session.Sent
		send := send
		if send.Data, send.Known, err = d.revealing(ctx, run, p.Data); err != nil {
			return nil, err
		}
		if err := d.ask(ctx, p.SessionID, session.OpSend, send, &sent); err != nil {
			return nil, err
		}
		return &relay.Result{Fields: &sessionSent{sent.Cursor}, Text: fmt.Sprintf("sent; read the answer with session_recv (cursor %d)\n", sent.Cursor)}, nil
	}
	return plan, nil
}

// prompt asks a session where it is and what has been typed there.
func (d *Deps) prompt(id string) (session.Prompt, error) {
	var at session.Prompt
	if d.Keepers == nil { // the tools' own tests
		return at, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookTimeout)
	defer cancel()
	return at, d.ask(ctx, id, session.OpTyped, struct{}{}, &at)
}
