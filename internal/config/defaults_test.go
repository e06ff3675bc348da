package config

import (
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestWhereStateGoes(t *testing.T) {
	home := t.TempDir()
	readOnly := "/proc" // exists, and nobody can write to it
	tests := []struct {
		name, home  string
		uid         int
		environ     []string
		state, auth string
		audit       string
	}{
		{"person", home, 1000, nil, home + "/.local/state/relay-shell", home + "/.local/state/relay-shell/oauth", home + "/.local/state/relay-shell/audit/audit.jsonl"},
		{"xdg", home, 1000, []string{"XDG_STATE_HOME=/s"}, "/s/relay-shell", "/s/relay-shell/oauth", "/s/relay-shell/audit/audit.jsonl"},
		{"relative xdg", home, 1000, []string{"XDG_STATE_HOME=s"}, home + "/.local/state/relay-shell", home + "/.local/state/relay-shell/oauth", home + "/.local/state/relay-shell/audit/audit.jsonl"},
		{"root", home, 0, nil, home + "/.local/state/relay-shell", "/var/lib/relay-shell/oauth", "/var/log/relay-shell/audit.jsonl"},
		{"system account with a home", home, 110, nil, home + "/.local/state/relay-shell", home + "/.local/state/relay-shell/oauth", home + "/.local/state/relay-shell/audit/audit.jsonl"},
		{"system account without", "/nonexistent", 110, nil, "/var/lib/relay-shell", "/var/lib/relay-shell/oauth", "/var/log/relay-shell/audit.jsonl"},
		{"system account at the root", "/", 110, nil, "/var/lib/relay-shell", "/var/lib/relay-shell/oauth", "/var/log/relay-shell/audit.jsonl"},
		{"system account, home of root", readOnly, 110, nil, "/var/lib/relay-shell", "/var/lib/relay-shell/oauth", "/var/log/relay-shell/audit.jsonl"},
		{"named", home, 1000, []string{"RELAY_SHELL_STATE_DIR=~/st/"}, home + "/st", home + "/st/oauth", home + "/st/audit/audit.jsonl"},
		{"log named", home, 0, []string{"RELAY_SHELL_AUDIT_PATH=/l/a"}, home + "/.local/state/relay-shell", "/var/lib/relay-shell/oauth", "/l/a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.home == readOnly && os.Getuid() == 0 {
				tt.home = "/nonexistent" // access(2) grants root everything
			}
			cfg := load(t, Source{Environ: tt.environ, Home: tt.home, Dir: "/", UID: tt.uid})
			if cfg.StateDir != tt.state || cfg.AuditPath != tt.audit || cfg.AuthStateDir != tt.auth {
				t.Errorf("state %q, audit %q, auth %q", cfg.StateDir, cfg.AuditPath, cfg.AuthStateDir)
			}
		})
	}
}

// TestHomeOfThePasswdDatabase: root is in every passwd database.
func TestHomeOfThePasswdDatabase(t *testing.T) {
	u, err := user.LookupId("0")
	if err != nil {
		t.Fatal(err)
	}
	cfg := load(t, Source{Environ: []string{"RELAY_SHELL_CONFIG=" + os.DevNull}, Dir: "/"})
	if want := filepath.Join(u.HomeDir, ".local/state/relay-shell"); cfg.StateDir != want {
		t.Errorf("got %q, want %q", cfg.StateDir, want)
	}
}

func TestWhereSocketsGo(t *testing.T) {
	private, err := os.MkdirTemp("", "run") // t.TempDir is too long for sockets under long test names
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(private) })
	open := filepath.Join(private, "open")
	if err := os.Mkdir(open, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o755); err != nil {
		t.Fatal(err)
	}
	uid := os.Getuid()
	fallback := "/tmp/relay-shell-" + strconv.Itoa(uid)
	if login := "/run/user/" + strconv.Itoa(uid); privateTo(login, uid) {
		fallback = login + "/relay-shell"
	}
	tests := []struct {
		name    string
		environ []string
		uid     int
		want    string
	}{
		{"xdg", []string{"XDG_RUNTIME_DIR=" + private}, uid, private + "/relay-shell"},
		{"not private", []string{"XDG_RUNTIME_DIR=" + open}, uid, fallback},
		{"missing", []string{"XDG_RUNTIME_DIR=/nonexistent"}, uid, fallback},
		{"unset", nil, uid, fallback},
		{"somebody else's", []string{"XDG_RUNTIME_DIR=" + private}, 4711, "/tmp/relay-shell-4711"},
		{"temporary directory", []string{"TMPDIR=/var/tmp"}, 4711, "/var/tmp/relay-shell-4711"},
		{"long", []string{"TMPDIR=/" + strings.Repeat("t", 60)}, 4711, "/tmp/relay-shell-4711"},
		{"named", []string{"RELAY_SHELL_RUNTIME_DIR=/x/y"}, uid, "/x/y"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := load(t, Source{Environ: tt.environ, Home: private, Dir: "/", UID: tt.uid})
			if cfg.RuntimeDir != tt.want {
				t.Errorf("got %q, want %q", cfg.RuntimeDir, tt.want)
			}
		})
	}
}

func TestSSHConfigNamed(t *testing.T) {
	src := source(t, "RELAY_SHELL_SSH_CONFIG=none")
	if cfg := load(t, src); cfg.SSHConfig != "none" {
		t.Errorf("got %q", cfg.SSHConfig)
	}
	src.Environ = []string{"RELAY_SHELL_SSH_CONFIG=" + src.Dir}
	if got := problems(t, src); !strings.Contains(got[0], "is a directory") {
		t.Errorf("got %q", got)
	}
}
