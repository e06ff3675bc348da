package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"relay-shell/internal/audit"
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

// traffic is work that must survive its servers.
type traffic interface {
	// begin starts it on the first server.
	begin(t *testing.T, s *server)
	// load makes calls until one fails, which is when the server was killed. It reports the request ids of what was answered.
	load(s *server, answered func(id string))
	// check looks at the end whether all is there.
	check(t *testing.T, s *server)
}

// typing is a session that numbers the lines that are typed at it.
type typing struct {
	host string
	id   string
	sent atomic.Int64

	mu    sync.Mutex
	acked []int64
}

func (w *typing) begin(t *testing.T, s *server) {
	const command = `i=0; while read -r x; do i=$((i+1)); echo "line $i: $x."; done`
	if w.host == "" {
		w.id = s.must(t, "shell_spawn", map[string]any{"command": command}).SessionID
	} else {
		w.id = s.must(t, "ssh_spawn", map[string]any{"command": command, "host": w.host}).SessionID
	}
}

func (w *typing) load(s *server, answered func(string)) {
	for {
		n := w.sent.Add(1)
		a, err := s.call("session_send", map[string]any{"session_id": w.id, "data": fmt.Sprint("n", n)})
		if err != nil {
			return
		}
		answered(a.RequestID)
		w.mu.Lock()
		w.acked = append(w.acked, n)
		w.mu.Unlock()
		if a, err = s.call("session_recv", map[string]any{"session_id": w.id, "timeout": 0, "cursor": a.Cursor}); err != nil {
			return
		}
		answered(a.RequestID)
	}
}

func (w *typing) check(t *testing.T, s *server) {
	t.Logf("%s on %q", w.id, w.host)
	s.must(t, "session_send", map[string]any{"session_id": w.id, "data": "last"})
	a := s.must(t, "session_recv", map[string]any{"session_id": w.id, "cursor": 0, "until": `: last\.`, "timeout": 60, "max_bytes": 1 << 20})
	if !a.Matched || a.Dropped != 0 {
		t.Errorf("%s: the last line is not there, or %d bytes are gone", w.id, a.Dropped)
	}
	numbered := regexp.MustCompile(`(?m)^line (\d+): (\w+)\.`)
	seen := map[string]int{}
	for i, m := range numbered.FindAllStringSubmatch(a.Data, -1) {
		if m[1] != fmt.Sprint(i+1) {
			t.Fatalf("%s: line %s after %d", w.id, m[1], i)
		}
		seen[m[2]]++
	}
	for _, n := range w.acked {
		if seen[fmt.Sprint("n", n)] != 1 {
			t.Errorf("%s: what was acknowledged as sent came %d times", w.id, seen[fmt.Sprint("n", n)])
		}
	}
	t.Logf("%s: %d sent, %d acknowledged, %d lines", w.id, w.sent.Load(), len(w.acked), len(seen))
}

// printing is a session that counts by itself, whoever looks.
type printing struct{ id string }

func (w *printing) begin(t *testing.T, s *server) {
	w.id = s.must(t, "shell_spawn", map[string]any{"command": `i=0; while :; do i=$((i+1)); echo "n $i"; sleep 0.02; done`}).SessionID
}

func (w *printing) load(s *server, answered func(string)) {
	for {
		a, err := s.call("session_recv", map[string]any{"session_id": w.id, "timeout": 0.1})
		if err != nil {
			return
		}
		answered(a.RequestID)
	}
}

func (w *printing) check(t *testing.T, s *server) {
	a := s.must(t, "session_recv", map[string]any{"session_id": w.id, "cursor": 0, "max_bytes": 1 << 20})
	lines := strings.Split(a.Data, "\r\n")
	for i, line := range lines[:len(lines)-1] {
		if line != fmt.Sprint("n ", i+1) {
			t.Fatalf("%q is line %d", line, i+1)
		}
	}
	if a.Dropped != 0 || !a.Alive || len(lines) < 10 {
		t.Errorf("%d lines, %d bytes dropped, alive %v", len(lines), a.Dropped, a.Alive)
	}
}

// TestKilledServers kills the server with -9 at random moments while it works: whatever it had begun lives on, no byte of output and no
// record of an answered call is lost. `go test -tags long -run TestKilledServers ./cmd/relay-shell` does it 200 times.
func TestKilledServers(t *testing.T) {
	host := sshtest.Start(t, sshtest.Options{Alias: "web1", Ordinary: true})
	i := newInstall(t, host, "RELAY_SHELL_SESSION_BUFFER_BYTES=4194304", "RELAY_SHELL_LOG_LEVEL=error")
	work := []traffic{&typing{}, &typing{}, &typing{host: "web1"}, &printing{}}
	first := i.serve()
	for _, w := range work {
		w.begin(t, first)
	}
	_ = first.Close()
	var mu sync.Mutex
	var ids []string
	for range kills {
		s := i.serve()
		var running sync.WaitGroup
		for _, w := range work {
			running.Go(func() {
				w.load(s, func(id string) {
					mu.Lock()
					ids = append(ids, id)
					mu.Unlock()
				})
			})
		}
		time.Sleep(time.Duration(rand.IntN(400)) * time.Millisecond)
		if err := s.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		running.Wait()
		_ = s.Close()
	}
	last := i.serve()
	for _, w := range work {
		w.check(t, last)
	}
	_ = last.Close()
	i.recorded(ids)
	t.Logf("%d kills, %d calls answered", kills, len(ids))
}

// recorded checks that the log is whole and has an intent and a result of each call.
func (i *install) recorded(ids []string) {
	i.t.Helper()
	report, err := audit.Verify(context.Background(), audit.VerifyOptions{Path: i.log()})
	if err != nil || !report.OK {
		i.t.Errorf("the audit log does not verify: %+v, %v", report, err)
	}
	results, err := audit.Query(nil, i.log(), audit.Filter{Lines: 1 << 20})
	if err != nil {
		i.t.Fatal(err)
	}
	known := map[string]bool{}
	for _, r := range results {
		known[r.Call] = r.IntentSeq != nil
	}
	for _, id := range ids {
		if !known[id] {
			i.t.Errorf("call %s was answered and is not in the audit log", id)
		}
	}
}
