package files

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"relay-shell/internal/inventory"
	"relay-shell/internal/sshbin"
	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshtest"
	"relay-shell/internal/target"
)

// orderVariable has the test binary make one transfer, so that it can be killed.
const orderVariable = "RELAY_FILES_TEST_ORDER"

// order is a transfer between this machine and a host.
type order struct {
	Config, RuntimeDir string
	Up, Recursive      bool
	Source, Dest       string
}

// obey makes the transfer as a server of its own.
func obey(text string) error {
	var o order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return err
	}
	inv, err := inventory.Open(inventory.Options{SSHConfig: o.Config})
	if err != nil {
		return err
	}
	e, err := sshbin.New(sshbin.Options{ConfigFile: o.Config, RuntimeDir: o.RuntimeDir, Env: os.Environ(), Log: zerolog.Nop(), IdleTimeout: time.Minute})
	if err != nil {
		return err
	}
	d, err := dest.Parse("target", dest.Options{})
	if err != nil {
		return err
	}
	ctx := context.Background()
	host, err := target.NewResolver(e, inv, os.Environ(), nil).Resolve(ctx, d)
	if err != nil {
		return err
	}
	there, err := New(Options{}).Of(host, true)
	if err != nil {
		return err
	}
	t := Transfer{From: Local(Bounds{}), To: there, Source: o.Source, Dest: o.Dest, Recursive: o.Recursive, Verify: true}
	if !o.Up {
		t.From, t.To = t.To, t.From
	}
	_, err = t.Run(ctx)
	return err
}

// victim is a transfer that is killed, and how it is made again.
type victim struct {
	server *sshtest.Server
	order  order
	again  Transfer
	dir    string // of the destination
}

// victims are the directions of a transfer; on the way up by the fast road and by SFTP.
func victims(t *testing.T, run func(t *testing.T, v victim)) {
	server := sshtest.Start(t, sshtest.Options{Ordinary: true})
	w := newWorld(t, server.Lab, Options{})
	here, there := Local(Bounds{}), w.fs("target")
	for _, way := range []struct {
		name string
		up   bool
		dir  func() string
	}{
		{"up", true, func() string { return ownedDir(t, server) }},
		{"up into the home", true, func() string { return homeDir(t, server) }},
		{"down", false, func() string { return t.TempDir() }},
	} {
		t.Run(way.name, func(t *testing.T) {
			v := victim{server: server, dir: way.dir()}
			v.order = order{Config: server.Lab.Config(), RuntimeDir: server.Lab.RuntimeDir(), Up: way.up, Source: remoteDir(t) + "/f", Dest: v.dir + "/f"}
			v.again = Transfer{From: here, To: there, Source: v.order.Source, Dest: v.order.Dest, Verify: true, Resume: true}
			if !way.up {
				v.again.From, v.again.To = there, here
			}
			run(t, v)
		})
	}
}

// start starts the transfer in a process of its own.
func (v *victim) start(t *testing.T) *exec.Cmd {
	t.Helper()
	text, err := json.Marshal(v.order)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(v.server.Lab.Env(), orderVariable+"="+string(text))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// midst waits until so many bytes are there; false if the transfer was done before. bytes are those of the part, or of the part directory.
func (v *victim) midst(done <-chan error, bytes int64) bool {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return false
		case <-tick.C:
		}
		parts, _ := filepath.Glob(v.dir + "/.*" + PartSuffix)
		for _, part := range parts {
			if sizeOf(part) >= bytes {
				return true
			}
		}
	}
}

// sizeOf is what a file, or all in a directory, holds by now.
func sizeOf(name string) (n int64) {
	_ = filepath.WalkDir(name, func(_ string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			if info, ierr := d.Info(); ierr == nil {
				n += info.Size()
			}
		}
		return nil
	})
	return n
}

// resumed makes the transfer whole. What a killed one has left running on the host may still write for a moment: then nothing is put in place, and
// it is tried again.
func (v *victim) resumed(t *testing.T, whole func() string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		_, err := v.again.Run(t.Context())
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		t.Logf("not at once: %v", err)
	}
	if diff := whole(); diff != "" {
		t.Errorf("resumed (-want +got):\n%s", diff)
	}
	if left := litter(t, v.dir, "f"); left != nil {
		t.Errorf("left behind: %q", left)
	}
}

// TestTransferKilled kills with -9 whoever transfers a file, at random offsets: there is the old file or the new one, and the part that was left
// makes the new one.
func TestTransferKilled(t *testing.T) {
	t.Parallel()
	victims(t, func(t *testing.T, v victim) {
		old, data := []byte("old"), random(24<<20)
		put(t, v.order.Source, data)
		killed := 0
		for tries := 0; killed < interruptions && tries < 20*interruptions; tries++ {
			put(t, v.order.Dest, old)
			must(t, os.Chmod(v.order.Dest, 0o666))
			cmd := v.start(t)
			done := make(chan error, 1)
			go func() { done <- cmd.Wait() }()
			if !v.midst(done, rand.Int64N(int64(len(data)))) {
				continue
			}
			must(t, cmd.Process.Kill())
			<-done
			if b, err := os.ReadFile(v.order.Dest); err != nil || string(b) != string(old) && string(b) != string(data) {
				t.Fatalf("there are %d bytes, %v: not the old file, and not the new one", len(b), err)
			}
			killed++
			v.resumed(t, func() string { return differs(v.order.Dest, data) })
		}
		if killed == 0 {
			t.Error("none was killed in its midst")
		}
	})
}

// TestTransferServerKilled kills with -9 all that the host runs for a transfer.
func TestTransferServerKilled(t *testing.T) {
	t.Parallel()
	victims(t, func(t *testing.T, v victim) {
		old, data := []byte("old"), random(24<<20)
		put(t, v.order.Source, data)
		killed := 0
		for tries := 0; killed < interruptions && tries < 20*interruptions; tries++ {
			put(t, v.order.Dest, old)
			must(t, os.Chmod(v.order.Dest, 0o666))
			tr := v.again
			tr.Resume = false
			done, failed := make(chan error, 1), make(chan error, 1)
			go func() { // ends with the connection
				_, err := tr.Run(t.Context())
				done <- err
				failed <- err
			}()
			if !v.midst(done, rand.Int64N(int64(len(data)))) {
				<-failed
				continue
			}
			v.server.DropConnections()
			err := <-failed
			if err == nil { // it was through by then
				continue
			}
			if code := Code(err); code != "connection_lost" && code != "unreachable" {
				var coded interface{ ErrorCode() string }
				if !errors.As(err, &coded) || coded.ErrorCode() != "connection_lost" {
					t.Errorf("%s: %v", code, err)
				}
			}
			if b, err := os.ReadFile(v.order.Dest); err != nil || string(b) != string(old) && string(b) != string(data) {
				t.Fatalf("there are %d bytes, %v: not the old file, and not the new one", len(b), err)
			}
			killed++
			v.resumed(t, func() string { return differs(v.order.Dest, data) })
		}
		if killed == 0 {
			t.Error("none was killed in its midst")
		}
	})
}

func differs(name string, want []byte) string {
	got, err := os.ReadFile(name)
	if err == nil && string(got) == string(want) {
		return ""
	}
	return fmt.Sprintf("%d bytes, %v; want %d", len(got), err, len(want))
}

// TestTreeKilled kills with -9 whoever transfers a tree: there is all of it or nothing.
func TestTreeKilled(t *testing.T) {
	t.Parallel()
	victims(t, func(t *testing.T, v victim) {
		v.order.Recursive, v.again.Recursive = true, true
		must(t, os.MkdirAll(v.order.Source+"/a/b", 0o755))
		for n := range 400 {
			put(t, fmt.Sprintf("%s/a/b/f%03d", v.order.Source, n), random(rand.IntN(40_000)))
		}
		size := sizeOf(v.order.Source)
		killed := 0
		for tries := 0; killed < interruptions && tries < 20*interruptions; tries++ {
			cmd := v.start(t)
			done := make(chan error, 1)
			go func() { done <- cmd.Wait() }()
			if v.midst(done, rand.Int64N(size)) {
				must(t, cmd.Process.Kill())
				<-done
				killed++
				if _, err := os.Lstat(v.order.Dest); err == nil {
					if diff := cmp.Diff(snapshot(t, v.order.Source), snapshot(t, v.order.Dest)); diff != "" {
						t.Fatalf("a part of it is there (-want +got):\n%s", diff)
					}
					must(t, os.RemoveAll(v.order.Dest))
				}
				v.resumed(t, func() string { return cmp.Diff(snapshot(t, v.order.Source), snapshot(t, v.order.Dest)) })
			}
			must(t, os.RemoveAll(v.order.Dest))
		}
		if killed == 0 {
			t.Error("none was killed in its midst")
		}
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
