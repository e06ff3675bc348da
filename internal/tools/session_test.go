package tools

import (
	"errors"
	"strings"
	"testing"

	"relay-shell/internal/keeper"
	"relay-shell/internal/pty"
	"relay-shell/internal/redact"
)

// TestSessionErrors: only a session too many is said to be one.
func TestSessionErrors(t *testing.T) {
	own := errors.New("own")
	for _, test := range []struct {
		err  error
		want string
	}{
		{&keeper.Error{Code: "limit_reached", Message: "2 of 2 sessions are open"}, "limit_reached: all 2 sessions are in use (MAX_SESSIONS)"},
		{&keeper.Error{Code: "limit_reached", Message: "opening a terminal: no space left on device"}, "opening a terminal: no space left on device"},
		{own, "own"},
	} {
		if got := spawnError(test.err, 2); got.Error() != test.want {
			t.Errorf("%v: %v", test.err, got)
		}
	}
	for _, test := range []struct {
		err  error
		want string
	}{
		{&keeper.Error{Code: "limit_reached", Message: "the program does not read its input: 1 of 2 bytes were taken"}, "the program does not read its input: 1 of 2 bytes were taken"},
		{&keeper.Error{Code: "not_found", Message: `there is no "s-aaaaaaaa"`}, noSession.Error()},
		{&keeper.Error{Code: "not_found", Message: "the program of the session has ended"}, "the program of the session has ended"},
	} {
		if got := sessionError(test.err); got.Error() != test.want {
			t.Errorf("%v: %v", test.err, got)
		}
	}
}

// TestScreenRows: a token that the terminal has cut in two is masked, and the rows stay where they are.
func TestScreenRows(t *testing.T) {
	const token = "ghp_9aB3dE6gH1jK4mN7pQ0sT2vW5yZ8cF1bD4eG"
	screen := pty.Screen{Lines: []string{"$ cat token", "x " + token[:18], token[18:38], token[38:], "$"}, Full: []int{1, 2}, Cols: 20}
	d := &Deps{}
	if got := d.rows(screen); strings.Join(got, "") != strings.Join(screen.Lines, "") {
		t.Errorf("%q", got)
	}
	d.Mask = redact.New(redact.Options{}).ForOutput(redact.Keys)
	got := d.rows(screen)
	if len(got) != 5 || got[0] != "$ cat token" || got[1] != "x "+d.Mask.String(token) || got[2] != "" || got[3] != "" || got[4] != "$" {
		t.Errorf("%q", got)
	}
}
