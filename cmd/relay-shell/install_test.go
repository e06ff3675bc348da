package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"relay-shell/internal/sshtest"
)

// install is relay-shell with settings of its own, for tests that need more than one process of it.
type install struct {
	t      *testing.T
	binary string
	state  string
	env    []string
}

func newInstall(t *testing.T, server *sshtest.Server, settings ...string) *install {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "rs")
	if err != nil {
		t.Fatal(err)
	}
	i := &install{t: t, binary: filepath.Join(dir, "relay-shell"), state: filepath.Join(dir, "state")}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(program, i.binary); err != nil {
		t.Fatal(err)
	}
	i.env = append(os.Environ(), "HOME="+dir, "RELAY_SHELL_STATE_DIR="+i.state, "RELAY_SHELL_AUDIT_PATH="+i.log(), "RELAY_SHELL_RUNTIME_DIR="+filepath.Join(dir, "r"))
	if server != nil {
		i.env = append(i.env, "RELAY_SHELL_SSH_CONFIG="+server.Config())
	}
	i.env = append(i.env, settings...)
	t.Cleanup(func() {
		for _, s := range i.sessions() {
			i.t.Log(i.run("sessions", "kill", s))
		}
		for _, j := range runningJob.FindAllStringSubmatch(i.run("jobs"), -1) {
			i.t.Log(i.run("jobs", "kill", j[1]))
		}
		i.run("connections") // masters end with their servers' lab
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return i
}

func (i *install) log() string { return filepath.Join(i.state, "audit", "audit.jsonl") }

func (i *install) command(args ...string) *exec.Cmd {
	cmd := exec.Command(i.binary, args...)
	cmd.Env = i.env
	return cmd
}

func (i *install) run(args ...string) string {
	i.t.Helper()
	out, err := i.command(args...).CombinedOutput()
	if err != nil {
		i.t.Errorf("relay-shell %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

var runningJob = regexp.MustCompile(`(?m)^(j-[a-z2-7]{8}) .*\[running`)

var sessionID = regexp.MustCompile(`(?m)^s-[a-z2-7]{8}\b`)

func (i *install) sessions() []string { return sessionID.FindAllString(i.run("sessions"), -1) }

// server is one server with its client.
type server struct {
	*mcp.ClientSession
	cmd *exec.Cmd
}

func (i *install) serve() *server {
	i.t.Helper()
	cmd := i.command("serve")
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	s, err := client.Connect(context.Background(), &mcp.CommandTransport{Command: cmd}, nil)
	if err != nil {
		i.t.Fatal(err)
	}
	return &server{s, cmd}
}

// answer is what these tests read of a result.
type answer struct {
	RequestID string `json:"request_id"`
	Outcome   string `json:"outcome"`
	SessionID string `json:"session_id"`
	Data      string `json:"data"`
	Cursor    int64  `json:"cursor"`
	Dropped   int64  `json:"dropped"`
	Matched   bool   `json:"matched"`
	Alive     bool   `json:"alive"`
	Text      string `json:"text"`

	JobID     string   `json:"job_id"`
	Name      string   `json:"name"`
	Command   string   `json:"command"`
	State     string   `json:"state"`
	ExitCode  *int     `json:"exit_code"`
	Total     int64    `json:"total_bytes"`
	Survivors []string `json:"survivors"`
	Stdout    string   `json:"stdout"`
	Jobs      []answer `json:"jobs"`
	Omitted   int      `json:"omitted"`
}

func (s *server) call(tool string, args map[string]any) (answer, error) {
	var a answer
	res, err := s.CallTool(context.Background(), &mcp.CallToolParams{Name: tool, Arguments: args})
	if err != nil {
		return a, err
	}
	b, err := json.Marshal(res.StructuredContent)
	if err == nil {
		err = json.Unmarshal(b, &a)
	}
	if err == nil && res.IsError {
		err = fmt.Errorf("%s: %s", tool, b)
	}
	return a, err
}

func (s *server) must(t *testing.T, tool string, args map[string]any) answer {
	t.Helper()
	a, err := s.call(tool, args)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
