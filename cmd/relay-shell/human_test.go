package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

// person is relay-shell with CONFIRM=human and a client that speaks JSON-RPC as it likes.
type person struct {
	t    *testing.T
	env  []string
	dir  string
	cmd  *exec.Cmd
	in   io.WriteCloser
	from chan message
	id   int
	meta map[string]any // of every request, in the stateless revisions
}

type message struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result struct {
		ResultType    string          `json:"resultType"`
		RequestState  string          `json:"requestState"`
		InputRequests json.RawMessage `json:"inputRequests"`
		Content       []struct{ Text string }
	} `json:"result"`
	Error *struct {
		Code    int
		Message string
	} `json:"error"`
}

// text is what a model would read.
func (m message) text() string {
	if m.Error != nil {
		return fmt.Sprintf("JSON-RPC error %d: %s", m.Error.Code, m.Error.Message)
	}
	var b strings.Builder
	for _, c := range m.Result.Content {
		b.WriteString(c.Text)
	}
	return b.String()
}

// newPerson starts a server of a protocol revision for a client with or without a dialog.
func newPerson(t *testing.T, revision string, dialog bool) *person {
	p := &person{t: t, dir: t.TempDir()}
	p.env = append(os.Environ(), "HOME="+p.dir, "RELAY_SHELL_STATE_DIR="+filepath.Join(p.dir, "state"), "RELAY_SHELL_RUNTIME_DIR="+filepath.Join(p.dir, "run"),
		"RELAY_SHELL_AUDIT_PATH="+filepath.Join(p.dir, "state", "audit", "audit.jsonl"), "RELAY_SHELL_CONFIRM=human", "RELAY_SHELL_CONFIRM_TTL=60",
		"RELAY_SHELL_APPROVAL_FILE="+filepath.Join(p.dir, "approval.json"), "RELAY_SHELL_INVENTORY=", "RELAY_SHELL_SSH_CONFIG=none")
	p.start(revision, dialog)
	return p
}

func (p *person) start(revision string, dialog bool) {
	p.t.Helper()
	capabilities := map[string]any{}
	if dialog {
		capabilities["elicitation"] = map[string]any{"form": map[string]any{}}
	}
	p.cmd = exec.Command("relay-shell")
	p.cmd.Env, p.cmd.Stderr, p.cmd.Dir = p.env, os.Stderr, p.dir
	p.in, _ = p.cmd.StdinPipe()
	out, _ := p.cmd.StdoutPipe()
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.from = make(chan message, 64)
	go func() { // ends with the server's output
		defer close(p.from)
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var m message
			if json.Unmarshal(lines.Bytes(), &m) == nil && (m.ID != nil || m.Method == "") {
				p.from <- m
			}
		}
	}()
	p.t.Cleanup(p.stop)
	client := map[string]any{"name": "script", "version": "1"}
	if revision >= "2026" {
		p.meta = map[string]any{"io.modelcontextprotocol/protocolVersion": revision, "io.modelcontextprotocol/clientInfo": client, "io.modelcontextprotocol/clientCapabilities": capabilities}
		return
	}
	p.meta = nil
	p.send("initialize", map[string]any{"protocolVersion": revision, "capabilities": capabilities, "clientInfo": client})
	p.next()
	p.write(map[string]any{"jsonrpc": "2.0", "method": "notifications/initialized"})
}

func (p *person) stop() {
	p.in.Close()
	done := time.AfterFunc(20*time.Second, func() { _ = p.cmd.Process.Kill() })
	for range p.from {
	}
	_ = p.cmd.Wait() // a server that was killed on purpose
	done.Stop()
}

func (p *person) write(v any) {
	b, _ := json.Marshal(v)
	if _, err := p.in.Write(append(b, '\n')); err != nil {
		p.t.Fatal(err)
	}
}

// send asks without waiting.
func (p *person) send(method string, params map[string]any) {
	p.id++
	if p.meta != nil {
		params["_meta"] = p.meta
	}
	p.write(map[string]any{"jsonrpc": "2.0", "id": p.id, "method": method, "params": params})
}

func (p *person) next() message {
	p.t.Helper()
	select {
	case m, ok := <-p.from:
		if !ok {
			p.t.Fatal("the server is gone")
		}
		return m
	case <-time.After(60 * time.Second):
		p.t.Fatal("no answer")
	}
	return message{}
}

// remove calls for something of tier 3: the removal of everything in a directory. more joins the call's parameters.
func (p *person) remove(dir string, more map[string]any, args ...string) message {
	p.t.Helper()
	arguments := map[string]any{"command": "rm -rf " + dir + "/*"}
	for i := 0; i+1 < len(args); i += 2 {
		arguments[args[i]] = args[i+1]
	}
	params := map[string]any{"name": "shell_exec", "arguments": arguments}
	for k, v := range more {
		params[k] = v
	}
	p.send("tools/call", params)
	return p.next()
}

// victim is a directory with something in it.
func (p *person) victim() (dir string, alive func() bool) {
	dir, err := os.MkdirTemp(p.dir, "victim")
	if err != nil {
		p.t.Fatal(err)
	}
	file := filepath.Join(dir, "precious")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		p.t.Fatal(err)
	}
	return dir, func() bool { _, err := os.Stat(file); return err == nil }
}

// reply answers a request of the server's own.
func (p *person) reply(m message, result map[string]any) message {
	p.t.Helper()
	if m.Method != "elicitation/create" {
		p.t.Fatalf("no question: %s %s", m.Method, m.text())
	}
	p.write(map[string]any{"jsonrpc": "2.0", "id": m.ID, "result": result})
	return p.next()
}

// thought is longer than relay-shell takes for an answer by a program.
const thought = time.Second

var accepted = map[string]any{"action": "accept", "content": map[string]any{"approve": true}}

func wants(t *testing.T, what string, m message, pattern string) {
	t.Helper()
	if !regexp.MustCompile(pattern).MatchString(m.text()) {
		t.Errorf("%s: %q, want %s", what, m.text(), pattern)
	}
}

// TestDialog asks a person through clients of the revisions in which the server sends the question itself.
func TestDialog(t *testing.T) {
	for _, revision := range []string{"2025-06-18", "2025-11-25"} {
		t.Run(revision, func(t *testing.T) {
			t.Parallel()
			p := newPerson(t, revision, true)
			dir, alive := p.victim()

			q := p.remove(dir, nil)
			for _, part := range []string{"rm -rf " + dir, "this machine", "tier 3", "relay-shell approve "} {
				if !strings.Contains(string(q.Params), part) {
					t.Errorf("the question lacks %q: %s", part, q.Params)
				}
			}
			m := p.reply(q, accepted)
			wants(t, "a program's answer", m, `^\[CONFIRM REQUIRED tier 3 .*faster than a person`)
			for what, answer := range map[string]map[string]any{
				"decline": {"action": "decline"}, "cancel": {"action": "cancel"}, "not ticked": {"action": "accept", "content": map[string]any{"approve": false, "reason": "not today"}},
				"decline with content": {"action": "decline", "content": map[string]any{"approve": true}}, "nothing": {"action": "accept"},
				"not of the schema": {"action": "accept", "content": map[string]any{"approve": "true"}},
			} {
				q = p.remove(dir, nil)
				time.Sleep(thought)
				m = p.reply(q, answer)
				wants(t, what, m, `^\[DENIED tier 3`)
			}
			q = p.remove(dir, nil)
			p.write(map[string]any{"jsonrpc": "2.0", "id": q.ID, "error": map[string]any{"code": -32603, "message": "no window"}})
			wants(t, "an error", p.next(), `^\[DENIED tier 3 .*nobody could be asked`)
			if !alive() {
				t.Fatal("removed without an approval")
			}
			q = p.remove(dir, nil)
			time.Sleep(thought)
			m = p.reply(q, accepted)
			wants(t, "approved", m, `^\[exit 0\]`)
			if alive() {
				t.Error("approved and not removed")
			}
			q = p.remove(dir, nil) // an approval works once
			time.Sleep(thought)
			m = p.reply(q, map[string]any{"action": "decline"})
			wants(t, "the second time", m, `^\[DENIED`)
		})
	}
}

// TestInputRequired asks through a client of the stateless revision, and attacks what travels through it.
func TestInputRequired(t *testing.T) {
	t.Parallel()
	p := newPerson(t, "2026-07-28", true)
	dir, alive := p.victim()
	with := func(state string, answer map[string]any) map[string]any {
		return map[string]any{"requestState": state, "inputResponses": map[string]any{"approval": answer}}
	}
	ask := func() string {
		t.Helper()
		m := p.remove(dir, nil)
		if m.Result.ResultType != "input_required" || m.Result.RequestState == "" || !strings.Contains(string(m.Result.InputRequests), "rm -rf "+dir) {
			t.Fatalf("no question: %s %+v", m.text(), m.Result)
		}
		return m.Result.RequestState
	}
	state := ask()
	wants(t, "a program's answer", p.remove(dir, with(state, accepted)), `^\[CONFIRM REQUIRED .*faster than a person`)
	state = ask()
	time.Sleep(thought)
	if m := p.remove(dir, map[string]any{"requestState": state}); m.Result.ResultType != "input_required" {
		t.Errorf("silence: %s", m.text())
	}
	wants(t, "another command", p.remove(dir+"/.", with(state, accepted)), `^\[DENIED .*another call`)
	wants(t, "another directory", p.remove(dir, with(state, accepted), "cwd", "/"), `^\[DENIED .*another call`)
	wants(t, "other bytes", p.remove(dir, with(state, accepted), "stdin", "x"), `^\[DENIED .*another call`)
	changed := []byte(state)
	changed[len(changed)/2] ^= 1
	wants(t, "a changed state", p.remove(dir, with(string(changed), accepted)), `^\[DENIED`)
	wants(t, "a made-up state", p.remove(dir, with("AAAA", accepted)), `^\[DENIED`)
	if !alive() {
		t.Fatal("removed without an approval")
	}
	wants(t, "declined", p.remove(dir, with(state, map[string]any{"action": "decline"})), `^\[DENIED tier 3 .*a person declined`)
	wants(t, "approved after it was declined", p.remove(dir, with(state, accepted)), `^\[DENIED`)
	state = ask()
	time.Sleep(thought)
	p.stop()
	p.start("2026-07-28", true)
	wants(t, "a state from before a restart", p.remove(dir, with(state, accepted)), `^\[DENIED`)
	state = ask()
	time.Sleep(thought)
	if !alive() {
		t.Fatal("removed without an approval")
	}
	wants(t, "approved", p.remove(dir, with(state, accepted)), `^\[exit 0\]`)
	if alive() {
		t.Error("approved and not removed")
	}
	wants(t, "the second time", p.remove(dir, with(state, accepted)), `^\[DENIED`)
}

// terminalRun runs a command line on a terminal of its own, typing each line once its prompt is there, and gives what the terminal showed.
func (p *person) terminalRun(typed map[string]string, args ...string) (shown string, err error) {
	p.t.Helper()
	cmd := exec.Command("relay-shell", args...)
	cmd.Env, cmd.Dir = p.env, p.dir
	f, err := pty.Start(cmd)
	if err != nil {
		p.t.Fatal(err)
	}
	defer f.Close()
	timer := time.AfterFunc(60*time.Second, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	buf := make([]byte, 4096)
	seen := 0
	for {
		n, rerr := f.Read(buf)
		shown += string(buf[:n])
		for prompt, line := range typed {
			if strings.Contains(shown[seen:], prompt) {
				seen = len(shown)
				time.Sleep(thought)
				if _, err := f.WriteString(line + "\n"); err != nil {
					p.t.Fatal(err)
				}
			}
		}
		if rerr != nil {
			return shown, cmd.Wait()
		}
	}
}

// token is the one of a [CONFIRM REQUIRED …] answer.
func (p *person) token(m message) string {
	p.t.Helper()
	found := regexp.MustCompile(`relay-shell approve (\S+),`).FindStringSubmatch(m.text())
	if found == nil {
		p.t.Fatalf("no token: %s", m.text())
	}
	return found[1]
}

// TestApprove answers on a terminal for a client that cannot ask, and has the agent's own shell try to.
func TestApprove(t *testing.T) {
	t.Parallel()
	const phrase = "correct horse battery"
	p := newPerson(t, "2025-11-25", false)
	if out, err := p.terminalRun(map[string]string{"New approval": phrase, "same again": phrase + "x"}, "auth", "passphrase"); err == nil || !strings.Contains(out, "differ") {
		t.Fatalf("%v: %s", err, out)
	}
	out, err := p.terminalRun(map[string]string{"New approval": phrase, "same again": phrase}, "auth", "passphrase")
	if err != nil || strings.Contains(out, phrase) || !strings.Contains(out, "advisory") {
		t.Fatalf("%v: %s", err, out)
	}
	p.stop() // the passphrase counts for servers that start from now on
	p.start("2025-11-25", false)
	dir, alive := p.victim()
	started := time.Now()
	m := p.remove(dir, nil)
	wants(t, "asked", m, `^\[CONFIRM REQUIRED tier 3 \(IRREVERSIBLE\): .*relay-shell approve`)
	if time.Since(started) > 30*time.Second {
		t.Error("where nobody can be asked the answer has to come at once")
	}
	token := p.token(m)
	wants(t, "unapproved", p.remove(dir, nil), `^\[CONFIRM REQUIRED`)

	// The agent's shell runs under the same account, with every file of the server in reach.
	p.send("tools/call", map[string]any{"name": "shell_exec", "arguments": map[string]any{
		"command": "relay-shell approve " + token, "stdin": phrase + "\n",
		"env": map[string]any{"RELAY_SHELL_STATE_DIR": filepath.Join(p.dir, "state"), "RELAY_SHELL_APPROVAL_FILE": filepath.Join(p.dir, "approval.json")},
	}})
	wants(t, "approve without a terminal", p.next(), `(?s)^\[exit 2\].*terminal`)
	p.send("tools/call", map[string]any{"name": "operation_confirm", "arguments": map[string]any{"token": token}})
	wants(t, "operation_confirm", p.next(), `^\[ERROR permission_denied`)
	answer := filepath.Join(p.dir, "state", "approvals", token+".answer")
	if err := os.WriteFile(answer, []byte(`{"answer":{"approve":true,"by":"x","at":"2030-01-01T00:00:00Z"},"signature":"AAAA"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	wants(t, "a forged answer", p.remove(dir, nil), `^\[CONFIRM REQUIRED`)
	if out, err := p.terminalRun(map[string]string{"Approval passphrase": "wrong horse battery"}, "approve", token); err == nil || strings.Count(out, "not the passphrase") != 2 {
		t.Errorf("a wrong passphrase: %v: %s", err, out)
	}
	wants(t, "after a wrong passphrase", p.remove(dir, nil), `^\[CONFIRM REQUIRED`)

	cmd := exec.Command("relay-shell", "approve", "--list")
	cmd.Env = p.env
	if list, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(list), token) {
		t.Errorf("the list: %v: %s", err, list)
	}
	if out, err := p.terminalRun(map[string]string{"Approval passphrase": phrase}, "approve", token[:6]); err != nil || !strings.Contains(out, "rm -rf "+dir) || !strings.Contains(out, "approved") {
		t.Fatalf("%v: %s", err, out)
	}
	wants(t, "another call", p.remove(dir+"/.", nil), `^\[CONFIRM REQUIRED`)
	wants(t, "approved with another environment", p.remove(dir, nil, "env_json", `{"A":"b"}`), `^\[CONFIRM REQUIRED`)
	if !alive() {
		t.Fatal("removed without an approval")
	}
	wants(t, "approved", p.remove(dir, nil), `^\[exit 0\]`)
	if alive() {
		t.Error("approved and not removed")
	}
	m = p.remove(dir, nil)
	wants(t, "the second time", m, `^\[CONFIRM REQUIRED`)
	if out, err := p.terminalRun(map[string]string{"passphrase, to decline": phrase}, "approve", p.token(m), "--deny", "use trash instead"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	wants(t, "declined", p.remove(dir, nil), `^\[DENIED tier 3 .*a person declined: use trash instead`)

	// A server that is killed leaves the question, and no answer of before counts.
	m = p.remove(dir, nil)
	if out, err := p.terminalRun(map[string]string{"Approval passphrase": phrase}, "approve", p.token(m)); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	_ = p.cmd.Process.Kill()
	p.stop()
	p.start("2025-11-25", false)
	again := p.remove(dir, nil)
	wants(t, "after a restart", again, `^\[CONFIRM REQUIRED`)
	if p.token(again) != p.token(m) {
		t.Error("the question did not survive the restart")
	}
	record, err := os.ReadFile(filepath.Join(p.dir, "state", "audit", "audit.jsonl"))
	if err != nil || strings.Contains(string(record), phrase) || !strings.Contains(string(record), `"approval":{"approve":true`) {
		t.Errorf("the log lacks who approved, or holds the passphrase: %v", err)
	}
}
