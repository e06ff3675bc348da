package files

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"relay-shell/internal/sshtest"
)

// random gives n bytes that no two calls share.
func random(n int) []byte {
	b := make([]byte, n)
	var seed [32]byte
	for i := range seed {
		seed[i] = byte(rand.Uint32())
	}
	_, _ = rand.NewChaCha8(seed).Read(b)
	return b
}

func put(t testing.TB, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// holds compares a file's content.
func holds(t testing.TB, name string, want []byte) {
	t.Helper()
	got, err := os.ReadFile(name)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%q has %d bytes, %v; want %d", name, len(got), err, len(want))
	}
}

// litter lists what is in a directory beside the named files.
func litter(t testing.TB, dir string, but ...string) (left []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
next:
	for _, e := range entries {
		for _, b := range but {
			if e.Name() == b {
				continue next
			}
		}
		left = append(left, e.Name())
	}
	return left
}

// ways are all the directions of a transfer; there and here are directories of its two ends.
func ways(t *testing.T, run func(t *testing.T, from, to FS, source, dest string)) {
	server := sshtest.Start(t, sshtest.Options{Ordinary: true})
	w := newWorld(t, server.Lab, Options{})
	here, there := Local(Bounds{}), w.fs("target")
	for _, way := range []struct {
		name     string
		from, to FS
		dest     func() string
	}{
		{"up", here, there, func() string { return ownedDir(t, server) }},
		{"up into the home", here, there, func() string { return homeDir(t, server) }}, // where the fast road is safe
		{"down", there, here, func() string { return t.TempDir() }},
		{"here", here, here, func() string { return t.TempDir() }},
	} {
		t.Run(way.name, func(t *testing.T) { run(t, way.from, way.to, remoteDir(t), way.dest()) })
	}
}

// ownedDir is a directory of the account's that everybody may write to: there, the fast road is not safe.
func ownedDir(t testing.TB, server *sshtest.Server) string {
	t.Helper()
	dir := remoteDir(t)
	if info, err := os.Stat(server.AccountHome()); err == nil {
		chownLike(t, dir, info)
	}
	return dir
}

// homeDir is a new directory in the account's home.
func homeDir(t testing.TB, server *sshtest.Server) string {
	t.Helper()
	dir, err := os.MkdirTemp(server.AccountHome(), "up")
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(server.AccountHome()); err == nil {
		chownLike(t, dir, info)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func TestTransferFile(t *testing.T) {
	t.Parallel()
	ways(t, func(t *testing.T, from, to FS, source, dest string) {
		ctx := t.Context()
		for _, size := range []int{0, 1, 70_000, fastFrom + 12345, 9 << 20} {
			data := random(size)
			put(t, source+"/f", data)
			tr := Transfer{From: from, To: to, Source: source + "/f", Dest: dest, Verify: true}
			report, err := tr.Run(ctx)
			if err != nil {
				t.Fatal(size, err)
			}
			holds(t, dest+"/f", data)
			sum := sha256.Sum256(data)
			if report.Bytes != int64(size) || report.Files != 1 || report.SHA256 != hex.EncodeToString(sum[:]) {
				t.Errorf("report %+v", report)
			}
			if left := litter(t, dest, "f"); left != nil {
				t.Errorf("left behind: %q", left)
			}
		}
		t.Run("names", func(t *testing.T) {
			for _, name := range names {
				data := []byte(name)
				put(t, filepath.Join(source, name), data)
				tr := Transfer{From: from, To: to, Source: source + "/" + name, Dest: dest + "/" + name, Verify: true}
				if _, err := tr.Run(ctx); err != nil {
					t.Errorf("%q: %v", name, err)
				}
				holds(t, dest+"/"+name, data)
			}
			// As large ones they take the fast road.
			for _, name := range []string{"-n", "$(id)'\"\n\xff", strings.Repeat("y", 255)} {
				data := random(fastFrom + 1)
				put(t, filepath.Join(source, name), data)
				tr := Transfer{From: from, To: to, Source: source + "/" + name, Dest: dest + "/" + name, Verify: true}
				if _, err := tr.Run(ctx); err != nil {
					t.Errorf("%q: %v", name, err)
				}
				holds(t, dest+"/"+name, data)
			}
		})
		t.Run("mode", func(t *testing.T) {
			put(t, source+"/m", nil)
			if err := os.Chmod(source+"/m", 0o755); err != nil {
				t.Fatal(err)
			}
			mode := fs.FileMode(0o640)
			for _, tt := range []struct {
				mode *fs.FileMode
				want fs.FileMode
			}{{nil, 0o755}, {&mode, 0o640}, {nil, 0o640}} { // the last keeps what is there
				tr := Transfer{From: from, To: to, Source: source + "/m", Dest: dest + "/m", Mode: tt.mode}
				if _, err := tr.Run(ctx); err != nil {
					t.Fatal(err)
				}
				if info, err := os.Stat(dest + "/m"); err != nil || info.Mode().Perm() != tt.want {
					t.Errorf("mode %v, want %v", info.Mode(), tt.want)
				}
			}
		})
		t.Run("refusals", func(t *testing.T) {
			put(t, source+"/r", []byte("new"))
			tr := Transfer{From: from, To: to, Source: source + "/r", Dest: dest + "/r"}
			if _, err := tr.Run(ctx); err != nil {
				t.Fatal(err)
			}
			put(t, source+"/r", []byte("newer"))
			tr.Keep = true
			if _, err := tr.Run(ctx); Code(err) != "already_exists" {
				t.Errorf("overwriting: %v", err)
			}
			holds(t, dest+"/r", []byte("new"))
			for want, bad := range map[string]Transfer{
				"not_found":        {Source: source + "/none", Dest: dest},
				"invalid_argument": {Source: source, Dest: dest},
			} {
				bad.From, bad.To = from, to
				if _, err := bad.Run(ctx); Code(err) != want {
					t.Errorf("want %s, got %v", want, err)
				}
			}
			for _, d := range []string{dest + "/none/f", dest + "/none/"} {
				bad := Transfer{From: from, To: to, Source: source + "/r", Dest: d}
				if _, err := bad.Run(ctx); Code(err) != "not_found" {
					t.Errorf("%s: %v", d, err)
				}
			}
		})
		t.Run("a link stays", func(t *testing.T) {
			put(t, source+"/l", []byte("content"))
			put(t, dest+"/real", []byte("old"))
			if err := errors.Join(os.Chmod(dest+"/real", 0o666), os.Symlink("real", dest+"/link")); err != nil {
				t.Fatal(err)
			}
			tr := Transfer{From: from, To: to, Source: source + "/l", Dest: dest + "/link", Verify: true}
			if _, err := tr.Run(ctx); err != nil {
				t.Fatal(err)
			}
			holds(t, dest+"/real", []byte("content"))
			if to, err := os.Readlink(dest + "/link"); to != "real" || err != nil {
				t.Errorf("the link is %q, %v", to, err)
			}
		})
	})
}
