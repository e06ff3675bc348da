package sshbin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshtest"
)

// TestMaxConns ends the longest idle masters.
func TestMaxConns(t *testing.T) {
	t.Parallel()
	l := sshtest.New(t)
	hosts, err := l.Farm("h", 5, sshtest.Options{Shell: "dash"})
	if err != nil {
		t.Fatal(err)
	}
	e := newEngine(t, l, Options{MaxConns: 2})
	var first MasterInfo
	for i, host := range hosts {
		info := ready(t, e, resolve(t, e, host, dest.Options{}))
		if i == 0 {
			first = info
		}
	}
	waitFor(t, "two are left", func() bool {
		list, err := e.Connections(t.Context())
		return err == nil && len(list) == 2
	})
	waitFor(t, "the first one is gone", func() bool { return !isMaster(first.MasterPID, first.Path) })
}

// TestFullMaster has another program, as keepers do, hold every session of a master: calls go on by a further one, with a leash.
func TestFullMaster(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Shell: "dash", Config: []string{"MaxSessions 4"}})
	holder, e := newEngine(t, server.Lab, Options{}), newEngine(t, server.Lab, Options{})
	var held []*Session
	for range 3 { // and the leash
		s, err := holder.Open(t.Context(), resolve(t, holder, "target", dest.Options{}), Command{Text: "cat"})
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, s)
	}
	r := resolve(t, e, "target", dest.Options{})
	atOnce(t, 12, 12, func(i int) error { return echoes(e, r, i) })
	p, err := e.pool(r)
	if err != nil {
		t.Fatal(err)
	}
	if p.leashless.Load() {
		t.Error("commands run without a leash now")
	}
	for _, s := range held {
		_ = s.Close()
	}
}

// TestSpare opens a session that is of use and not needed: where there is a place and one for others, on no further connection.
func TestSpare(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Shell: "dash"})
	e := newEngine(t, server.Lab, Options{})
	r := resolve(t, e, "target", dest.Options{})
	open := func(spare bool) error {
		s, err := e.Open(t.Context(), r, Command{Text: "cat", Spare: spare})
		if err == nil {
			t.Cleanup(func() { _ = s.Close() })
		}
		return err
	}
	if err := open(true); code(err) != "limit_reached" {
		t.Errorf("without a connection: %v", err)
	}
	for n := range sessionsPerMaster - 2 {
		if err := open(n%2 > 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := open(true); err != nil {
		t.Errorf("with two places: %v", err)
	}
	if err := open(true); code(err) != "limit_reached" {
		t.Errorf("with one place: %v", err)
	}
	if server.Logins() != 1 {
		t.Errorf("%d logins", server.Logins())
	}
}

// TestNothingLeaks counts descriptors, processes and goroutines over many calls of all kinds.
func TestNothingLeaks(t *testing.T) {
	server := sshtest.Start(t, sshtest.Options{Shell: "dash"})
	modes(t, func(t *testing.T, mode Mode) {
		e := newEngine(t, server.Lab, Options{Engine: mode})
		r := resolve(t, e, "target", dest.Options{})
		round := func() {
			atOnce(t, 20, 5, func(i int) error { return echoes(e, r, i) })
			if _, _, err := cutShort(t, e, r, Command{Text: "echo up; sleep 8100"}); !errors.Is(err, errCancelled) {
				t.Error(err)
			}
			s, err := e.Open(t.Context(), r, Command{Text: "cat"})
			if err != nil {
				t.Fatal(err)
			}
			_ = s.Close()
			mustRun(t, e, r, Command{Text: "true", TTY: true})
			if conn, err := e.DialStdio(t.Context(), r, "127.0.0.1", server.Port(), true); err == nil {
				conn.Close()
			}
		}
		round()
		files := func() int {
			entries, _ := os.ReadDir("/proc/self/fd")
			return len(entries)
		}
		var before int
		waitFor(t, "all is quiet", func() bool {
			n := files()
			time.Sleep(200 * time.Millisecond)
			before = files()
			return n == before
		})
		for range 2 {
			round()
		}
		waitFor(t, fmt.Sprintf("back to %d descriptors", before), func() bool { return files() <= before })
		waitFor(t, "every process is waited for", func() bool { return zombies() == 0 })
	})
}

func TestBadCommands(t *testing.T) {
	t.Parallel()
	l := sshtest.New(t)
	if err := l.AddHost("target", "HostName 127.0.0.1", "Port 1"); err != nil {
		t.Fatal(err)
	}
	e := newEngine(t, l, Options{})
	r := resolve(t, e, "target", dest.Options{})
	for _, c := range []Command{
		{}, {Text: " \n"}, {Text: "a\x00b"}, {Text: "true", Dir: "a\x00"}, {Text: "true", Env: []EnvVar{{"A B", ptr("x")}}}, {Text: "true", Env: []EnvVar{{"", nil}}},
		{Text: "true", Env: []EnvVar{{"A", ptr("x\x00")}}}, {Text: "true", Subsystem: "sftp"}, {Text: "true", Dir: "/" + strings.Repeat("x", 200_000)},
	} {
		if _, err := e.Run(t.Context(), r, c); code(err) != "invalid_argument" {
			t.Errorf("%+v: %v", c, err)
		}
	}
	large, many := strings.Repeat("x", maxVariable-1), []EnvVar{}
	for i := range 20 {
		many = append(many, EnvVar{"A" + itoa(i), ptr(large[:maxVariable-5])})
	}
	for _, env := range [][]EnvVar{{{"A", &large}}, many} {
		if _, err := e.Run(t.Context(), r, Command{Text: "true", Env: env}); code(err) != "too_large" {
			t.Errorf("%d variables: %v", len(env), err)
		}
	}
	if _, err := e.Run(t.Context(), r, Command{Text: "true"}); code(err) != "unreachable" || !strings.Contains(err.Error(), "refused") {
		t.Errorf("a closed port: %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errCancelled)
	if _, err := e.Run(ctx, r, Command{Text: "true"}); !errors.Is(err, errCancelled) {
		t.Errorf("cancelled before: %v", err)
	}
	if err := errors.Join(e.Close(), e.Close()); err != nil {
		t.Error(err)
	}
	if _, err := e.Run(t.Context(), r, Command{Text: "true"}); !errors.Is(err, errClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestMissingSSH(t *testing.T) {
	l := sshtest.New(t)
	t.Setenv("PATH", "/nonexistent")
	e := newEngine(t, l, Options{Env: []string{"PATH=/nonexistent"}})
	d, err := dest.Parse("target", dest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Resolve(t.Context(), d); code(err) != "unsupported" {
		t.Errorf("error %v", err)
	}
}

func TestRuntimeDir(t *testing.T) {
	t.Parallel()
	dir := runtimeDir(t)
	open := filepath.Join(dir, "open")
	if err := os.Mkdir(open, 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(open, link); err != nil {
		t.Fatal(err)
	}
	for path, ok := range map[string]bool{
		filepath.Join(dir, "new", "deeper"): true, open: true, file: false, link: false, "relative": false,
		filepath.Join(dir, strings.Repeat("x", maxRuntimeDir)): false,
	} {
		e, err := New(Options{RuntimeDir: path})
		if (err == nil) != ok {
			t.Errorf("%s: %v", path, err)
		}
		if err != nil {
			continue
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: mode %v, %v", path, info.Mode(), err)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
}
