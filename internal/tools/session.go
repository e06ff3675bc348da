package tools

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"relay-shell/internal/keeper"
	"relay-shell/internal/keeper/session"
	"relay-shell/internal/params"
	"relay-shell/internal/policy"
	"relay-shell/internal/pty"
	"relay-shell/internal/relay"
	"relay-shell/internal/secrets"
	"relay-shell/internal/sshbin/dest"
)

// sessionInfo is one session.
type sessionInfo struct {
	SessionID      string `json:"session_id"`
	Name           string `json:"name,omitempty"`
	Host           string `json:"host,omitempty" jsonschema:"empty: this machine"`
	Command        string `json:"command,omitempty" jsonschema:"empty: login shell"`
	State          string `json:"state" jsonschema:"alive, ended, silent (its process does not answer) or old (made by another version: kill it)"`
	ExitCode       *int   `json:"exit_code"`
	PID            int    `json:"pid"`
	Cols           int    `json:"cols"`
	Rows           int    `json:"rows"`
	AgeMS          int64  `json:"age_ms"`
	IdleMS         int64  `json:"idle_ms"`
	People         int    `json:"people" jsonschema:"attached by relay-shell attach"`
	AwaitingSecret bool   `json:"awaiting_secret"`
	Recording      string `json:"recording,omitempty"`
}

type sessionList struct {
	Sessions []sessionInfo `json:"sessions"`
	Omitted  int           `json:"omitted,omitempty"`
}

type sessionSent struct {
	Cursor int64 `json:"cursor" jsonschema:"what the program prints from now on stands behind it"`
}

type sessionOutput struct {
	Data           string `json:"data"`
	Cursor         int64  `json:"cursor"`
	Dropped        int64  `json:"dropped" jsonschema:"bytes left out before data"`
	Matched        bool   `json:"matched" jsonschema:"until was found"`
	Alive          bool   `json:"alive"`
	ExitCode       *int   `json:"exit_code"`
	AwaitingSecret bool   `json:"awaiting_secret" jsonschema:"a program asks for a secret: ask the person, or use secret"`
	Lossy          bool   `json:"lossy"`
}

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
}

type sendParams struct {
	SessionID string      `json:"session_id" required:"true" desc:"From *_spawn."`
	Data      string      `json:"data" desc:"Text to type."`
	Enter     bool        `json:"enter" default:"true" desc:"Press Enter after data."`
	Keys      params.List `json:"keys" desc:"Then keys: C-c, Up, F5, Tab, M-x…"`
	Secret    bool        `json:"secret" desc:"Recorded nowhere; refused while the terminal echoes."`
}

type recvParams struct {
	SessionID string  `json:"session_id" required:"true" desc:"Session."`
	Timeout   float64 `json:"timeout" default:"2" min:"0" max:"60" desc:"Seconds to wait."`
	MaxBytes  int     `json:"max_bytes" default:"65536" min:"1" max:"1048576" desc:"The newest win."`
	Until     string  `json:"until" desc:"RE2: return once it matches."`
	Cursor    *int64  `json:"cursor" min:"0" desc:"Read from this offset, moving nothing."`
}

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

var noSession = &relay.Error{Code: "not_found", Message: "no such session", Hint: "session_list shows what lives"}

// ask calls a session's keeper.
func (d *Deps) ask(ctx context.Context, id, op string, args, result any) error {
	if !keeper.ValidID(session.Kind, id) {
		return noSession
	}
	return sessionError(d.Keepers.Call(ctx, id, op, args, result), d.Config.MaxSessions)
}

func sessionError(err error, limit int) error {
	var e *keeper.Error
	if !errors.As(err, &e) {
		return err
	}
	switch {
	case e.Code == "limit_reached":
		return &relay.Error{Code: e.Code, Message: fmt.Sprintf("all %d sessions are in use (MAX_SESSIONS)", limit), Hint: "session_list shows them, session_kill ends one"}
	case e.Code == "not_found" && strings.HasPrefix(e.Message, "there is no"):
		return noSession
	}
	return err
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
			Alive: r.Status.Alive, ExitCode: r.Status.ExitCode, AwaitingSecret: r.Status.AwaitingSecret,
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
	case !o.Alive && o.ExitCode != nil:
		text += fmt.Sprintf("[ended, exit %d]\n", *o.ExitCode)
	case !o.Alive:
		text += "[ended]\n"
	case o.AwaitingSecret:
		text += asksSecret
	case until && !o.Matched:
		text += "[until did not match yet]\n"
	}
	return text + fmt.Sprintf("[cursor %d]\n", o.Cursor)
}

func (d *Deps) planScreen(p *sessionParams) (*relay.Plan, error) {
	return &relay.Plan{Run: func(ctx context.Context, _ *relay.Run) (*relay.Result, error) {
		var s session.Seen
		if err := d.ask(ctx, p.SessionID, session.OpScreen, struct{}{}, &s); err != nil {
			return nil, err
		}
		out := &sessionScreen{
			Text: strings.Join(s.Lines, "\n"), CursorX: s.CursorX, CursorY: s.CursorY, CursorVisible: s.CursorVisible, Title: s.Title,
			Cols: s.Cols, Rows: s.Rows, Alternate: s.Alternate, AwaitingSecret: s.AwaitingSecret,
		}
		text := out.Text + fmt.Sprintf("\n[cursor at column %d, row %d of %dx%d]\n", s.CursorX, s.CursorY, s.Cols, s.Rows)
		if s.AwaitingSecret {
			text += asksSecret
		}
		return &relay.Result{Fields: out, Text: text}, nil
	}}, nil
}

// asksSecret is the line of text results that goes with awaiting_secret.
const asksSecret = "[a program asks for a secret]\n"

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
		return nil, sessionError(err, d.Config.MaxSessions)
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
			return nil, sessionError(err, d.Config.MaxSessions)
		}
		s := res.Fields.(*sessionInfo)
		s.State = "ended"
		res.Text = "ended " + s.line() + "\n"
		return res, nil
	}}, nil
}

func (d *Deps) planSessions(*noParams) (*relay.Plan, error) {
	return &relay.Plan{Run: func(ctx context.Context, _ *relay.Run) (*relay.Result, error) {
		living, err := d.Keepers.List(ctx, session.Kind)
		if err != nil {
			return nil, err
		}
		all := make([]sessionInfo, len(living))
		for i, info := range living {
			all[i] = sessionOf(info)
		}
		list := &sessionList{Sessions: fitting(all, int(d.Config.MaxOutput)/2)}
		list.Omitted = len(all) - len(list.Sessions)
		var b strings.Builder
		for i := range list.Sessions {
			b.WriteString(list.Sessions[i].line() + "\n")
		}
		if len(all) == 0 {
			b.WriteString("no sessions\n")
		}
		return &relay.Result{Fields: list, Text: b.String()}, nil
	}}, nil
}

// sessionOf puts what a keeper tells into the form of results.
func sessionOf(info keeper.Info) sessionInfo {
	i := sessionInfo{SessionID: info.ID}
	if !info.Started.IsZero() {
		i.AgeMS = max(time.Since(info.Started).Milliseconds(), 0)
	}
	var s session.Status
	_ = json.Unmarshal(info.Detail, &s) // of another version, what is missing stays empty
	switch {
	case info.Silent:
		i.State = "silent"
	case info.Foreign():
		i.State = "old"
	case s.Alive:
		i.State = "alive"
	default:
		i.State = "ended"
	}
	i.Name, i.Host, i.Command, i.ExitCode, i.PID = s.Name, s.HostName, s.Command, s.ExitCode, s.PID
	i.Cols, i.Rows, i.IdleMS, i.People, i.AwaitingSecret, i.Recording = s.Cols, s.Rows, s.IdleMS, s.People, s.AwaitingSecret, s.Recording
	return i
}

// maxInList is how much of a name or command a line of a list shows, in characters.
const maxInList = 100

// inList keeps a name or command on one line of a list.
func inList(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > maxInList {
		return string(runes[:maxInList]) + "…"
	}
	return text
}

// line is a session in words.
func (i *sessionInfo) line() string {
	text := i.SessionID
	if i.Name != "" {
		text += "  " + inList(i.Name)
	}
	where, what := i.Host, inList(i.Command)
	if where == "" {
		where = "here"
	}
	if what == "" {
		what = "login shell"
	}
	text += fmt.Sprintf("  %s on %s  %dx%d  [%s]", what, where, i.Cols, i.Rows, i.State)
	if i.ExitCode != nil {
		text += fmt.Sprintf(" exit %d", *i.ExitCode)
	}
	if i.AwaitingSecret {
		text += "  asks for a secret"
	}
	if i.People > 0 {
		text += fmt.Sprintf("  %d attached", i.People)
	}
	return text
}
