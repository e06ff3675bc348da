package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"relay-shell/internal/sshtest"
)

// soak is the work of TestSoak.
type soak struct {
	t       *testing.T
	server  *server
	hosts   []*sshtest.Server
	dir     string
	runtime string // the server's

	mu     sync.Mutex
	ids    []string       // of the calls that were answered
	counts map[string]int // of what was done and what came of it
}

// soakSleep marks what is cut short.
const soakSleep = "sleep 94310"

// reply is what the agents read of an answer.
type reply struct {
	RequestID  string `json:"request_id"`
	Outcome    string
	ExitCode   *int `json:"exit_code"`
	Stdout     string
	Data       string
	Content    string
	SessionID  string `json:"session_id"`
	JobID      string `json:"job_id"`
	State      string
	Output     string
	OutputID   *string `json:"output_id"`
	Truncated  bool
	ForwardID  string `json:"forward_id"`
	ListenPort int    `json:"listen_port"`
	Matched    bool
	Alive      bool
	Counts     struct{ OK, Total int }
	Results    []struct {
		Output string
		Error  *struct{ Code, Message string }
	}
	Notes []string
	Error *struct{ Code, Message, Hint string }
}

// unrecorded reports whether the answer says that its record may be missing.
func (r *reply) unrecorded() bool {
	return slices.ContainsFunc(r.Notes, func(note string) bool { return strings.HasPrefix(note, "audit degraded") })
}

// excused are the codes with which a call may answer while things break around it. What it did not do, or may have done, they say.
var excused = []string{"connection_lost", "unreachable", "connect_timeout", "audit_unavailable", "limit_reached"}

// errExcused ends what an agent was doing.
var errExcused = errors.New("something broke on purpose")

func (w *soak) count(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts[name]++
}

// do makes a call. Its error is errExcused where the answer has an excuse.
func (w *soak) do(ctx context.Context, tool string, args map[string]any) (reply, error) {
	var r reply
	res, err := w.server.CallTool(ctx, &mcp.CallToolParams{Name: tool, Arguments: args})
	if err != nil {
		return r, err
	}
	b, err := json.Marshal(res.StructuredContent)
	if err == nil {
		err = json.Unmarshal(b, &r)
	}
	if err != nil || r.RequestID == "" {
		return r, fmt.Errorf("%s: %w: %s", tool, err, b)
	}
	w.count(tool + " " + r.Outcome)
	if r.unrecorded() {
		w.count("answered with a word that the log is not whole")
	} else if r.Error == nil || r.Error.Code != "audit_unavailable" {
		w.mu.Lock()
		w.ids = append(w.ids, r.RequestID)
		w.mu.Unlock()
	}
	if r.Error == nil {
		return r, nil
	}
	w.count(tool + " " + r.Error.Code)
	// The assessment of a command has a bound in time, which a machine under such load can exceed before the first word.
	if slices.Contains(excused, r.Error.Code) || strings.Contains(r.Error.Message, "no space left") || strings.Contains(r.Error.Message, "too many other commands") {
		return r, errExcused
	}
	if r.Outcome == "error" {
		return r, fmt.Errorf("%s: %s", tool, b)
	}
	return r, nil
}

func (w *soak) must(tool string, args map[string]any) {
	w.t.Helper()
	if _, err := w.do(w.t.Context(), tool, args); err != nil {
		w.t.Fatal(err)
	}
}

// end ends what an agent began, once there is room to say so in the log.
func (w *soak) end(ctx context.Context, tool string, args map[string]any) {
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(200 * time.Millisecond) {
		r, err := w.do(ctx, tool, args)
		if err == nil || r.Error != nil && r.Error.Code == "not_found" {
			return
		}
		if !errors.Is(err, errExcused) || time.Now().After(deadline) {
			w.t.Errorf("ending what was begun: %v", err)
			return
		}
	}
}

// agent does one thing after the other until ctx ends; what it has begun it ends first.
func (w *soak) agent(ctx context.Context, n int) {
	steps := []func(context.Context, int) error{w.local, w.remote, w.input, w.much, w.fanout, w.timeout, w.cancel, w.file, w.session, w.job, w.forward, w.asking}
	for ctx.Err() == nil {
		step, err := rand.IntN(len(steps)), error(nil)
		if err = steps[step](context.WithoutCancel(ctx), n); err != nil && !errors.Is(err, errExcused) {
			w.t.Errorf("agent %d: %v", n, err)
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(rand.N(soakPause)):
		}
	}
}

// host is one of them, "" for this machine now and then if here.
func (w *soak) host(here bool) string {
	n := len(w.hosts)
	if here {
		n++
	}
	if i := rand.IntN(n); i < len(w.hosts) {
		return w.hosts[i].Alias()
	}
	return ""
}

// expect checks what came.
func expect(what string, ok bool, r reply) error {
	if ok {
		return nil
	}
	b, _ := json.Marshal(r)
	return fmt.Errorf("%s: %.2000s", what, b)
}

func (w *soak) local(ctx context.Context, n int) error {
	word := fmt.Sprint("l", n, "-", rand.Int())
	r, err := w.do(ctx, "shell_exec", map[string]any{"command": "echo " + word + "; exit 3"})
	if err != nil {
		return err
	}
	return expect("shell_exec", r.Stdout == word+"\n" && r.ExitCode != nil && *r.ExitCode == 3, r)
}

func (w *soak) remote(ctx context.Context, n int) error {
	word := fmt.Sprint("r", n, "-", rand.Int())
	r, err := w.do(ctx, "ssh_exec", map[string]any{"host": w.host(false), "command": "echo " + word + "; exit 4"})
	if err != nil {
		return err
	}
	return expect("ssh_exec", r.Stdout == word+"\n" && r.ExitCode != nil && *r.ExitCode == 4, r)
}

func (w *soak) input(ctx context.Context, _ int) error {
	size := 1 + rand.IntN(200_000)
	r, err := w.do(ctx, "ssh_exec", map[string]any{"host": w.host(false), "command": "wc -c", "stdin": strings.Repeat("x", size)})
	if err != nil {
		return err
	}
	return expect("input", strings.TrimSpace(r.Stdout) == strconv.Itoa(size), r)
}

func (w *soak) much(ctx context.Context, _ int) error {
	r, err := w.do(ctx, "ssh_exec", map[string]any{"host": w.host(false), "command": "seq 100000", "max_output": 2000})
	if err != nil {
		return err
	}
	if err := expect("much", r.Truncated && len(r.Stdout) < 3000 && strings.HasSuffix(r.Stdout, "\n100000\n"), r); err != nil || r.OutputID == nil {
		return err // a full disk keeps nothing
	}
	r, err = w.do(ctx, "output_read", map[string]any{"id": *r.OutputID, "grep": "^77777$"})
	if err != nil && strings.Contains(err.Error(), `"not_found"`) { // the oldest goes first
		return nil
	}
	return err
}

func (w *soak) fanout(ctx context.Context, _ int) error {
	r, err := w.do(ctx, "ssh_fanout", map[string]any{"hosts": "web1,web2", "command": "echo $((6*7))"})
	if err != nil {
		return err
	}
	for _, one := range r.Results {
		if ok := one.Output == "42\n" || one.Error != nil && slices.Contains(excused, one.Error.Code); !ok {
			return expect("fanout", false, r)
		}
	}
	return expect("fanout", len(r.Results) == 2, r)
}

func (w *soak) timeout(ctx context.Context, _ int) error {
	r, err := w.do(ctx, "ssh_exec", map[string]any{"host": w.host(false), "command": "echo begun; " + soakSleep, "timeout": 1})
	if err != nil {
		return err
	}
	return expect("timeout", r.Outcome == "timeout" && strings.HasPrefix(r.Stdout, "begun\n"), r)
}

func (w *soak) cancel(ctx context.Context, _ int) error {
	ctx, cancel := context.WithTimeout(ctx, rand.N(300*time.Millisecond))
	defer cancel()
	_, err := w.do(ctx, "ssh_exec", map[string]any{"host": w.host(false), "command": soakSleep})
	if ctx.Err() != nil {
		w.count("cancelled by the agent")
		return nil
	}
	return err
}

func (w *soak) file(ctx context.Context, n int) error {
	host, content := w.host(true), fmt.Sprint(rand.Int(), "\n")
	path := filepath.Join(w.dir, fmt.Sprint("f", n))
	if host != "" {
		path = fmt.Sprint("soak-", n)
	}
	if _, err := w.do(ctx, "file_write", map[string]any{"host": host, "path": path, "content": content}); err != nil {
		return err
	}
	r, err := w.do(ctx, "file_read", map[string]any{"host": host, "path": path})
	if err != nil {
		return err
	}
	return expect("file_read", r.Content == content, r)
}

func (w *soak) session(ctx context.Context, _ int) error {
	const command = `while read -r x; do echo "<$x>"; done`
	tool, args := "shell_spawn", map[string]any{"command": command}
	if host := w.host(true); host != "" {
		tool, args["host"] = "ssh_spawn", host
	}
	s, err := w.do(ctx, tool, args)
	if err != nil {
		return err
	}
	defer w.end(ctx, "session_kill", map[string]any{"session_id": s.SessionID})
	word := fmt.Sprint("w", rand.Int())
	r, err := w.do(ctx, "session_send", map[string]any{"session_id": s.SessionID, "data": word})
	if err == nil {
		r, err = w.do(ctx, "session_recv", map[string]any{"session_id": s.SessionID, "cursor": 0, "until": "<" + word + ">", "timeout": 30})
	}
	if args["host"] != nil && (err != nil && strings.Contains(err.Error(), "ended") || err == nil && !r.Alive) {
		return nil // its connection is gone, and with it the terminal on the host
	}
	if err != nil {
		return err
	}
	return expect("session", r.Matched, r)
}

func (w *soak) job(ctx context.Context, _ int) error {
	word := fmt.Sprint("j", rand.Int())
	j, err := w.do(ctx, "job_start", map[string]any{"host": w.host(true), "command": "echo " + word + "; sleep 0.2; echo end"})
	if err != nil {
		return err
	}
	r, err := w.do(ctx, "job_wait", map[string]any{"job_id": j.JobID, "timeout": 45})
	if err != nil {
		return err
	}
	return expect("job_wait", strings.Contains(r.Output, word+"\nend\n") || strings.Contains(r.Data, word+"\nend\n"), r)
}

func (w *soak) forward(ctx context.Context, _ int) error {
	f, err := w.do(ctx, "ssh_forward", map[string]any{"host": "web1", "spec": fmt.Sprint("L:0:127.0.0.1:", w.hosts[1].Port())})
	if err != nil {
		return err
	}
	conn, err := net.DialTimeout("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(f.ListenPort)), 20*time.Second)
	if err == nil {
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		greeting := make([]byte, 4)
		if _, err := conn.Read(greeting); err == nil && string(greeting) != "SSH-" {
			return expect("forward carried "+string(greeting), false, f)
		}
		_ = conn.Close()
	}
	w.end(ctx, "ssh_forward_close", map[string]any{"forward_id": f.ForwardID})
	return nil
}

// asking asks what is asked in between.
func (w *soak) asking(ctx context.Context, _ int) error {
	asks := []struct {
		tool string
		args map[string]any
	}{
		{"server_info", nil}, {"audit_tail", map[string]any{"lines": 20}}, {"ssh_connections", nil}, {"session_list", nil}, {"job_list", nil}, {"ssh_forward_list", nil},
		{"policy_explain", map[string]any{"command": "rm -rf /tmp/x | tee y"}}, {"ssh_check", map[string]any{"hosts": "web1,web2"}}, {"ssh_read", map[string]any{"host": "web2", "command": "uname"}},
	}
	ask := asks[rand.IntN(len(asks))]
	_, err := w.do(ctx, ask.tool, ask.args)
	return err
}
