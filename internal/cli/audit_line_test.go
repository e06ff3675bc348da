package cli

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"relay-shell/internal/audit"
)

// TestLines has calls as a person reads them. What an agent or a host chose controls no terminal and makes no second line.
func TestLines(t *testing.T) {
	code := 7
	at := time.Date(2026, 1, 31, 12, 0, 0, 0, time.Local)
	args := func(v any) json.RawMessage {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, tt := range []struct {
		record audit.Record
		want   string
	}{
		{
			audit.Record{TS: at, Tier: 2, Tool: "ssh_exec", Outcome: "ok", ExitCode: &code, DurationMS: 1500, Host: &audit.Host{Alias: "web1"}, Args: args(map[string]any{"host": "web1", "command": "a\n\t b\x1b[2J\u202e"})},
			`01-31 12:00:00  tier 2  ssh_exec        exit 7 1.5s  web1  a b\x1b[2J\u202e`,
		},
		{audit.Record{TS: at, Tool: "shell_read", Tier: 1, Denied: true, Outcome: "denied", Args: args(map[string]any{"command": "rm x"})}, `01-31 12:00:00  tier 1  shell_read      DENIED  -  rm x`},
		{audit.Record{TS: at, Tool: "ssh_check", Outcome: "error", Error: &audit.Error{Code: "unreachable"}, Args: args(map[string]any{"hosts": "a,b"})}, `01-31 12:00:00  tier 0  ssh_check       error unreachable  -  {"hosts":"a,b"}`},
		{audit.Record{TS: at, Tool: "job_kill", Outcome: "timeout", Error: &audit.Error{Code: "timeout"}, Signal: "KILL"}, `01-31 12:00:00  tier 0  job_kill        SIGKILL  -`},
		{audit.Record{TS: at, Tool: "shell_exec", Outcome: "ok", Args: args(map[string]any{"command": strings.Repeat("é", 500)})}, `01-31 12:00:00  tier 0  shell_exec      ok  -  ` + strings.Repeat("é", maxWhat-1) + "…"},
	} {
		var out bytes.Buffer
		if err := showLine(&out)(audit.Joined{Record: tt.record}); err != nil {
			t.Fatal(err)
		}
		if got := out.String(); got != tt.want+"\n" {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}
