package sshbin

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshtest"
)

// exact are commands whose output and end are easily spoilt on the way: by a shell that is not POSIX, by noise, by what a byte may mean to
// somebody. in goes to standard input.
func exact() []struct {
	name string
	c    Command
	want result
} {
	blob := make([]byte, 1<<20)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(blob) // never fails
	in := func() *bytes.Reader { return bytes.NewReader(blob) }
	value := "a 'b' \"c\" $d `e` !f \\\nlast"
	return []struct {
		name string
		c    Command
		want result
	}{
		{"nothing", Command{Text: "true"}, result{}},
		{"no end of line", Command{Text: "printf abc; printf def >&2"}, result{out: "abc", err: "def"}},
		{"binary", Command{Text: `printf '\000\377\036\001\r\n\200'; printf '\377\000' >&2; exit 3`}, result{out: "\x00\xff\x1e\x01\r\n\x80", err: "\xff\x00", code: 3}},
		{"a megabyte there and back", Command{Text: "cat", Stdin: in()}, result{out: string(blob)}},
		{"a megabyte behind the environment", Command{Text: `printf %s "$V"; cat`, Env: []EnvVar{{"V", &value}}, Stdin: in()}, result{out: value + string(blob)}},
		{"a megabyte that nobody reads", Command{Text: "exit 255", Stdin: in()}, result{code: 255}},
		{"255 and words", Command{Text: "echo no >&2; exit 255"}, result{err: "no\n", code: 255}},
		{"death by TERM", Command{Text: `sh -c 'sh -c "kill -TERM \$\$"; exit $?' 2>/dev/null`}, result{code: 143, signal: "TERM"}},
		{"death by KILL", Command{Text: `sh -c 'sh -c "kill -KILL \$\$"; exit $?' 2>/dev/null`}, result{code: 137, signal: "KILL"}},
		{"death of the shell itself", Command{Text: "printf last; kill -KILL $$"}, result{out: "last", code: -1}},
		{"errors after the end of output", Command{Text: "exec >&-; echo late >&2; exit 4"}, result{err: "late\n", code: 4}},
		{"exit within", Command{Text: "if true; then echo yes; exit 6; fi; echo no"}, result{out: "yes\n", code: 6}},
		{"broken pipe", Command{Text: "yes 2>/dev/null | head -n 2; echo $?"}, result{out: "y\ny\n0\n"}},
		{"no such program", Command{Text: "none-such 2>/dev/null"}, result{code: 127}},
	}
}

// busyboxOnly is a directory with nothing but the tools of busybox.
func busyboxOnly(t *testing.T) string {
	t.Helper()
	dir := runtimeDir(t)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("busybox", "--install", "-s", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return dir
}

// TestExact runs them under every login shell, with start-up files that talk, behind a forced command, with busybox alone, and with dropbear.
func TestExact(t *testing.T) {
	t.Parallel()
	box := busyboxOnly(t)
	for _, host := range []struct {
		name  string
		o     sshtest.Options
		modes []Mode
		rc    string // a start-up file that prints
	}{
		{"dash", sshtest.Options{Shell: "dash"}, []Mode{Passenger, Fork}, ""},
		{"bash", sshtest.Options{Shell: "bash", Ordinary: true}, []Mode{Passenger}, ".bashrc"},
		{"rbash", sshtest.Options{Shell: "rbash", Ordinary: true}, []Mode{Passenger}, ""},
		{"zsh", sshtest.Options{Shell: "zsh"}, []Mode{Passenger}, ".zshenv"},
		{"ksh", sshtest.Options{Shell: "ksh"}, []Mode{Passenger, Fork}, ""},
		{"fish", sshtest.Options{Shell: "fish", Ordinary: true}, []Mode{Passenger, Fork}, ".config/fish/config.fish"},
		{"tcsh", sshtest.Options{Shell: "tcsh"}, []Mode{Passenger, Fork}, ".tcshrc"},
		{"csh", sshtest.Options{Shell: "csh", Ordinary: true}, []Mode{Passenger}, ".cshrc"},
		{"busybox", sshtest.Options{Shell: box + "/ash", Config: []string{"SetEnv PATH=" + box}, Ordinary: true}, []Mode{Passenger, Fork}, ""},
		{"forced command", sshtest.Options{Shell: "dash", Config: []string{`ForceCommand exec sh -c "$SSH_ORIGINAL_COMMAND"`}}, []Mode{Passenger}, ""},
		{"dropbear", sshtest.Options{Dropbear: true, Shell: "dash"}, []Mode{Passenger}, ""},
		{"dropbear fish", sshtest.Options{Dropbear: true, Shell: "fish"}, []Mode{Passenger}, ""},
	} {
		for _, mode := range host.modes {
			t.Run(fmt.Sprintf("%s %s", host.name, mode), func(t *testing.T) {
				t.Parallel()
				server := sshtest.Start(t, host.o)
				e := newEngine(t, server.Lab, Options{Engine: mode})
				r := resolve(t, e, "target", dest.Options{})
				exactly(t, e, r, "", host.name == "rbash")
				if host.rc == "" {
					return
				}
				path := filepath.Join(server.AccountHome(), host.rc)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte("echo 'hi there'\n"), 0o644); err != nil {
					t.Fatal(err)
				}
				exactly(t, e, r, "hi there\n", false)
			})
		}
	}
}

// exactly runs them on a host whose start-up files print noise.
func exactly(t *testing.T, e *Engine, r *dest.Resolved, noise string, restricted bool) {
	t.Helper()
	for _, test := range exact() {
		if restricted && (strings.Contains(test.c.Text, ">") || test.c.Env != nil) {
			continue // such a shell forbids redirections, and the exec that would keep a value off its command line
		}
		got, err := run(t, e, r, test.c)
		want := test.want
		want.out = noise + want.out
		if err != nil || got.out != want.out || got.err != want.err || got.code != want.code || got.signal != want.signal {
			t.Errorf("%s: got %.100q (%d bytes), %.100q, %d %s, %v; want %.100q (%d bytes), %.100q, %d %s", strings.TrimSpace(test.name+" "+noise),
				got.out, len(got.out), got.err, got.code, got.signal, err, want.out, len(want.out), want.err, want.code, want.signal)
		}
	}
}
