package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRulesInTheRecords changes the rules file under a living server: each record names the rules that decided, and nothing that was refused at the
// start is allowed by a change.
func TestRulesInTheRecords(t *testing.T) {
	t.Parallel()
	p := newPerson(t, "2025-11-25", false)
	p.stop()
	file := filepath.Join(p.dir, "rules.toml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			t.Fatal(err)
		}
	}
	rule := func(name, program string) string {
		return "[[rule]]\nname = \"" + name + "\"\neffect = \"deny\"\nreason = \"" + name + " says so\"\nprogram = [\"" + program + "\"]\n"
	}
	first := rule("one", "touch")
	write(first)
	p.env = append(p.env, "RELAY_SHELL_POLICY_FILE="+file, "RELAY_SHELL_CONFIRM=off")
	p.start("2025-11-25", false)
	call := func(tool string, args map[string]any) string {
		t.Helper()
		p.send("tools/call", map[string]any{"name": tool, "arguments": args})
		return p.next().text()
	}
	run := func(command string) (text, rules string) {
		t.Helper()
		text = call("shell_exec", map[string]any{"command": command})
		log, err := os.ReadFile(filepath.Join(p.dir, "state", "audit", "audit.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(string(log)), "\n")
		var record struct{ Phase, Tool, Rules string }
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &record); err != nil || record.Tool != "shell_exec" || record.Phase != "result" {
			t.Fatal(lines[len(lines)-1], err)
		}
		return text, record.Rules
	}
	denied := func(what, text, by string) {
		t.Helper()
		if !strings.HasPrefix(text, "[DENIED") || !strings.Contains(text, by+" says so") {
			t.Errorf("%s: %q", what, text)
		}
	}
	text, start := run("touch x")
	denied("at the start", text, "one")
	if text, rules := run("true"); !strings.HasPrefix(text, "[exit 0]") || rules != start || start == "" {
		t.Errorf("%q by %q, want %q", text, rules, start)
	}

	write(rule("two", "true"))
	text, changed := run("true")
	denied("a stricter change", text, "two")
	if changed == start || !strings.HasPrefix(changed, start+"+") {
		t.Errorf("rules %q after %q", changed, start)
	}
	text, _ = run("touch x")
	denied("what the change leaves out", text, "one")

	write("[[rule]]\nname = \"three\"\neffect = \"alow\"\n")
	text, rules := run("true")
	denied("a change that is not valid", text, "two")
	if rules != changed {
		t.Errorf("rules %q, want %q", rules, changed)
	}
	if info := call("server_info", nil); !strings.Contains(info, "alow") {
		t.Errorf("server_info says nothing of it: %s", info)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if text, rules = run("true"); rules != changed {
		t.Errorf("rules %q, want %q", rules, changed)
	}
	denied("no file", text, "two")

	write(first)
	if text, rules = run("true"); !strings.HasPrefix(text, "[exit 0]") || rules != start {
		t.Errorf("as at the start: %q by %q, want %q", text, rules, start)
	}

	write("") // weaker, which counts for the next server
	text, _ = run("touch x")
	denied("a weaker change", text, "one")
	p.stop()
	p.start("2025-11-25", false)
	if text, rules := run("true"); !strings.HasPrefix(text, "[exit 0]") || rules == start {
		t.Errorf("after a restart: %q by %q", text, rules)
	}
}
