package target

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fakeSudo behaves as sudo does towards its askpass program: it asks up to three times, and not at all where no password is needed. It notes how
// often it was given one, its own arguments and its environment.
const fakeSudo = `#!/bin/sh
printf '%s\n' "$*" >>"$NOTES/args"
env >>"$NOTES/env"
case $1 in
-n) shift; echo "sudo: a password is required" >&2; exit 1;;
-S) shift; exec "$@";;
-A) shift;;
esac
[ "$1" != -u ] || shift 2
if [ -e "$NOTES/nopasswd" ]; then exec "$@"; fi
for i in 1 2 3; do
	given=$("$SUDO_ASKPASS" "[sudo] password") || { echo "sudo: no password was provided" >&2; exit 1; }
	echo x >>"$NOTES/tries"
	[ "$given" != "$(cat "$NOTES/password")" ] || { unset SUDO_ASKPASS; exec "$@"; }
	echo "Sorry, try again." >&2
done
exit 1
`

// sudoRun runs a command that begins with sudo in a shell, as a host would.
func sudoRun(t *testing.T, shell []string, real, stored, text, stdin string, nopasswd bool) (out, errors string, tries int, notes string) {
	t.Helper()
	dir, bin := t.TempDir(), t.TempDir()
	write := func(name, text string, mode os.FileMode) {
		if err := os.WriteFile(name, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(bin, "sudo"), fakeSudo, 0o700)
	write(filepath.Join(dir, "password"), real, 0o600)
	if nopasswd {
		write(filepath.Join(dir, "nopasswd"), "", 0o600)
	}
	target := &ssh{sudoSecret: "db", secret: func(context.Context, string) (string, error) { return stored, nil }}
	c, err := target.withSudo(context.Background(), Command{Text: text, Stdin: strings.NewReader(stdin)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, shell[0], append(shell[1:], "-c", c.Text)...)
	runtime := t.TempDir()
	cmd.Env = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "NOTES=" + dir, "HOME=" + dir, "XDG_RUNTIME_DIR=" + runtime}
	cmd.Stdin = c.Stdin
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	_ = cmd.Run() // what it printed says how it ended
	if left, _ := filepath.Glob(filepath.Join(runtime, ".relay-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	read := func(name string) string { b, _ := os.ReadFile(filepath.Join(dir, name)); return string(b) }
	return stdout.String(), stderr.String(), strings.Count(read("tries"), "x"), read("args") + read("env")
}

func TestSudo(t *testing.T) {
	t.Parallel()
	for _, shell := range [][]string{{"dash"}, {"bash"}, {"sh"}, {"busybox", "sh"}, {"ksh"}, {"zsh"}} {
		if _, err := exec.LookPath(shell[0]); err != nil {
			if os.Getenv("TESTS_REQUIRE_PROGRAMS") != "" {
				t.Error(err)
			}
			continue
		}
		t.Run(strings.Join(shell, " "), func(t *testing.T) {
			t.Parallel()
			const password = `p w\n'"$(x)%s`
			out, errors, tries, notes := sudoRun(t, shell, password, password, "sudo -u app cat; echo $?", "the command's own\ninput\n", false)
			if out != "the command's own\ninput\n0\n" || errors != "" || tries != 1 || strings.Contains(notes, password) {
				t.Errorf("out %q errors %q tries %d notes %q", out, errors, tries, notes)
			}
			out, errors, tries, _ = sudoRun(t, shell, password, password, "sudo cat", "the command's own\n", true)
			if out != "the command's own\n" || errors != "" || tries != 0 {
				t.Errorf("no password needed: out %q errors %q tries %d", out, errors, tries)
			}
			out, errors, tries, _ = sudoRun(t, shell, password, "wrong", "sudo cat; echo $?", "in\n", false)
			if out != "1\n" || tries != 1 || !strings.Contains(errors, "refused the stored password") {
				t.Errorf("wrong: out %q errors %q tries %d", out, errors, tries)
			}
			out, errors, tries, _ = sudoRun(t, shell, password, password, "sudo printf 'a\\n' | sudo cat && sudo echo b", "", false)
			if out != "a\nb\n" || errors != "" || tries != 3 {
				t.Errorf("three of them: out %q errors %q tries %d", out, errors, tries)
			}
			out, _, tries, _ = sudoRun(t, shell, password, password, "sudo -S echo own", "", false)
			if out != "own\n" || tries != 0 {
				t.Errorf("sudo -S is the command's own affair: %q, %d tries", out, tries)
			}
		})
	}
}

func TestWithSudoOnlyWhereAsked(t *testing.T) {
	t.Parallel()
	asked := 0
	host := &ssh{sudoSecret: "db", secret: func(context.Context, string) (string, error) { asked++; return "x", nil }}
	for _, text := range []string{"sudoedit x", "echo sudo", "true; sudo x", "/usr/bin/sudo x", ""} {
		if c, err := host.withSudo(context.Background(), Command{Text: text}); err != nil || c.Text != text || c.Stdin != nil {
			t.Errorf("%q became %q: %v", text, c.Text, err)
		}
	}
	if c, _ := (&ssh{}).withSudo(context.Background(), Command{Text: "sudo x"}); c.Text != "sudo x" {
		t.Error("a host without a secret")
	}
	if _, err := host.withSudo(context.Background(), Command{Text: "sudo x", TTY: true}); err == nil || asked != 0 {
		t.Errorf("a terminal: %v, asked %d times", err, asked)
	}
	if c, err := host.withSudo(context.Background(), Command{Text: "sudo x"}); err != nil || !strings.HasSuffix(c.Text, "\nsudo x") || strings.Contains(c.Text, "x\n\n") {
		t.Errorf("%v %q", err, c.Text)
	} else if b, _ := io.ReadAll(c.Stdin); string(b) != "x\n" {
		t.Errorf("input %q", b)
	}
}
