package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"relay-shell/internal/keeper"
	"relay-shell/internal/keeper/session"
	"relay-shell/internal/relay"
)

// sessionInfo is one session.
type sessionInfo struct {
	SessionID      string `json:"session_id"`
	Name           string `json:"name,omitempty"`
	Host           string `json:"host,omitempty" jsonschema:"empty: this machine"`
	Command        string `json:"command,omitempty" jsonschema:"empty: login shell; a long one is cut"`
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
	RecordingError string `json:"recording_error,omitempty" jsonschema:"why the recording or its hashes stopped"`
}

type sessionList struct {
	Sessions []sessionInfo `json:"sessions"`
	Omitted  int           `json:"omitted,omitempty"`
}

func (d *Deps) planSessions(*noParams) (*relay.Plan, error) {
	return &relay.Plan{Run: func(ctx context.Context, _ *relay.Run) (*relay.Result, error) {
		living, err := d.Keepers.List(ctx, session.Kind)
		if err != nil {
			return nil, err
		}
		all := make([]sessionInfo, len(living))
		for i, info := range living {
			all[i] = sessionOf(info).listed()
		}
		list := &sessionList{Sessions: fitting(all, int(d.Config.MaxOutput)/2)}
		list.Omitted = len(all) - len(list.Sessions)
		var b strings.Builder
		for i := range list.Sessions {
			b.WriteString(list.Sessions[i].line() + "\n")
		}
		switch {
		case len(all) == 0:
			b.WriteString("no sessions\n")
		case list.Omitted > 0:
			fmt.Fprintf(&b, "%d newer ones\n", list.Omitted)
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
	i.Name, i.Host, i.Command, i.ExitCode, i.PID = s.Name, s.HostName, firstRunes(s.Command, shownCommand), s.ExitCode, s.PID
	i.Cols, i.Rows, i.IdleMS, i.People, i.AwaitingSecret, i.Recording = s.Cols, s.Rows, s.IdleMS, s.People, s.AwaitingSecret, s.Recording
	i.RecordingError = s.RecordingError
	return i
}

// listed is a session as an item of a list.
func (i sessionInfo) listed() sessionInfo {
	i.Name, i.Command = firstRunes(i.Name, listedCommand), firstRunes(i.Command, listedCommand)
	return i
}

// maxInList is how much of a name or command a line of a list shows, in characters.
const maxInList = 100

// inList keeps a name or command on one line of a list.
func inList(text string) string {
	return firstRunes(strings.Join(strings.Fields(text), " "), maxInList)
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
	if i.RecordingError != "" {
		text += "  recording: " + inList(i.RecordingError)
	}
	if i.People > 0 {
		text += fmt.Sprintf("  %d attached", i.People)
	}
	return text
}
