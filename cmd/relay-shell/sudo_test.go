package main

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"relay-shell/internal/sshtest"
)

// fakeSudo asks its askpass program as sudo does, up to three times.
const fakeSudo = `#!/bin/sh
[ "$1" = -A ] || { echo "sudo: a password is required" >&2; exit 1; }
shift
run=$1
for i in 1 2 3; do
	given=$("$SUDO_ASKPASS" prompt) || { echo "sudo: no password was provided" >&2; exit 1; }
	echo x >>NOTES/tries
	[ "$given" != "$(cat NOTES/password)" ] || { [ "$run" != -v ] || exit 0; unset SUDO_ASKPASS; exec "$@"; }
	echo "Sorry, try again." >&2
done
exit 1
`

// TestSudoOnHost has a command on a host get the password that the inventory names, over a real sshd, and looks for it everywhere else.
func TestSudoOnHost(t *testing.T) {
	t.Parallel()
	notes, err := os.MkdirTemp("", "sudo") // the account on the host has to get there
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(notes) })
	password := "pw" + rand.Text()[:12]
	write := func(name, text string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(notes, 0o777); err != nil {
		t.Fatal(err)
	}
	write(filepath.Join(notes, "sudo"), strings.ReplaceAll(fakeSudo, "NOTES", notes), 0o755)
	write(filepath.Join(notes, "password"), password, 0o644)
	write(filepath.Join(notes, "tries"), "", 0o666)
	server := sshtest.Start(t, sshtest.Options{Alias: "db1", Ordinary: true, Config: []string{"SetEnv PATH=" + notes + ":/usr/local/bin:/usr/bin:/bin"}})

	p := newPerson(t, "2025-11-25", false)
	p.stop()
	named := filepath.Join(p.dir, "named.toml")
	write(named, "root_pw = \""+password+"\"\nold_pw = \"wrong\"\n", 0o600)
	inventory := filepath.Join(p.dir, "hosts.json")
	write(inventory, `{"db1":{"sudo_secret":"root_pw"}}`, 0o600)
	p.env = append(p.env, "RELAY_SHELL_SSH_CONFIG="+server.Config(), "RELAY_SHELL_INVENTORY="+inventory, "RELAY_SHELL_SECRETS_FILE="+named, "RELAY_SHELL_SUDO_SECRET=root_pw", "RELAY_SHELL_CONFIRM=off", "RELAY_SHELL_RUNTIME_DIR="+server.RuntimeDir())
	p.start("2025-11-25", false)
	path := map[string]any{"PATH": notes + ":/usr/bin:/bin"}
	call := func(tool string, args map[string]any) string {
		t.Helper()
		p.send("tools/call", map[string]any{"name": tool, "arguments": args})
		return p.next().text()
	}
	for _, c := range []struct {
		tool, want string
		args       map[string]any
	}{
		{"ssh_script", "[exit 0]\nin\nb", map[string]any{"host": "db1", "script": "#!/bin/bash\nset -e\nsudo cat\nsudo echo b", "stdin": "in\n"}},
		{"ssh_exec", "[exit 0]\n/dev/", map[string]any{"host": "db1", "command": "sudo tty", "tty": true}},
		{"ssh_exec", "[exit 0]\nown", map[string]any{"host": "db1", "command": "sudo cat", "stdin": "own\n", "tty": true}},
		{"shell_exec", "[exit 0]\nhere", map[string]any{"command": "sudo echo here", "env": path}},
		{"shell_script", "[exit 0]\nhere", map[string]any{"script": "sudo echo here", "env": path}},
		{"shell_exec", "[exit 0]\nown", map[string]any{"command": "sudo cat", "env": path, "tty": true, "stdin": "own\n"}},
	} {
		if got := call(c.tool, c.args); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s %v: %q", c.tool, c.args, got)
		}
	}
	for _, args := range []map[string]any{{"host": "db1", "command": "sudo cat; sudo cat " + notes + "/password; sudo echo done"}, {"env": path, "command": "sudo cat; sudo cat " + notes + "/password; sudo echo done"}} {
		got := call("job_start", args)
		id := regexp.MustCompile(`j-[a-z0-9]+(@db1)?`).FindString(got)
		if got := call("job_wait", map[string]any{"job_id": id}); !strings.Contains(got, "ended") || !strings.Contains(got, "‹secret:known:") || !strings.Contains(got, "done") || strings.Contains(got, password) {
			t.Errorf("job %v: %q", args, got)
		}
	}
	if got := call("ssh_exec", map[string]any{"host": "db1", "command": "cd / && sudo true"}); !strings.Contains(got, "a password is required") || !strings.Contains(got, "begin with sudo") {
		t.Errorf("%q", got)
	}
	tries := func() int { b, _ := os.ReadFile(filepath.Join(notes, "tries")); return strings.Count(string(b), "x") }
	known := tries()
	if got := call("ssh_exec", map[string]any{"host": "db1", "command": "sudo cat", "stdin": "the command's own\n"}); got != "[exit 0]\nthe command's own" || tries() != known+1 {
		t.Errorf("%q after %d tries", got, tries()-known)
	}
	if got := call("ssh_exec", map[string]any{"host": "db1", "command": "sudo cat " + notes + "/password"}); !strings.HasPrefix(got, "[exit 0]\n‹secret:known:") {
		t.Errorf("%q", got)
	}
	if got := call("ssh_fanout", map[string]any{"hosts": "db1", "command": "sudo cat " + notes + "/password"}); strings.Contains(got, password) || !strings.Contains(got, "‹secret:known:") {
		t.Errorf("%q", got)
	}
	write(inventory, `{"db1":{"sudo_secret":"old_pw"}}`, 0o600)
	before := tries()
	p.stop()
	p.start("2025-11-25", false)
	for range 3 {
		if got := call("job_start", map[string]any{"host": "db1", "command": "sudo true"}); !strings.HasPrefix(got, "[ERROR permission_denied: sudo refused the stored password") {
			t.Errorf("%q", got)
		}
	}
	if got := call("ssh_exec", map[string]any{"host": "db1", "command": "sudo true"}); !strings.HasPrefix(got, "[ERROR permission_denied: sudo refused the stored password") || !strings.Contains(got, "\nhint: ") || strings.Contains(got, "relay-shell-sudo-") || tries() != before+1 {
		t.Errorf("%q after %d tries", got, tries()-before)
	}
	write(inventory, `{"db1":{"sudo_secret":"nope"}}`, 0o600)
	p.stop()
	p.start("2025-11-25", false)
	if got := call("ssh_exec", map[string]any{"host": "db1", "command": "sudo true"}); !strings.HasPrefix(got, "[ERROR not_found: there is no secret nope") {
		t.Errorf("%q", got)
	}
	p.stop()
	err = filepath.WalkDir(filepath.Join(p.dir, "state"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), "out.") { // what jobs printed lies there as they did (docs/security.md)
			return err
		}
		b, err := os.ReadFile(path)
		if strings.Contains(string(b), password) {
			t.Errorf("%s holds the password", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
