package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"relay-shell/internal/sshtest"
)

// asking calls for something of tier 3 that counts in a file how often it ran.
type asking struct {
	*person
	tool string
	args map[string]any
	ran  string
}

func (a asking) runs() int {
	b, _ := os.ReadFile(a.ran)
	return strings.Count(string(b), "ran")
}

// call makes the call with some arguments changed.
func (a asking) call(changes map[string]any) message {
	a.t.Helper()
	args := maps.Clone(a.args)
	maps.Copy(args, changes)
	a.send("tools/call", map[string]any{"name": a.tool, "arguments": args})
	return a.next()
}

// armed asks and has the token confirmed.
func (a asking) armed() (token string) {
	a.t.Helper()
	m := a.call(nil)
	found := regexp.MustCompile(`operation_confirm token="([^"]+)"`).FindStringSubmatch(m.text())
	if found == nil {
		a.t.Fatalf("not asked: %s", m.text())
	}
	a.send("tools/call", map[string]any{"name": "operation_confirm", "arguments": map[string]any{"token": found[1]}})
	if m := a.next(); strings.HasPrefix(m.text(), "[ERROR") {
		a.t.Fatalf("not armed: %s", m.text())
	}
	return found[1]
}

// TestTokenBindsTheCall changes each thing that a token binds, here and on a host, uses it twice, lets it expire and carries it over a restart:
// nothing runs but the identical call, once.
func TestTokenBindsTheCall(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Alias: "db1"})
	server.AddHost("db2", "HostName 127.0.0.1", fmt.Sprintf("Port %d", server.Port()), "User root", "IdentityFile none")
	p := newPerson(t, "2025-11-25", false)
	p.stop()
	p.env = append(p.env, "RELAY_SHELL_SSH_CONFIG="+server.Config(), "RELAY_SHELL_RUNTIME_DIR="+server.RuntimeDir(), "RELAY_SHELL_CONFIRM=token", "RELAY_SHELL_CONFIRM_TTL=60")
	p.start("2025-11-25", false)
	dir := t.TempDir()
	counting := func(name string) string { return filepath.Join(dir, name) }
	command := func(ran string) string { return "rm -rf " + dir + "/nothing/*; echo ran >>" + ran }
	here := asking{p, "shell_exec", map[string]any{"command": command(counting("here")), "cwd": dir, "env": map[string]any{"A": "b"}}, counting("here")}
	there := asking{p, "ssh_exec", map[string]any{"host": "db1", "command": command(counting("there")), "cwd": dir}, counting("there")}

	for _, c := range []struct {
		asking
		changes map[string]map[string]any
	}{
		{here, map[string]map[string]any{
			"a byte": {"command": here.args["command"].(string) + " "}, "the directory": {"cwd": "/"}, "a variable": {"env": map[string]any{"A": "c"}},
			"one more variable": {"env": map[string]any{"A": "b", "LD_PRELOAD": "/tmp/x.so"}}, "no variable": {"env": nil}, "the input": {"stdin": "y"}, "the time": {"timeout": 50},
		}},
		{there, map[string]map[string]any{
			"a byte": {"command": there.args["command"].(string) + "#"}, "the host": {"host": "db2"}, "the user": {"user": "nobody"}, "the port": {"port": 1}, "the way": {"jump": "db1"},
			"the directory": {"cwd": "/"}, "a variable": {"env": map[string]any{"A": "c"}}, "the check of the host key": {"known_hosts": "ignore"},
		}},
	} {
		c.armed()
		for what, changes := range c.changes {
			if m := c.call(changes); !strings.HasPrefix(m.text(), "[CONFIRM REQUIRED") && !strings.HasPrefix(m.text(), "[ERROR") {
				t.Errorf("%s with %s changed: %s", c.tool, what, m.text())
			}
		}
		if n := c.runs(); n != 0 {
			t.Fatalf("%s: %d runs of what nobody confirmed", c.tool, n)
		}
		if m := c.call(nil); !strings.HasPrefix(m.text(), "[exit 0]") || c.runs() != 1 {
			t.Errorf("%s, identical: %s, %d runs", c.tool, m.text(), c.runs())
		}
		if m := c.call(nil); !strings.HasPrefix(m.text(), "[CONFIRM REQUIRED") || c.runs() != 1 {
			t.Errorf("%s, a second time: %s, %d runs", c.tool, m.text(), c.runs())
		}
	}

	t.Run("20 at once", func(t *testing.T) {
		here.armed()
		const calls = 20
		before := here.runs()
		for range calls {
			p.send("tools/call", map[string]any{"name": here.tool, "arguments": here.args})
		}
		ran := 0
		for range calls {
			m := p.next()
			switch {
			case strings.HasPrefix(m.text(), "[exit 0]"):
				ran++
			case !strings.HasPrefix(m.text(), "[CONFIRM REQUIRED"):
				t.Errorf("neither run nor asked: %s", m.text())
			}
		}
		if ran != 1 || here.runs() != before+1 {
			t.Errorf("%d answers say it ran, it ran %d times", ran, here.runs()-before)
		}
	})
	t.Run("a restart", func(t *testing.T) {
		before := here.runs()
		token := here.armed()
		p.stop()
		p.start("2025-11-25", false)
		if m := here.call(nil); !strings.HasPrefix(m.text(), "[CONFIRM REQUIRED") || here.runs() != before {
			t.Errorf("%s, %d runs", m.text(), here.runs()-before)
		}
		p.send("tools/call", map[string]any{"name": "operation_confirm", "arguments": map[string]any{"token": token}})
		wants(t, "a token of the server before", p.next(), `^\[ERROR not_found`)
	})
	t.Run("too late", func(t *testing.T) {
		p.stop()
		p.env = append(p.env, "RELAY_SHELL_CONFIRM_TTL=5")
		p.start("2025-11-25", false)
		before := here.runs()
		here.armed()
		time.Sleep(7 * time.Second) // the token's life, the shortest there is, and two seconds
		if m := here.call(nil); !strings.HasPrefix(m.text(), "[CONFIRM REQUIRED") || here.runs() != before {
			t.Errorf("%s, %d runs", m.text(), here.runs()-before)
		}
	})
}
