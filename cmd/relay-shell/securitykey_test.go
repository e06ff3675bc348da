package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"relay-shell/internal/sshtest"
)

// TestApproveByTouch sets a security key up, and has it approve and not approve.
func TestApproveByTouch(t *testing.T) {
	t.Parallel()
	device, other := sshtest.StartSecurityKey(t), sshtest.StartSecurityKey(t)
	device.Think = func() { time.Sleep(thought) }
	p := newPerson(t, "2025-11-25", false)
	p.env = append(p.env, "SSH_AUTH_SOCK="+device.Socket)
	plain := filepath.Join(p.dir, "id")
	if _, err := sshtest.WriteKey(plain, "plain"); err != nil {
		t.Fatal(err)
	}
	if out, err := p.terminalRun(nil, "auth", "security-key", plain+".pub"); err == nil || !strings.Contains(out, "needs no person") {
		t.Errorf("a key in a file: %v: %s", err, out)
	}
	out, err := p.terminalRun(nil, "auth", "security-key", device.File)
	if err != nil || !strings.Contains(out, "security key SHA256:") {
		t.Fatalf("%v: %s", err, out)
	}
	if list := string(mustRun(t, p.env, "auth", "security-key")); !strings.Contains(list, device.File) {
		t.Errorf("the list: %s", list)
	}
	p.stop()
	p.start("2025-11-25", false)
	dir, alive := p.victim()
	m := p.remove(dir, nil)
	wants(t, "asked", m, `^\[CONFIRM REQUIRED tier 3`)

	device.Flags.Store(0)
	if out, err := p.terminalRun(nil, "approve", p.token(m)); err == nil || strings.Contains(out, "approved,") || !strings.Contains(out, "Touch the security key") {
		t.Errorf("untouched: %v: %s", err, out)
	}
	wants(t, "untouched", p.remove(dir, nil), `^\[CONFIRM REQUIRED`)
	if out, err := p.terminalRun(nil, "approve", "--passphrase", p.token(m)); err == nil || !strings.Contains(out, "only security keys approve") {
		t.Errorf("without a passphrase: %v: %s", err, out)
	}
	device.Flags.Store(sshtest.Touched)
	// The agent's shell may use the same ssh-agent, but it has no terminal to be asked on, and other keys don't count.
	p.send("tools/call", map[string]any{"name": "shell_exec", "arguments": map[string]any{"command": "relay-shell approve " + p.token(m),
		"env": map[string]any{"RELAY_SHELL_STATE_DIR": filepath.Join(p.dir, "state"), "RELAY_SHELL_APPROVAL_FILE": filepath.Join(p.dir, "approval.json")}}})
	wants(t, "approve without a terminal", p.next(), `(?s)^\[exit 2\].*terminal`)
	if !alive() {
		t.Fatal("removed without an approval")
	}
	if out, err := p.terminalRun(nil, "approve", p.token(m)); err != nil || !strings.Contains(out, "rm -rf "+dir) || !strings.Contains(out, "approved") {
		t.Fatalf("touched: %v: %s", err, out)
	}
	wants(t, "touched", p.remove(dir, nil), `^\[exit 0\]`)
	if alive() {
		t.Error("approved and not removed")
	}
	record, err := os.ReadFile(filepath.Join(p.dir, "state", "audit", "audit.jsonl"))
	if err != nil || !strings.Contains(string(record), "with the security key SHA256:") {
		t.Errorf("the log does not say which key approved: %v", err)
	}
	// A second key is added by who may approve; the first can go then.
	out, err = p.terminalRun(nil, "auth", "security-key", "--pin", other.File)
	if err != nil || !strings.Contains(out, "2 security keys") {
		t.Errorf("%v: %s", err, out)
	}
	fingerprint := strings.Fields(string(mustRun(t, p.env, "auth", "security-key")))[0]
	if out, err := p.terminalRun(nil, "auth", "security-key", "--remove", fingerprint); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	if left := string(mustRun(t, p.env, "auth", "security-key")); strings.Contains(left, fingerprint) || !strings.Contains(left, "touch and PIN  "+other.File) {
		t.Errorf("left: %s", left)
	}
}

// mustRun runs a command that has to succeed, without a terminal.
func mustRun(t *testing.T, env []string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("relay-shell", args...)
	cmd.Env = env
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return out
}
