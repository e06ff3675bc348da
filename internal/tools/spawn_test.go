package tools

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"relay-shell/internal/keeper/session"
	"relay-shell/internal/relay"
	"relay-shell/internal/sshtest"
)

// TestManySpawned has more sessions at once than the server opens on one connection (MaxSessions 4): none is lost, calls go on beside them, and
// where the server gives no more the answer says so.
func TestManySpawned(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Shell: "dash", Config: []string{"MaxSessions 4"}})
	r := newJobRoad(t, server.Lab, "RELAY_SHELL_RECORD=false")
	ctx := t.Context()
	var at sync.WaitGroup
	for i := range 9 {
		at.Go(func() {
			res := r.do(ctx, "ssh_spawn", map[string]any{"host": "target", "command": "sleep 600", "name": fmt.Sprint(i)}, nil)
			if res.Err != nil {
				t.Errorf("%d: %v", i, res.Err)
			}
		})
	}
	at.Wait()
	list, err := r.deps.Keepers.List(ctx, session.Kind)
	must(t, err)
	if len(list) != 9 {
		t.Errorf("%d sessions", len(list))
	}
	for _, i := range list {
		var got session.Received
		must(t, r.deps.ask(ctx, i.ID, session.OpRecv, session.Receive{Max: 1000}, &got))
		if !got.Status.Alive {
			t.Errorf("%s: %q %v", i.ID, got.Data, got.Status)
		}
	}
	if res := r.do(ctx, "ssh_exec", map[string]any{"host": "target", "command": "echo up"}, nil); res.Err != nil || res.Command.Stdout != "up\n" {
		t.Errorf("%v", res.Err)
	}
	var last error
	for range 12 { // as many masters as there may be, at most four sessions each
		if res := r.do(ctx, "ssh_spawn", map[string]any{"host": "target", "command": "sleep 600"}, nil); res.Err != nil {
			last = res.Err
			break
		}
	}
	var e *relay.Error
	if !errors.As(last, &e) || e.Code != "limit_reached" || !strings.Contains(e.Hint, "session_list") {
		t.Errorf("%v", last)
	}
}
