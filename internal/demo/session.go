package main

import (
	"context"
	"errors"
	"os/exec"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// session shows a terminal that outlives the server that began it.
func (s *stage) session(ctx context.Context) error {
	say("a terminal on web1 outlives its server")
	res, err := s.client.CallTool(ctx, &mcp.CallToolParams{Name: "ssh_spawn", Arguments: map[string]any{"host": "web1", "name": "maintenance"}})
	if err != nil {
		return err
	}
	fields, _ := res.StructuredContent.(map[string]any)
	id, ok := fields["session_id"].(string)
	if !ok {
		return errors.New("ssh_spawn gave no session")
	}
	if err := s.call(ctx, "session_send", map[string]any{"session_id": id, "data": "echo the answer is $((6*7))"}, "ok"); err != nil {
		return err
	}
	say("kill -9 of the server; another one starts")
	if err := s.server.Process.Kill(); err != nil {
		return err
	}
	var exit *exec.ExitError
	if err := s.client.Close(); err != nil && !errors.As(err, &exit) {
		return err
	}
	if err := s.connect(ctx); err != nil {
		return err
	}
	for _, step := range []struct {
		tool string
		args map[string]any
	}{
		{"session_recv", map[string]any{"session_id": id, "until": `answer is \d+`}},
		{"session_list", nil},
		{"session_kill", map[string]any{"session_id": id}},
	} {
		if err := s.call(ctx, step.tool, step.args, "ok"); err != nil {
			return err
		}
	}
	return s.command(ctx, "replay", "--speed", "100", id)
}
