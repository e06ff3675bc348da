// Command demo shows relay-shell at work on a throwaway sshd on loopback, through a real MCP client. scripts/demo builds the
// binary and runs it:
//
//	go run ./internal/demo BINARY
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"relay-shell/internal/sshtest"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: demo BINARY")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "demo: "+err.Error())
		os.Exit(1)
	}
}

// stage is where the demo plays.
type stage struct {
	binary string
	env    []string
	client *mcp.ClientSession
	server *exec.Cmd
}

func run(binary string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	binary, err := filepath.Abs(binary)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "relay-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o711); err != nil { // the account that is logged in to reads its keys below
		return err
	}
	lab, err := sshtest.NewLab(dir)
	if err != nil {
		return err
	}
	defer lab.Close()
	if _, err := lab.Start(sshtest.Options{Alias: "web1", Aliases: []string{"web2"}, Ordinary: true}); err != nil {
		return err
	}
	s := &stage{binary: binary, env: append(lab.Env(),
		"RELAY_SHELL_SSH_CONFIG="+lab.Config(),
		"RELAY_SHELL_STATE_DIR="+filepath.Join(dir, "state"),
		"RELAY_SHELL_RUNTIME_DIR="+lab.RuntimeDir(),
		"RELAY_SHELL_AUDIT_PATH="+filepath.Join(dir, "state", "audit", "audit.jsonl"),
		"RELAY_SHELL_POLICY_MODE=guarded",
	)}
	if err := s.connect(ctx); err != nil {
		return err
	}
	err = s.play(ctx)
	if err == nil {
		err = s.session(ctx)
	}
	if cerr := s.client.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = s.command(ctx, "audit", "verify")
	}
	return err
}

// connect starts the server as an MCP client does.
func (s *stage) connect(ctx context.Context) error {
	server := exec.Command(s.binary, "serve")
	server.Env = s.env
	server.Stderr = os.Stderr
	say("an MCP client starts: relay-shell serve (policy: guarded)")
	client := mcp.NewClient(&mcp.Implementation{Name: "relay-shell-demo", Version: "1"}, nil)
	session, err := client.Connect(ctx, &mcp.CommandTransport{Command: server}, nil)
	if err != nil {
		return err
	}
	s.client, s.server = session, server
	tools, err := session.ListTools(ctx, nil)
	if err != nil {
		return err
	}
	fmt.Printf("connected: MCP %s, %d tools\n", session.InitializeResult().ProtocolVersion, len(tools.Tools))
	return nil
}

// play shows one thing after another and fails if one does not end as it should.
func (s *stage) play(ctx context.Context) error {
	for _, step := range []struct {
		tool    string
		args    map[string]any
		outcome string
	}{
		{"ssh_hosts", nil, "ok"},
		{"ssh_exec", map[string]any{"host": "web1", "command": "uname -sr; echo from $SSH_CONNECTION; exit 3"}, "ok"},
		{"ssh_read", map[string]any{"host": "web1", "command": "ls -d /etc/ssh"}, "ok"},
		{"ssh_script", map[string]any{"host": "web2", "script": "for i in 1 2 3; do\n  echo line $i\ndone"}, "ok"},
		{"ssh_exec", map[string]any{"host": "web1", "command": "rm -rf /var/lib/important"}, "denied"},
		{"policy_explain", map[string]any{"command": "sudo sh -c 'rm -rf /var/lib/*'", "host": "web1"}, "ok"},
		{"ssh_exec", map[string]any{"host": "web1", "command": "echo started; sleep 60", "timeout": 1}, "timeout"},
		{"ssh_connections", nil, "ok"},
		{"audit_tail", map[string]any{"lines": 2}, "ok"},
		{"ssh_disconnect", map[string]any{"host": "web1"}, "ok"},
	} {
		if err := s.call(ctx, step.tool, step.args, step.outcome); err != nil {
			return fmt.Errorf("%s: %w", step.tool, err)
		}
	}
	return nil
}

func (s *stage) call(ctx context.Context, tool string, args map[string]any, outcome string) error {
	if args == nil {
		args = map[string]any{}
	}
	shown, _ := json.Marshal(args)
	say(fmt.Sprintf("%s %s", tool, shown))
	res, err := s.client.CallTool(ctx, &mcp.CallToolParams{Name: tool, Arguments: args})
	if err != nil {
		return err
	}
	for _, c := range res.Content {
		if text, ok := c.(*mcp.TextContent); ok {
			for line := range strings.Lines(text.Text + "\n") {
				if runes := []rune(strings.TrimSuffix(line, "\n")); len(runes) > 160 {
					line = string(runes[:160]) + "…\n"
				}
				fmt.Print(line)
			}
		}
	}
	got, _ := res.StructuredContent.(map[string]any)
	if got["outcome"] != outcome {
		return fmt.Errorf("ended with outcome %v, expected %s", got["outcome"], outcome)
	}
	return nil
}

// command runs the operator's command line.
func (s *stage) command(ctx context.Context, args ...string) error {
	say("the operator: relay-shell " + strings.Join(args, " "))
	cmd := exec.CommandContext(ctx, s.binary, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = s.env, os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return errors.Join(errors.New(strings.Join(args, " ")+" failed"), err)
	}
	return nil
}

func say(text string) { fmt.Printf("\n▸ %s\n", text) }
