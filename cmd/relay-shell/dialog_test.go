package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// counted is a call of tier 3 that notes each run in a file.
func (p *person) counted() (args map[string]any, runs func() int) {
	dir, _ := p.victim()
	ran := filepath.Join(p.dir, "ran-"+filepath.Base(dir))
	return map[string]any{"command": "rm -rf " + dir + "/*; echo ran >>" + ran}, func() int {
		b, _ := os.ReadFile(ran)
		return strings.Count(string(b), "ran")
	}
}

func (p *person) ask(args map[string]any, more map[string]any) {
	params := map[string]any{"name": "shell_exec", "arguments": args}
	for k, v := range more {
		params[k] = v
	}
	p.send("tools/call", params)
}

// TestDialogAttacked has a client answer twice, answer something else's question and go away in the middle.
func TestDialogAttacked(t *testing.T) {
	t.Parallel()
	p := newPerson(t, "2025-11-25", true)
	args, runs := p.counted()
	answer := func(q message, result map[string]any) {
		p.write(map[string]any{"jsonrpc": "2.0", "id": q.ID, "result": result})
	}
	question := func() message {
		t.Helper()
		p.ask(args, nil)
		q := p.next()
		if q.Method != "elicitation/create" {
			t.Fatalf("no question: %s", q.text())
		}
		return q
	}
	q := question()
	time.Sleep(thought)
	answer(q, map[string]any{"action": "decline"})
	answer(q, accepted)
	wants(t, "no, then yes", p.next(), `^\[DENIED`)
	old := q
	q = question()
	time.Sleep(thought)
	answer(old, accepted) // the id of a question that is closed
	answer(q, map[string]any{"action": "cancel"})
	wants(t, "yes to another question", p.next(), `^\[DENIED`)
	if runs() != 0 {
		t.Fatalf("ran %d times without an approval", runs())
	}
	q = question()
	time.Sleep(thought)
	answer(q, accepted)
	answer(q, accepted)
	wants(t, "yes, twice", p.next(), `^\[exit 0\]`)
	if runs() != 1 {
		t.Errorf("one approval, %d runs", runs())
	}
	question()
	p.stop() // the client goes away with the question open
	if runs() != 1 {
		t.Errorf("an open question and a client that is gone: %d runs", runs())
	}
	p.start("2025-11-25", true)
	q = question()
	time.Sleep(thought)
	answer(q, map[string]any{"action": "decline"})
	wants(t, "afterwards", p.next(), `^\[DENIED`)
}

// TestStateAttacked sends the sealed state of a question twice at once, and to another server of the same account.
func TestStateAttacked(t *testing.T) {
	t.Parallel()
	p := newPerson(t, "2026-07-28", true)
	args, runs := p.counted()
	ask := func(p *person) string {
		t.Helper()
		p.ask(args, nil)
		m := p.next()
		if m.Result.RequestState == "" {
			t.Fatalf("no question: %s", m.text())
		}
		return m.Result.RequestState
	}
	with := func(state string) map[string]any {
		return map[string]any{"requestState": state, "inputResponses": map[string]any{"approval": accepted}}
	}
	other := &person{t: t, dir: p.dir, env: p.env}
	other.start("2026-07-28", true)
	state := ask(p)
	theirs := ask(other)
	time.Sleep(thought)
	other.ask(args, with(state))
	wants(t, "a state of another server", other.next(), `^\[DENIED`)
	p.ask(args, with(theirs))
	wants(t, "and the other way round", p.next(), `^\[DENIED`)
	for _, bad := range []string{state[:len(state)-1], state + "A", strings.ToUpper(state), state[1:] + state[:1], strings.Repeat("A", 1<<16), "\x00", " " + state} {
		p.ask(args, with(bad))
		wants(t, "a state that was changed", p.next(), `^\[DENIED`)
	}
	if runs() != 0 {
		t.Fatalf("ran %d times without an approval", runs())
	}
	const calls = 20
	for range calls {
		p.ask(args, with(state))
	}
	ran := 0
	for range calls {
		if strings.HasPrefix(p.next().text(), "[exit 0]") {
			ran++
		}
	}
	if ran != 1 || runs() != 1 {
		t.Errorf("one approval: %d answers say it ran, it ran %d times", ran, runs())
	}
}

// TestApproveAttacked types what is no passphrase at a terminal and gives the right one where there is none.
func TestApproveAttacked(t *testing.T) {
	t.Parallel()
	const phrase = "correct horse battery"
	p := newPerson(t, "2025-11-25", false)
	if out, err := p.terminalRun(map[string]string{"New approval": phrase, "same again": phrase}, "auth", "passphrase"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	p.stop()
	p.start("2025-11-25", false)
	args, runs := p.counted()
	p.ask(args, nil)
	token := p.token(p.next())
	for _, wrong := range []string{"", phrase + " ", strings.ToUpper(phrase), strings.Repeat("x", 3000), "\x04"} {
		if out, err := p.terminalRun(map[string]string{"Approval passphrase": wrong}, "approve", token); err == nil || strings.Contains(out, "approved,") {
			t.Errorf("%q: %s", wrong, out)
		}
	}
	for name, script := range map[string]string{
		"a pipe":                   "echo '" + phrase + "' | relay-shell approve " + token,
		"a pipe, no terminal":      "echo '" + phrase + "' | setsid relay-shell approve " + token,
		"a file":                   "relay-shell approve " + token + " <phrase",
		"a variable":               "RELAY_SHELL_PASSPHRASE='" + phrase + "' PASSPHRASE='" + phrase + "' setsid relay-shell approve " + token + " </dev/null",
		"an argument":              "setsid relay-shell approve " + token + " '" + phrase + "'",
		"a verifier of one's own":  "RELAY_SHELL_APPROVAL_FILE=$PWD/own.json setsid relay-shell approve " + token + " </dev/null",
		"a verifier all may write": "cp \"$RELAY_SHELL_APPROVAL_FILE\" open.json; chmod 666 open.json; RELAY_SHELL_APPROVAL_FILE=$PWD/open.json setsid relay-shell approve " + token + " </dev/null",
	} {
		if err := os.WriteFile(filepath.Join(p.dir, "phrase"), []byte(phrase+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		p.send("tools/call", map[string]any{"name": "shell_exec", "arguments": map[string]any{"command": script, "cwd": p.dir, "env": p.settings()}})
		if got := p.next().text(); strings.HasPrefix(got, "[exit 0]") || strings.Contains(got, "approved,") {
			t.Errorf("%s: %s", name, got)
		}
	}
	p.ask(args, nil)
	wants(t, "after all that", p.next(), `^\[CONFIRM REQUIRED`)
	if runs() != 0 {
		t.Fatalf("ran %d times without an approval", runs())
	}
}

// settings are the server's, which children do not get of themselves.
func (p *person) settings() map[string]any {
	out := map[string]any{}
	for _, v := range p.env {
		if name, value, _ := strings.Cut(v, "="); strings.HasPrefix(name, "RELAY_SHELL_") {
			out[name] = value
		}
	}
	return out
}
