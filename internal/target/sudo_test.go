package target

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"relay-shell/internal/localexec"

	"relay-shell/internal/sshtest"
)

// fakeSudo behaves as sudo does towards its askpass program: it asks up to three times (or as often as passwd_tries says), and not at all where no
// password is needed. It notes how often it was given one, its own arguments and its environment.
const fakeSudo = `#!/bin/sh
printf '%s\n' "$*" >>"$NOTES/args"
env >>"$NOTES/env"
case $1 in
-n) echo "sudo: a password is required" >&2; exit 1;;
-S) shift; exec "$@";;
-A) shift;;
esac
act=run
while :; do
	case $1 in
	-u | -Hu) shift 2;;
	-H | -E) shift;;
	-v | -k) act=none; shift;;
	--) shift; break;;
	*) break;;
	esac
done
go() { [ $act = run ] || exit 0; unset SUDO_ASKPASS; exec "$@"; }
[ ! -e "$NOTES/nopasswd" ] || go "$@"
i=0 most=3
[ ! -e "$NOTES/passwd_tries" ] || most=1
while [ $i -lt $most ]; do
	given=$("$SUDO_ASKPASS" "[sudo] password") || { echo "sudo: no password was provided" >&2; exit 1; }
	echo x >>"$NOTES/tries"
	[ "$given" != "$(cat "$NOTES/password")" ] || go "$@"
	i=$((i + 1))
	[ $i = $most ] || echo "Sorry, try again." >&2
done
echo "sudo: $most incorrect password attempt" >&2
exit 1
`

// sudoHost is a place with a fake sudo and a stored password.
type sudoHost struct {
	t      *testing.T
	notes  string // directory
	temp   string
	stored string
	sudoer sudoer
	env    []string
	run    run
}

func newSudoHost(t *testing.T, real, stored string, shell ...string) *sudoHost {
	t.Helper()
	h := &sudoHost{t: t, notes: t.TempDir(), temp: t.TempDir(), stored: stored}
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "sudo"), []byte(fakeSudo), 0o700); err != nil {
		t.Fatal(err)
	}
	h.write("password", real)
	h.env = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "NOTES=" + h.notes, "HOME=" + h.notes, "XDG_RUNTIME_DIR=" + h.temp}
	h.sudoer = sudoer{name: "db", where: "here", trials: &trials{}, secret: func(context.Context, string, *Host) (string, error) { return h.stored, nil }}
	h.run = func(ctx context.Context, c Command) (Exit, error) {
		text := c.Text
		if c.Script != nil {
			text = c.Script.Text()
		}
		cmd := exec.CommandContext(ctx, shell[0], append(shell[1:len(shell):len(shell)], "-c", text)...)
		cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = h.env, c.Stdin, c.Stdout, c.Stderr
		_ = cmd.Run() // what it printed says how it ended
		code := cmd.ProcessState.ExitCode()
		return Exit{Code: &code}, nil
	}
	if len(shell) == 0 {
		h.run = (&local{environ: h.env, run: localexec.Run}).Run
	}
	return h
}

func (h *sudoHost) write(name, text string) {
	h.t.Helper()
	if err := os.WriteFile(filepath.Join(h.notes, name), []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

func (h *sudoHost) read(name string) string {
	b, _ := os.ReadFile(filepath.Join(h.notes, name))
	return string(b)
}

// tries are the passwords that sudo was given since the last question.
func (h *sudoHost) tries() int {
	n := strings.Count(h.read("tries"), "x")
	h.write("tries", "")
	return n
}

// do runs a command with a standard input, and returns what it printed and the error.
func (h *sudoHost) do(c Command, stdin string) (out, errors string, err error) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 60*time.Second)
	defer cancel()
	var stdout, stderr strings.Builder
	c.Stdout, c.Stderr, c.ID = &stdout, &stderr, "c"
	if stdin != "" {
		c.Stdin = strings.NewReader(stdin)
	}
	_, err = h.sudoer.answered(ctx, c, h.run)
	if left, _ := filepath.Glob(filepath.Join(h.temp, ".relay-*")); len(left) > 0 {
		h.t.Errorf("left behind: %v", left)
	}
	return stdout.String(), stderr.String(), err
}

func TestSudo(t *testing.T) {
	t.Parallel()
	for _, shell := range [][]string{{"dash"}, {"bash"}, {"sh"}, {"busybox", "sh"}, {"ksh"}, {"mksh"}, {"zsh"}} {
		t.Run(strings.Join(shell, " "), func(t *testing.T) {
			t.Parallel()
			sshtest.Need(t, shell[0])
			const password = `p w\n'"$(x)%s`
			h := newSudoHost(t, password, password, shell...)
			for _, tt := range []struct{ name, text, stdin, want string }{
				{"its own input", "sudo -u app cat; echo $?", "the command's own\ninput\n", "the command's own\ninput\n0\n"},
				{"three of them", "sudo printf 'a\\n' | sudo cat && sudo echo b", "", "a\nb\n"},
				{"status", "sudo sh -c 'exit 7'; echo $?", "", "7\n"},
				{"-k and more options", "sudo -k\nsudo -Hu app -- echo c", "", "c\n"},
				{"an option's value is none", "sudo -u -S echo d", "", "d\n"},
				{"-S is its own affair", "sudo -S echo own", "", "own\n"},
				{"strict", "sudo true; set -eu; sudo false || echo $?; sudo echo e", "", "1\ne\n"},
			} {
				if out, errors, err := h.do(Command{Text: tt.text}, tt.stdin); out != tt.want || errors != "" || err != nil {
					t.Errorf("%s: out %q errors %q, %v", tt.name, out, errors, err)
				}
			}
			if strings.Contains(h.read("args")+h.read("env"), "p w") {
				t.Error("the password is where others see it")
			}
			if h.tries(); true {
				_, _, err := h.do(Command{Text: "sudo -u app true"}, "")
				if n := h.tries(); err != nil || n != 1 {
					t.Errorf("a known password: %d tries, %v", n, err)
				}
			}
			h.write("nopasswd", "")
			if out, errors, err := h.do(Command{Text: "sudo cat"}, "in\n"); out != "in\n" || errors != "" || err != nil || h.tries() != 0 {
				t.Errorf("no password needed: out %q errors %q, %v", out, errors, err)
			}
			_ = os.Remove(filepath.Join(h.notes, "nopasswd"))
			h.write("password", "changed")
			out, errors, err := h.do(Command{Text: "sudo true && sudo echo no || sudo echo no; (sudo echo no); echo no"}, "")
			if n := h.tries(); !refusedNow(err) || n != 1 || out != "" || errors != "Sorry, try again.\nsudo: no password was provided\n" {
				t.Errorf("changed meanwhile: out %q errors %q, %d tries, %v", out, errors, n, err)
			}
		})
	}
}

// TestNoSudo has a host without sudo say so.
func TestNoSudo(t *testing.T) {
	t.Parallel()
	h := newSudoHost(t, "pw", "pw", "sh")
	h.env[0] = "PATH=" + without(t, os.Getenv("PATH"), "sudo")
	for range 20 { // what answers sudo must not wait for it
		if out, errors, err := h.do(Command{Text: "sudo true; echo $?"}, ""); out != "127\n" || !strings.Contains(errors, "sudo: ") || err != nil {
			t.Fatalf("%q %q %v", out, errors, err)
		}
	}
}

func refusedNow(err error) bool {
	var r *RefusedError
	return errors.As(err, &r) && r.Until.IsZero()
}

func refusedBefore(err error) bool {
	var r *RefusedError
	return errors.As(err, &r) && !r.Until.IsZero()
}

func TestSudoInScripts(t *testing.T) {
	t.Parallel()
	for _, interpreter := range []string{"bash", "sh", "/bin/bash", "/bin/dash"} {
		h := newSudoHost(t, "pw", "pw", "sh")
		script := func(body string) Command {
			return Command{Script: &Script{Interpreter: interpreter, Body: body, Strict: true}}
		}
		if out, errors, err := h.do(script("#!/bin/sh\n# comment\nset -x\nset +x\n\nsudo cat\nsudo echo b\nsudo false || echo c"), "in\n"); out != "in\nb\nc\n" || err != nil {
			t.Errorf("%s: %q %q %v", interpreter, out, errors, err)
		}
		if out, _, err := h.do(script("sudo true\nsudo false\necho no"), ""); out != "" || err != nil {
			t.Errorf("%s: strict goes on: %q %v", interpreter, out, err)
		}
		if _, errors, err := h.do(script("sudo true\n\nnone-such"), ""); !strings.Contains(errors, "3: none-such") && !strings.Contains(errors, "line 3: none-such") || err != nil {
			t.Errorf("%s: the line's number is lost: %q %v", interpreter, errors, err)
		}
		h.tries()
		if out, _, err := h.do(script("cd /\nsudo -A echo x"), ""); out != "" || err != nil || h.tries() != 0 {
			t.Errorf("%s: it begins with cd: %q %v", interpreter, out, err)
		}
		h.stored = "wrong"
		if out, _, err := h.do(script("sudo true\necho no"), ""); out != "" || !refusedNow(err) || h.tries() != 1 {
			t.Errorf("%s: wrong: %q %v", interpreter, out, err)
		}
	}
	h := newSudoHost(t, "pw", "pw", "sh")
	if _, _, err := h.do(Command{Script: &Script{Interpreter: "python3", Body: "sudo = 1"}}, ""); err != nil || h.tries() != 0 {
		t.Error("python", err)
	}
}

// TestSudoOnTerminal types the password where nothing is shown.
func TestSudoOnTerminal(t *testing.T) {
	t.Parallel()
	h := newSudoHost(t, "pw", "pw")
	for range 3 {
		if out, _, err := h.do(Command{Text: "sudo tty >/dev/null && sudo cat", TTY: true}, "own\n"); out != "own\r\n" || err != nil {
			t.Errorf("%q %v", out, err)
		}
	}
	h.stored = "wrong"
	if out, _, err := h.do(Command{Text: "sudo true", TTY: true}, ""); out != "" || !refusedNow(err) {
		t.Errorf("%q %v", out, err)
	}
	h.stored = "pw"
	h.write("password", "changed")
	if out, _, err := h.do(Command{Text: "sudo true; echo no", TTY: true}, ""); strings.Contains(out, "relay") || strings.Contains(out, "no\r\n") || !refusedNow(err) {
		t.Errorf("%q %v", out, err)
	}
	h = newSudoHost(t, "pw", "pw")
	h.env[0] = "PATH=" + without(t, h.env[0][5:], "stty")
	h.run = (&local{environ: h.env, run: localexec.Run}).Run
	if out, _, err := h.do(Command{Text: "sudo true; echo $?", TTY: true}, ""); !strings.Contains(out, "cannot be given here") || !strings.HasSuffix(out, "1\r\n") || err != nil || h.tries() != 1 { // to try it takes no terminal
		t.Errorf("without stty: %q %v", out, err)
	}
}

// without is a directory with the programs of PATH but one.
func without(t *testing.T, path, missing string) string {
	t.Helper()
	bin := t.TempDir()
	for _, dir := range filepath.SplitList(path) {
		for _, name := range []string{"sudo", "cat", "env", "sh", "mktemp", "mkfifo", "ln", "rm", "chmod"} {
			if _, err := os.Stat(filepath.Join(dir, name)); err == nil && name != missing {
				_ = os.Symlink(filepath.Join(dir, name), filepath.Join(bin, name)) // the first wins
			}
		}
	}
	return bin
}

// TestSudoTriesOnce has many commands at the same time with a password that is wrong: an account must not be locked by them.
func TestSudoTriesOnce(t *testing.T) {
	t.Parallel()
	for _, once := range []bool{false, true} {
		h := newSudoHost(t, "pw", "wrong", "sh")
		if once {
			h.write("passwd_tries", "")
		}
		var group sync.WaitGroup
		errs := make(chan error, 20)
		for range cap(errs) {
			group.Go(func() {
				_, err := h.sudoer.answered(t.Context(), Command{Text: "sudo true", ID: "c"}, h.run)
				errs <- err
			})
		}
		group.Wait()
		close(errs)
		now := 0
		for err := range errs {
			if refusedNow(err) {
				now++
			} else if !refusedBefore(err) {
				t.Error(err)
			}
		}
		if n := h.tries(); n != 1 || now != 1 {
			t.Errorf("passwd_tries=1: %v: %d tries, refused %d times", once, n, now)
		}
		if _, _, _, err := h.sudoer.prepared(t.Context(), Command{Text: "sudo true"}, h.run); !refusedBefore(err) {
			t.Error("a job would try again:", err)
		}
		h.stored = "pw" // the operator has mended it
		if out, _, err := h.do(Command{Text: "sudo echo a"}, ""); out != "a\n" || err != nil {
			t.Errorf("mended: %q %v", out, err)
		}
	}
}

// TestSudoOfJobs gives text that somebody else runs what it takes.
func TestSudoOfJobs(t *testing.T) {
	t.Parallel()
	h := newSudoHost(t, "pw", "pw", "sh")
	text, input, secret, err := h.sudoer.prepared(t.Context(), Command{Text: "sudo cat; sudo echo b"}, h.run)
	if err != nil || input != "pw\n" || secret != "db" || strings.Contains(text, "pw\n") {
		t.Fatal(text, input, secret, err)
	}
	out := func() string {
		var b strings.Builder
		if _, err := h.run(t.Context(), Command{Text: text, Stdin: strings.NewReader(input), Stdout: &b, Stderr: &b}); err != nil {
			t.Error(err)
		}
		return b.String()
	}
	if got := out(); got != "b\n" {
		t.Errorf("%q", got)
	}
	h.write("password", "changed")
	if got := out(); !strings.HasSuffix(got, "relay-shell: sudo refused the stored password (secret db): it was tried once, and the command ended there\n") {
		t.Errorf("%q", got)
	}
	if text, input, secret, err := h.sudoer.prepared(t.Context(), Command{Text: "echo sudo"}, h.run); text != "echo sudo" || input+secret != "" || err != nil {
		t.Error(text, input, secret, err)
	}
}

func TestSudoBegins(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]sudoOptions{
		"sudo x": {}, "  sudo\tx": {}, "sudo": {}, "sudo -u app x": {user: "app"}, "sudo -Huapp x": {user: "app"}, "sudo --user=app -n x": {user: "app", own: true},
		"sudo -u \"$a\" x": {}, "sudo -p -S x": {}, "sudo -kS x": {own: true}, "sudo -uS x": {user: "S"}, "sudo -- -S": {}, "sudo -k": {}, "sudo -g wheel --askpass x": {own: true},
	} {
		if got, begins := sudoBegins(Command{Text: text}); got != want || !begins {
			t.Errorf("%q: %+v %v", text, got, begins)
		}
	}
	for _, text := range []string{"sudoedit x", "echo sudo", "true; sudo x", "/usr/bin/sudo x", "cd /x && sudo y", ""} {
		if _, begins := sudoBegins(Command{Text: text}); begins {
			t.Errorf("%q begins with sudo", text)
		}
	}
	if c, w, err := (&sudoer{}).prepare(t.Context(), Command{Text: "sudo x"}, nil); c.Text != "sudo x" || w != nil || err != nil {
		t.Error("a place without a secret")
	}
}

// TestWatchInPieces has marks come in every pair of pieces, amid other output.
func TestWatchInPieces(t *testing.T) {
	t.Parallel()
	const refused, tried = "relay-shell-sudo-X-refused", "relay-shell-sudo-X-tried"
	for _, text := range []string{"Sorry, try again.\n" + refused + "after", refused, "relay-shell-sudo-\n", "rel", "", "sudo: 1 incorrect password attempt\n" + tried, "a" + tried + "b" + tried + "c", "an old log:\nsudo: 1 incorrect password attempt\n\n" + tried} {
		for cut := range len(text) + 1 {
			var out strings.Builder
			w := &sudoWatch{secret: "s", trial: &trial{}, marks: [marks]string{refused, tried}, ended: make(chan struct{}), out: &out}
			for _, p := range []string{text[:cut], text[cut:]} {
				if n, err := w.Write([]byte(p)); n != len(p) || err != nil {
					t.Fatal(n, err)
				}
			}
			err := w.end()
			want := strings.ReplaceAll(strings.ReplaceAll(text, refused, ""), tried, "")
			if out.String() != want || (err != nil) != (strings.Contains(text, refused) || strings.HasPrefix(text, "sudo: 1 incorrect")) {
				t.Errorf("%q cut at %d: %q, %v", text, cut, out.String(), err)
			}
		}
	}
}

// TestGateOpensAtTheEnd has nobody wait for a terminal whose command has ended.
func TestGateOpensAtTheEnd(t *testing.T) {
	t.Parallel()
	c, w, err := dressed(Command{Text: "sudo x", TTY: true, Stdout: io.Discard}, "pw", "s", &trial{})
	if err != nil {
		t.Fatal(err)
	}
	read := make(chan string)
	go func() { b, _ := io.ReadAll(c.Stdin); read <- string(b) }()
	if err := w.end(); err != nil {
		t.Error(err)
	}
	if got := <-read; got != "" {
		t.Errorf("the password went out: %q", got)
	}
}

// TestWithoutSudoPrelude has who judges a command see the command, and nothing hidden in what looks like a prelude.
func TestWithoutSudoPrelude(t *testing.T) {
	t.Parallel()
	lead := preludeFor("relay-shell-sudo-A-refused", "relay-shell-sudo-A-tried", "")
	for _, before := range []string{"", "exec 2>&1\n", "CDPATH= cd -- /srv || exit 1\n", "exec 2>&1; CDPATH= cd -- \"$HOME\"/'a b' 2>/dev/null || { _s=3; exit 1; }\n"} {
		for _, before := range []string{before, before + "(\n"} {
			if got, want := WithoutSudoPrelude(before+lead+"sudo x\nexit $?"), before+"sudo x\nexit $?"; got != want {
				t.Errorf("%q: %q", before, got)
			}
		}
	}
	for _, text := range []string{
		"sudo x", "echo '\n" + lead + "sudo x", "echo \"" + lead + "sudo x", "cat <<X\n" + lead + "sudo x", "CDPATH= cd -- '/srv\n" + lead + "sudo x", "CDPATH= cd -- / \\\n" + lead, "exec 2>&1" + lead,
		"echo '(\n" + lead + "sudo x", "((\n" + lead + "sudo x", "case x in x(\n" + lead, "f(\n" + lead, "alias trap=reboot\n" + lead + "sudo x", strings.Replace(lead, "mktemp", "reboot; mktemp", 1) + "sudo x", preludeFor("x; reboot", "", "") + "sudo x",
	} {
		if got := WithoutSudoPrelude(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}
