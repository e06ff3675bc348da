package sshbin

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshtest"
)

// strange is text that quoting has to survive on its way through any login shell.
var strange = []string{
	`a  b`, `'single' "double"`, "back\\slash \\n \\\\", "`id` $(id) ${HOME}", "!! !x ^a^b", "*?[a-z]{x,y}~", "#;&|<>()", "-n", "%s%d%%", "ü€\x80\xff", "tab\tnewline\nend",
}

// TestLoginShells runs the same commands under every login shell, and with a server that is not OpenSSH.
func TestLoginShells(t *testing.T) {
	t.Parallel()
	for _, o := range []sshtest.Options{
		{Shell: "bash"}, {Shell: "dash"}, {Shell: "zsh"}, {Shell: "ksh"}, {Shell: "fish"}, {Shell: "tcsh"}, {Shell: "dash", Ordinary: true}, {Dropbear: true, Shell: "dash"}, {Dropbear: true, Shell: "fish"},
	} {
		name := o.Shell
		if o.Dropbear {
			name += " dropbear"
		}
		if o.Ordinary {
			name += " ordinary"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := sshtest.Start(t, o)
			e := newEngine(t, server.Lab, Options{})
			r := resolve(t, e, "target", dest.Options{})
			res := mustRun(t, e, r, Command{Text: `echo out; echo err >&2; exit 7`})
			if res.out != "out\n" || res.err != "err\n" || res.code != 7 {
				t.Errorf("output %q, errors %q, exit %d", res.out, res.err, res.code)
			}
			for _, s := range strange {
				// Once in the text, once in the environment, once on standard input.
				res := mustRun(t, e, r, Command{Text: "printf %s " + quote(s) + `; printf '|%s|' "$V"; cat`, Env: []EnvVar{{"V", &s}}, Stdin: strings.NewReader(s)})
				if want := s + "|" + s + "|" + s; res.out != want {
					t.Errorf("output %q, want %q, errors %q", res.out, want, res.err)
				}
			}
			dir := filepath.Join(server.AccountHome(), "a 'b")
			if err := os.MkdirAll(dir, 0o777); err != nil {
				t.Fatal(err)
			}
			if res := mustRun(t, e, r, Command{Text: "pwd", Dir: "~/a 'b"}); res.out != dir+"\n" {
				t.Errorf("directory %q, want %q: %s", res.out, dir, res.err)
			}
			for bad, want := range map[string]string{"~/a 'b/none": "not_found", "/etc/passwd": "invalid_argument"} {
				if res, err := run(t, e, r, Command{Text: "echo ran", Dir: bad}); code(err) != want || res.out+res.err != "" || res.code != -1 {
					t.Errorf("directory %s: %v, want %s; %+v", bad, err, want, res)
				}
			}
			if res := mustRun(t, e, r, Command{Text: "for i in 1 2; do echo $i; done | tail -n 1"}); res.out != "2\n" {
				t.Errorf("POSIX text gave %q, %q", res.out, res.err)
			}
			if res := mustRun(t, e, r, Command{Text: "sh -c 'kill -SEGV $$'"}); res.code != 139 || res.signal != "SEGV" {
				t.Errorf("exit %d, signal %q", res.code, res.signal)
			}
			checkGone(t, server, e, r, trees[3].text, 4900)
		})
	}
}

// TestNoisyStartup keeps what start-up files print out of our own conversations.
func TestNoisyStartup(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Shell: "bash"})
	noise := "echo noise; printf 'hi there '; echo error >&2\n"
	if err := os.WriteFile(filepath.Join(server.AccountHome(), ".bashrc"), []byte(noise), 0o644); err != nil {
		t.Fatal(err)
	}
	e := newEngine(t, server.Lab, Options{})
	r := resolve(t, e, "target", dest.Options{})
	if res := mustRun(t, e, r, Command{Text: "echo mine"}); !strings.HasSuffix(res.out, "mine\n") {
		t.Errorf("output %q", res.out)
	}
	long := ": '" + strings.Repeat("x", 100_000) + "'; echo long"
	if res := mustRun(t, e, r, Command{Text: long}); !strings.HasSuffix(res.out, "long\n") {
		t.Errorf("output %q, errors %q", res.out, res.err)
	}
	if p, _ := e.pool(r); p.leashless.Load() {
		t.Error("noise cost the leash")
	}
	checkGone(t, server, e, r, trees[0].text, 4901)
}

func TestTTY(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Shell: "dash"})
	modes(t, func(t *testing.T, mode Mode) {
		e := newEngine(t, server.Lab, Options{Engine: mode})
		r := resolve(t, e, "target", dest.Options{})
		res := mustRun(t, e, r, Command{Text: "test -t 0 && test -t 1 && stty size && echo $TERM; cat; echo err >&2; exit 5", TTY: true, Stdin: strings.NewReader("typed"), Env: []EnvVar{{"V", ptr("x")}}})
		if res.out != "40 120\nxterm-256color\ntypederr\n" || res.code != 5 {
			t.Errorf("output %q, exit %d", res.out, res.code)
		}
	})
}

// TestMerged keeps the order of two streams that share a writer.
func TestMerged(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Shell: "dash"})
	modes(t, func(t *testing.T, mode Mode) {
		e := newEngine(t, server.Lab, Options{Engine: mode})
		r := resolve(t, e, "target", dest.Options{})
		var both, want strings.Builder
		for range 500 {
			want.WriteString("o\ne\n")
		}
		mustRun(t, e, r, Command{Text: "i=0; while [ $i -lt 500 ]; do echo o; echo e >&2; i=$((i+1)); done", Stdout: &both, Stderr: &both})
		if both.String() != want.String() {
			t.Error("the streams overtook each other")
		}
	})
}
