package sshbin

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshtest"
)

// staging is an account on a server whose temporary directory is the returned one.
func staging(t *testing.T, o sshtest.Options) (*Engine, *dest.Resolved, string) {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "stage")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	o.Config = append(o.Config, "SetEnv TMPDIR="+dir)
	server := sshtest.Start(t, o)
	e := newEngine(t, server.Lab, Options{})
	return e, resolve(t, e, "target", dest.Options{}), dir
}

// TestStaged runs commands that are longer than an argument, with everything else that stands on standard input. While they run, the host's
// temporary directory holds nothing of them.
func TestStaged(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "dash", "zsh", "ksh", "fish", "tcsh"} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			e, r, dir := staging(t, sshtest.Options{Shell: shell, Ordinary: true})
			for _, n := range []int{maxText, 200_000, 3 << 20} {
				value, blob := "a\nb\n", strings.Repeat("x\x00\xff\n", 50_000)
				text := ": '" + strings.Repeat("ü'\\''\n", n/7) + "'; pwd; printf '%s|' \"$V\"; ls " + dir + " | wc -l | tr -d ' '; [ -e /dev/fd/9 ] && echo open; cat; exit 3"
				for name, c := range map[string]Command{
					"plain": {Text: text}, "everything": {Text: text, Dir: "/usr/bin", Env: []EnvVar{{"V", &value}}, Stdin: strings.NewReader(blob)},
				} {
					want := "/usr/bin\na\nb\n|0\n" + blob
					if name == "plain" {
						want = "|0\n"
					}
					res := mustRun(t, e, r, c)
					if !strings.HasSuffix(res.out, want) || res.code != 3 || res.err != "" {
						t.Errorf("%s, %d bytes: exit %d, %d bytes of output of %d, errors %.200q", name, n, res.code, len(res.out), len(want), res.err)
					}
				}
			}
			var both strings.Builder
			merged := Command{Text: ": '" + strings.Repeat("x", maxText) + "'; echo one; echo two >&2", Stdout: &both, Stderr: &both}
			if _, err := e.Run(t.Context(), r, merged); err != nil || both.String() != "one\ntwo\n" {
				t.Errorf("merged: %q, %v", both.String(), err)
			}
			if res, err := run(t, e, r, Command{Text: merged.Text, TTY: true}); code(err) != "too_large" || res.code != -1 {
				t.Errorf("on a terminal: %+v, %v", res, err)
			}
		})
	}
}

// slowly is a text whose end takes a while to come.
type slowly struct{ context.Context }

func (s slowly) Read([]byte) (int, error) {
	<-s.Done()
	return 0, io.EOF
}

// TestStagedNothingStays cancels long commands at random moments, kills their master, and has no room for them.
func TestStagedNothingStays(t *testing.T) {
	t.Parallel()
	e, r, dir := staging(t, sshtest.Options{Shell: "dash", Ordinary: true})
	mustRun(t, e, r, Command{Text: "true"})
	text := ": '" + strings.Repeat("x", 1<<20) + "'; cat; sleep 600"
	for i := range 20 {
		ctx, cancel := context.WithCancelCause(t.Context())
		done := make(chan struct{})
		timer := time.AfterFunc(time.Duration(rand.IntN(100))*time.Millisecond, func() {
			defer close(done)
			if i%5 == 4 {
				connections, _ := e.Connections(context.Background())
				for _, c := range connections {
					if p, err := os.FindProcess(c.PID); err == nil {
						_ = p.Kill()
					}
				}
			}
			cancel(errCancelled)
		})
		_, err := e.Run(ctx, r, Command{Text: text, Stdin: slowly{ctx}})
		if !errors.Is(err, errCancelled) && code(err) != "connection_lost" {
			t.Errorf("%v", err)
		}
		if !timer.Stop() {
			<-done
		}
		cancel(nil)
	}
	waitFor(t, "a master that nobody kills", func() bool {
		_, err := run(t, e, r, Command{Text: "true"})
		return err == nil
	})
	waitFor(t, "nothing is left", func() bool {
		left, err := os.ReadDir(dir)
		return err == nil && len(left) == 0
	})
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if res, err := run(t, e, r, Command{Text: text}); code(err) != "too_large" || res.out != "" || res.code != -1 {
		t.Errorf("without room: %+v, %v", res, err)
	}
}
