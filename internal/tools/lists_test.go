package tools

import (
	"fmt"
	"strings"
	"testing"

	"relay-shell/internal/sshtest"
)

// TestLongItems: a job or a session whose command is longer than an answer may be stands in lists all the same, with others, and is not shown whole
// with each answer.
func TestLongItems(t *testing.T) {
	t.Parallel()
	r := newJobRoad(t, sshtest.New(t))
	long := ": " + strings.Repeat("x", 100_000)
	for i := range 3 {
		for tool, list := range map[string]string{"job_start": "job_list", "shell_spawn": "session_list"} {
			started := r.do(t.Context(), tool, map[string]any{"command": long, "name": strings.Repeat("ü", 128)}, nil)
			listed := r.do(t.Context(), list, map[string]any{}, nil)
			if started.Err != nil || listed.Err != nil {
				t.Fatal(started.Err, listed.Err)
			}
			if got := strings.Count(listed.Text, ": xxx"); got != i+1 || len(listed.Text) > 2000 {
				t.Errorf("%s shows %d of %d: %.500q", list, got, i+1, listed.Text)
			}
			for _, fields := range []any{started.Fields, listed.Fields} {
				if n := len(fmt.Sprint(fields)); n > 10_000 {
					t.Errorf("%s and %s show %d bytes", tool, list, n)
				}
			}
		}
	}
	for _, tool := range []string{"job_start", "shell_spawn"} {
		for param, value := range map[string]string{"name": strings.Repeat("ü", 129), "cwd": "/" + strings.Repeat("x", 1<<20)} {
			if res := r.do(t.Context(), tool, map[string]any{"command": "true", param: value}, nil); res.Err == nil || res.Err.Code != "invalid_argument" {
				t.Errorf("%s with a long %s: %v", tool, param, res.Err)
			}
		}
	}
}
