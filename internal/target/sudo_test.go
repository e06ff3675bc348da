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
	target := &ssh{sudoSecret: "db", secret: func(context.Context, string, *Host) (string, error) { return stored, nil }}
	var stdout, stderr strings.Builder
	c, refused, err := target.withSudo(context.Background(), Command{Text: text, Stdin: strings.NewReader(stdin), Stdout: &stdout, Stderr: &stderr})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, shell[0], append(shell[1:], "-c", c.Text)...)
	runtime := t.TempDir()
	cmd.Env = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "NOTES=" + dir, "HOME=" + dir, "XDG_RUNTIME_DIR=" + runtime}
	cmd.Stdin = c.Stdin
	cmd.Stdout, cmd.Stderr = c.Stdout, c.Stderr
	_ = cmd.Run() // what it printed says how it ended
	if err := refused.end(); err != nil {
		stderr.WriteString(err.Error())
	}
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
			if out != "" || tries != 1 || !strings.Contains(errors, "refused the stored password") || strings.Contains(errors, "relay-shell-sudo-") {
				t.Errorf("wrong: out %q errors %q tries %d", out, errors, tries)
			}
			_, errors, tries, _ = sudoRun(t, shell, password, "wrong", "sudo -u app true && sudo true || sudo false; (sudo true); sudo true", "", false)
			if tries != 1 || strings.Count(errors, "refused the stored password") != 1 {
				t.Errorf("wrong, and then more of them: errors %q tries %d", errors, tries)
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
	host := &ssh{sudoSecret: "db", secret: func(context.Context, string, *Host) (string, error) { asked++; return "x", nil }}
	for _, text := range []string{"sudoedit x", "echo sudo", "true; sudo x", "/usr/bin/sudo x", ""} {
		if c, _, err := host.withSudo(context.Background(), Command{Text: text}); err != nil || c.Text != text || c.Stdin != nil {
			t.Errorf("%q became %q: %v", text, c.Text, err)
		}
	}
	if c, _, _ := (&ssh{}).withSudo(context.Background(), Command{Text: "sudo x"}); c.Text != "sudo x" {
		t.Error("a host without a secret")
	}
	if _, _, err := host.withSudo(context.Background(), Command{Text: "sudo x", TTY: true}); err == nil || asked != 0 {
		t.Errorf("a terminal: %v, asked %d times", err, asked)
	}
	if c, _, err := host.withSudo(context.Background(), Command{Text: "sudo x"}); err != nil || !strings.HasSuffix(c.Text, "\nsudo x") || strings.Contains(c.Text, "x\n\n") {
		t.Errorf("%v %q", err, c.Text)
	} else if b, _ := io.ReadAll(c.Stdin); string(b) != "x\n" {
		t.Errorf("input %q", b)
	}
}

// TestRefusalInPieces has the mark come in every pair of pieces, amid other output.
func TestRefusalInPieces(t *testing.T) {
	t.Parallel()
	const mark = "relay-shell-sudo-X"
	for _, text := range []string{"Sorry, try again.\n" + mark + "\nafter", mark + "\n", "relay-shell-sudo-\n", "rel", ""} {
		for cut := range len(text) + 1 {
			var out strings.Builder
			r := &refusal{secret: "s", mark: mark, out: &out}
			for _, p := range []string{text[:cut], text[cut:]} {
				if n, err := r.Write([]byte(p)); n != len(p) || err != nil {
					t.Fatal(n, err)
				}
			}
			err := r.end()
			if want := strings.ReplaceAll(text, mark+"\n", ""); out.String() != want || (err != nil) != strings.Contains(text, mark) {
				t.Errorf("%q cut at %d: %q, %v", text, cut, out.String(), err)
			}
		}
	}
}
