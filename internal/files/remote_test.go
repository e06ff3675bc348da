package files

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"relay-shell/internal/inventory"
	"relay-shell/internal/sshbin"
	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshtest"
	"relay-shell/internal/target"
)

// world is an engine over a lab.
type world struct {
	t       testing.TB
	lab     *sshtest.Lab
	engine  *sshbin.Engine
	targets *target.Resolver
	systems *Systems
}

func newWorld(t testing.TB, l *sshtest.Lab, o Options) *world {
	t.Helper()
	inv, err := inventory.Open(inventory.Options{SSHConfig: l.Config()})
	if err != nil {
		t.Fatal(err)
	}
	log := zerolog.New(zerolog.NewTestWriter(t)).Level(zerolog.WarnLevel)
	e, err := sshbin.New(sshbin.Options{ConfigFile: l.Config(), RuntimeDir: l.RuntimeDir(), Env: l.Env(), Log: log, IdleTimeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, lab: l, engine: e, targets: target.NewResolver(e, inv, l.Env(), nil), systems: New(o)}
	t.Cleanup(func() {
		_ = w.systems.Close()
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *world) target(alias string) target.Target {
	w.t.Helper()
	d, err := dest.Parse(alias, dest.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	t, err := w.targets.Resolve(context.Background(), d)
	if err != nil {
		w.t.Fatal(err)
	}
	return t
}

func (w *world) fs(alias string) FS {
	w.t.Helper()
	f, err := w.systems.Of(w.target(alias), true)
	if err != nil {
		w.t.Fatal(err)
	}
	return f
}

// remoteDir is an empty directory that the account of the server may use.
func remoteDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "files")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	inner := filepath.Join(dir, "in")
	for _, d := range []string{dir, inner} {
		if err := os.MkdirAll(d, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(d, 0o777); err != nil { // whatever the umask
			t.Fatal(err)
		}
	}
	return inner
}

func TestRemote(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Ordinary: true})
	w := newWorld(t, server.Lab, Options{})
	testFS(t, w.fs("target"), remoteDir(t))
}

// TestRemoteManyAtOnce shares one session of a host among all, and ends it when nobody needs it.
func TestRemoteManyAtOnce(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Ordinary: true})
	w := newWorld(t, server.Lab, Options{Idle: time.Millisecond})
	f, dir := w.fs("target"), remoteDir(t)
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() {
			name := filepath.Join(dir, string(rune('a'+i%26))+string(rune('a'+i/26)))
			if err := write(t.Context(), f, name, name); err != nil {
				t.Error(err)
			}
			if got, err := read(t.Context(), f, name); got != name || err != nil {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
	all.Wait()
	for deadline := time.Now().Add(20 * time.Second); server.Running("sftp-server"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("an sftp server still runs though nobody uses it")
		}
	}
}

// TestRemoteGone replaces a session that has died.
func TestRemoteGone(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Ordinary: true})
	w := newWorld(t, server.Lab, Options{})
	f, dir := w.fs("target"), remoteDir(t)
	if err := write(t.Context(), f, dir+"/a", "x"); err != nil {
		t.Fatal(err)
	}
	open, err := f.Open(t.Context(), dir+"/a")
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	server.DropConnections()
	if got, err := read(t.Context(), f, dir+"/a"); got != "x" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := open.ReadAt(make([]byte, 1), 0); Code(err) != "connection_lost" {
		t.Errorf("an open file of the lost session: %v", err)
	}
}

// TestRemoteHangs gives up on a server that does not answer when the caller does.
func TestRemoteHangs(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Ordinary: true})
	w := newWorld(t, server.Lab, Options{})
	f, dir := w.fs("target"), remoteDir(t)
	if _, err := f.Stat(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	server.Pause()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := f.Stat(ctx, dir); err != context.DeadlineExceeded {
		t.Errorf("got %v", err)
	}
	server.Resume()
	if _, err := f.Stat(t.Context(), dir); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
