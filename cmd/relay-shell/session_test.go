package main

import (
	"strings"
	"testing"
)

// TestWrappedSecret: a token that a terminal's edge has cut in two stays one for redaction, on the screen and in its recording.
func TestWrappedSecret(t *testing.T) {
	const token = "ghp_9aB3dE6gH1jK4mN7pQ0sT2vW5yZ8cF1bD4eG"
	i := newInstall(t, nil)
	s := i.serve()
	defer s.Close()
	id := s.must(t, "shell_spawn", map[string]any{"command": "printf 'token: ghp_%s end' 9aB3dE6gH1jK4mN7pQ0sT2vW5yZ8cF1bD4eG; sleep 1000", "cols": 24, "rows": 8}).SessionID
	if a := s.must(t, "session_recv", map[string]any{"session_id": id, "until": " end", "timeout": 60}); strings.Contains(a.Data, token[4:14]) {
		t.Errorf("%q", a.Data)
	}
	screen := s.must(t, "session_screen", map[string]any{"session_id": id}).Text
	rows := strings.Split(screen, "\n")
	if len(rows) != 3 || !strings.HasPrefix(rows[0], "token: ‹secret:") || rows[1] != "" || rows[2] != "end" {
		t.Errorf("%q", rows)
	}
}
