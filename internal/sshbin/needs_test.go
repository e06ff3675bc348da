package sshbin

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshtest"
)

// TestProgram does not start a script whose interpreter the host has not.
func TestProgram(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Ordinary: true})
	modes(t, func(t *testing.T, mode Mode) {
		e := newEngine(t, server.Lab, Options{Engine: mode, RuntimeDir: runtimeDir(t)})
		r := resolve(t, e, "target", dest.Options{})
		for program, want := range map[string]string{"sh": "", "/bin/sh": "", "no-such-interpreter": "not_found", "/no/such": "not_found", "/etc/passwd": "not_found", "it's $(echo sh)": "not_found"} {
			res, err := run(t, e, r, Command{Text: "echo ran", Program: program, Dir: "/"})
			if code(err) != want || (res.out == "ran\n") != (want == "") || res.err != "" {
				t.Errorf("%s: error %v, want %q; output %q %q", program, err, want, res.out, res.err)
			}
		}
	})
}

// TestDirectory says why a command did not run in its directory, whichever way its output takes, and leaves the output alone.
func TestDirectory(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Ordinary: true})
	modes(t, func(t *testing.T, mode Mode) {
		e := newEngine(t, server.Lab, Options{Engine: mode, RuntimeDir: runtimeDir(t)})
		r := resolve(t, e, "target", dest.Options{})
		var merged bytes.Buffer
		for name, c := range map[string]Command{
			"apart": {}, "merged": {Stdout: &merged, Stderr: &merged}, "terminal": {TTY: true}, "long": {Text: ": '" + strings.Repeat("x", 100_000) + "'"},
			"environment": {Env: []EnvVar{{"A", ptr("x\ny")}}}, "no leash": {NoLeash: true},
		} {
			for dir, want := range map[string]string{"/nonexistent/it's": "not_found", "/etc/passwd": "invalid_argument", "/proc/1/fdinfo": "permission_denied"} {
				if c.Dir = dir; c.Text == "" {
					c.Text = "echo ran"
				}
				res, err := run(t, e, r, c)
				var said *Error
				if !errors.As(err, &said) || said.Code != want || said.Started || !strings.Contains(said.Message, dir) || res.out+res.err+merged.String() != "" || res.code != -1 {
					t.Errorf("%s: in %s: error %v, want %s; output %q %q", name, dir, err, want, res.out, res.err)
				}
			}
		}
		// Of a command that runs, nothing is lost or added, also what looks like the beginning of a marker.
		text := "printf 'a\\036'; printf 'b\\036' >&2; exit 1"
		if res := mustRun(t, e, r, Command{Text: text, Dir: "/"}); res.out != "a\x1e" || res.err != "b\x1e" || res.code != 1 {
			t.Errorf("output %q, errors %q, exit %d", res.out, res.err, res.code)
		}
	})
}
