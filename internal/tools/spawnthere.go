package tools

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"relay-shell/internal/keeper"
	"relay-shell/internal/keeper/session"
	"relay-shell/internal/relay"
	"relay-shell/internal/sshbin"
	"relay-shell/internal/sshbin/dest"
)

const (
	// silence is how long the client of a session on a host may say nothing before the host is asked whether the session is there.
	silence = 300 * time.Millisecond
	// beginTime is how long it may take until one or the other is known. A host that does not tell has most probably opened it.
	beginTime = 3 * time.Second
	// mostBegins is how many clients are started until one gets a session.
	mostBegins = 12
)

// spawnThere starts a session on a host. One that the server does not open, since others have all of them on that connection (MaxSessions), is
// started again on another: the client of a terminal finds that out by itself, when it has been started.
func (d *Deps) spawnThere(ctx context.Context, r *dest.Resolved, c sshbin.Command, start func(sshbin.Spawn) (keeper.Info, error)) (*relay.Result, error) {
	for begins := 1; ; begins++ {
		s, err := d.SSH.SpawnArgs(ctx, r, c)
		if err != nil {
			return nil, err
		}
		info, err := start(s)
		if err != nil {
			return nil, err
		}
		words, err := d.refusal(ctx, info.ID, s.Riding)
		if err != nil || words == "" {
			return startedSession(info), nil // whatever became of it, session_recv shows it
		}
		full := s.Full(ctx)
		if err := d.Keepers.Close(ctx, info.ID); err != nil {
			return nil, err
		}
		if full && begins < mostBegins {
			continue
		}
		e := &relay.Error{Code: "connection_lost", Message: "the session was not opened: " + words, Hint: "call again: nothing was started"}
		if full {
			e.Code, e.Hint = "limit_reached", "end a session on that host (session_list, session_kill), or have a person raise MaxSessions in its sshd_config or SSH_MAX_MASTERS_PER_HOST"
		}
		return nil, e
	}
}

// refusal is what the client of a session says of a session that it did not get; "" if it got one.
func (d *Deps) refusal(ctx context.Context, id string, r sshbin.Riding) (words string, err error) {
	var got session.Received
	look := session.Receive{Cursor: new(int64), Wait: silence, Max: 4 << 10, Until: `(?s).`}
	for deadline := time.Now().Add(beginTime); len(got.Data) == 0; {
		if err := d.ask(ctx, id, session.OpRecv, look, &got); err != nil {
			return "", err
		}
		if len(got.Data) > 0 {
			break
		}
		if _, err := r.Echo(ctx); err == nil || !got.Status.Alive || time.Now().After(deadline) {
			return "", nil
		}
	}
	look.Wait, look.Until = 0, "" // through a match is not all there is
	if err := d.ask(ctx, id, session.OpRecv, look, &got); err != nil || !bytes.HasPrefix(got.Data, []byte("mux_client_")) {
		return "", err
	}
	look.Wait, look.Until = beginTime, `\b\B` // until its end: nothing is both
	if err := d.ask(ctx, id, session.OpRecv, look, &got); err != nil {
		return "", err
	}
	if code := got.Status.ExitCode; got.Status.Alive || code == nil || *code != 255 {
		return "", nil
	}
	return fmt.Sprintf("ssh says %q", strings.Join(strings.Fields(string(got.Data)), " ")), nil
}
