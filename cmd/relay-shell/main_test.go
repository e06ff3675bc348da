package main

import (
	"bufio"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"relay-shell/internal/sshtest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"relay-shell": main,
		"mcp":         func() { os.Exit(mcpMain()) },
		"status":      func() { os.Exit(statusMain()) },
		"tamper":      func() { os.Exit(tamperMain()) },
		"secrets":     func() { os.Exit(secretsMain()) },
	})
}

// TestScripts runs the binary against a real sshd; testdata holds one file for each topic. The environment of a script knows
// the hosts web1 and web2 (one server) and down (nobody listens there).
func TestScripts(t *testing.T) {
	server := sync.OnceValue(func() *sshtest.Server {
		s := sshtest.Start(t, sshtest.Options{Alias: "web1", Aliases: []string{"web2"}, Ordinary: true})
		if err := s.AddHost("down", "HostName 127.0.0.1", "Port 1"); err != nil {
			t.Fatal(err)
		}
		return s
	})
	testscript.Run(t, testscript.Params{
		Dir:  "testdata",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"capture": capture},
		Setup: func(env *testscript.Env) error {
			state := filepath.Join(env.WorkDir, ".state")
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("STATE", state)
			env.Setenv("TOKEN", "ghp_"+(rand.Text() + rand.Text())[:36]) // no secret stands in a script
			env.Setenv("PASSWORD", "pw"+rand.Text()[:12])
			env.Setenv("RELAY_SHELL_STATE_DIR", state)
			env.Setenv("RELAY_SHELL_AUDIT_PATH", filepath.Join(state, "audit", "audit.jsonl"))
			run, err := os.MkdirTemp(server().RuntimeDir(), "") // short; a script's stop must not end the sessions and jobs of others
			if err != nil {
				return err
			}
			env.Setenv("RELAY_SHELL_RUNTIME_DIR", run)
			env.Setenv("RELAY_SHELL_SSH_CONFIG", server().Config())
			return nil
		},
		Condition:          condition,
		RequireUniqueNames: true,
	})
}

// mcpMain is a client for scripts: mcp FILE sends each line of FILE to `relay-shell serve` and prints, in the order of ids, what a
// model would read of each answer. @TOKEN@ and @PASSWORD@ stand for secrets made for the script, $TOKEN and $PASSWORD. It closes standard input once every request has been answered.
func mcpMain() int {
	requests, err := os.ReadFile(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	requests = []byte(withSecrets(string(requests)))
	cmd := exec.Command("relay-shell", os.Args[2:]...)
	cmd.Stderr = os.Stderr
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var open []string
	for line := range strings.Lines(string(requests)) {
		var m struct{ ID *json.RawMessage }
		if json.Unmarshal([]byte(line), &m) != nil {
			open = append(open, "null")
		} else if m.ID != nil {
			open = append(open, strings.Trim(string(*m.ID), `"`))
		}
	}
	go func() { _, _ = in.Write(requests) }()
	answers := read(out, len(open))
	sort.SliceStable(open, func(i, j int) bool { return open[i] < open[j] })
	for _, id := range slices.Compact(open) {
		fmt.Printf("-- %s --\n%s\n", id, answers[id])
	}
	_ = in.Close()
	_, _ = io.Copy(io.Discard, out)
	if err := cmd.Wait(); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		return 1
	}
	return 0
}

// read collects n answers by id, for a minute at most.
func read(out io.Reader, n int) map[string]string {
	timer := time.AfterFunc(time.Minute, func() { fmt.Fprintln(os.Stderr, "no answer"); os.Exit(1) })
	defer timer.Stop()
	answers := map[string]string{}
	scanner := bufio.NewScanner(out)
	scanner.Buffer(nil, 32<<20)
	for n > 0 && scanner.Scan() {
		var m struct {
			ID     json.RawMessage
			Method string
			Result json.RawMessage
			Error  *struct {
				Code    int
				Message string
			}
		}
		if json.Unmarshal(scanner.Bytes(), &m) != nil {
			fmt.Println("not JSON on stdout: " + scanner.Text())
			continue
		}
		if m.Method != "" {
			fmt.Printf("%s %s\n", m.Method, scanner.Text())
			continue
		}
		n--
		id := strings.Trim(string(m.ID), `"`)
		if m.Error != nil {
			answers[id] += fmt.Sprintf("JSON-RPC error %d: %s", m.Error.Code, m.Error.Message)
			continue
		}
		answers[id] += textOf(m.Result)
	}
	return answers
}

// textOf is the text of a tool's result; of other results the JSON.
func textOf(result json.RawMessage) string {
	var r struct {
		Content           []struct{ Text string }
		StructuredContent json.RawMessage
		IsError           bool
	}
	if json.Unmarshal(result, &r) != nil || r.Content == nil {
		return string(result)
	}
	var b strings.Builder
	for _, c := range r.Content {
		b.WriteString(c.Text + "\n")
	}
	fmt.Fprintf(&b, "isError=%v\n%s", r.IsError, r.StructuredContent)
	return b.String()
}
