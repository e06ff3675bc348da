package files

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"relay-shell/internal/sshtest"
)

// withTar is a host whose tar is a script; real stands for the system's. called has a line for each time that it was called. The account has words of its own
// for tar in its environment, which must not reach it.
func withTar(t *testing.T, script string) (w *world, server *sshtest.Server, called string) {
	t.Helper()
	bin := remoteDir(t)
	real := sshtest.Need(t, "tar")
	if script == "" { // no tar: everything else
		for _, dir := range []string{"/usr/bin", "/bin"} {
			entries, _ := os.ReadDir(dir)
			for _, e := range entries {
				if !strings.HasSuffix(e.Name(), "tar") {
					_ = os.Symlink(dir+"/"+e.Name(), bin+"/"+e.Name())
				}
			}
		}
		server := sshtest.Start(t, sshtest.Options{Ordinary: true, Config: []string{"SetEnv PATH=" + bin}})
		return newWorld(t, server.Lab, Options{}), server, ""
	}
	called = bin + "/called"
	script = "#!/bin/sh\n[ -z \"$TAR_OPTIONS$TAPE$TAR_READER_OPTIONS$TAR_WRITER_OPTIONS\" ] || echo >" + bin + "/told\necho \"$@\" >>" + called + "\n" + strings.ReplaceAll(script, "real", real) + "\n"
	if err := os.WriteFile(bin+"/tar", []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	server = sshtest.Start(t, sshtest.Options{Ordinary: true, Config: []string{"SetEnv PATH=" + bin + ":/usr/local/bin:/usr/bin:/bin" +
		" TAR_OPTIONS=--transform=s/f/g/ TAPE=/dev/null TAR_READER_OPTIONS=mac-ext TAR_WRITER_OPTIONS=compression-level=1"}})
	t.Cleanup(func() {
		if b, err := os.ReadFile(called); err != nil || len(b) == 0 {
			t.Errorf("no tar was called: %v", err)
		}
		if _, err := os.Lstat(bin + "/told"); err == nil {
			t.Error("tar was told what the account's environment says")
		}
	})
	return newWorld(t, server.Lab, Options{}), server, called
}

// manyFiles is a tree of so many small files, two directories deep, and of what else a tree may hold.
func manyFiles(t *testing.T) (source string, skipped []string) {
	t.Helper()
	source = remoteDir(t) + "/tree"
	if err := os.Mkdir(source, 0o755); err != nil {
		t.Fatal(err)
	}
	skipped = plant(t, source)
	for n := range 5 * archiveFrom {
		dir := fmt.Sprintf("%s/many/%d/%d", source, n%3, n%7)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		put(t, fmt.Sprintf("%s/f%03d", dir, n), random(n*n))
	}
	put(t, source+"/many/long"+strings.Repeat("g", 240), []byte("x"))
	if err := os.Chmod(source+"/many/0/0/f000", 0o467); err != nil {
		t.Fatal(err)
	}
	return source, skipped
}

// regular is what all regular files of a tree hold.
func regular(root string) (n int64) {
	_ = filepath.WalkDir(root, func(_ string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, ierr := d.Info(); ierr == nil {
				n += info.Size()
			}
		}
		return nil
	})
	return n
}

// TestArchive moves trees with whatever tar a host has, and with none: what arrives is the same.
func TestArchive(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"GNU":              `exec real "$@"`,
		"busybox":          `exec busybox tar "$@"`,
		"none":             ``,
		"one that fails":   `echo "unknown option" >&2; exit 2`,
		"one that dies":    `kill -9 $$`,
		"half":             `case $1 in -c*) real "$@" | head -c 30000;; *) head -c 30000 | real "$@";; esac`,
		"half, and a no":   `case $1 in -c*) real "$@" | head -c 30000; exit 1;; *) head -c 30000 | real "$@"; exit 1;; esac`,
		"with other words": `case $1 in -c*) real "$@" | sed 's/[0-9]/x/g'; exit 1;; *) sed 's/[0-9]/x/g' | real "$@"; exit 2;; esac`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "busybox" {
				sshtest.Need(t, name)
			}
			w, server, _ := withTar(t, script)
			here, there := Local(Bounds{}), w.fs("target")
			source, skipped := manyFiles(t)
			up, down := homeDir(t, server), t.TempDir()
			for _, verify := range []bool{true, false} {
				for _, tr := range []Transfer{
					{From: here, To: there, Source: source, Dest: fmt.Sprintf("%s/%v", up, verify)},
					{From: there, To: here, Source: fmt.Sprintf("%s/%v", up, verify), Dest: fmt.Sprintf("%s/%v", down, verify)},
				} {
					tr.Recursive, tr.Verify = true, verify
					last := Progress{}
					tr.Progress = func(p Progress) { last = p }
					r, err := tr.Run(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(snapshot(t, source, skipped...), snapshot(t, tr.Dest)); diff != "" {
						t.Errorf("(-want +got):\n%s", diff)
					}
					if total := regular(tr.Dest); r.Bytes != total || last.Done > total || last.Files > r.Files {
						t.Errorf("%d bytes in %d files, %+v; want %d", r.Bytes, r.Files, last, total)
					}
				}
			}
			for _, dir := range []string{up, down} {
				if left := litter(t, dir, "true", "false"); left != nil {
					t.Errorf("left behind: %q", left)
				}
			}
		})
	}
}

// FuzzMembers reads any archives: nothing panics, and no member is longer than what came.
func FuzzMembers(f *testing.F) {
	var one bytes.Buffer
	w := tar.NewWriter(&one)
	_ = w.WriteHeader(&tar.Header{Name: "./a", Size: 3, Mode: 0o644})
	_, _ = w.Write([]byte("abc"))
	_ = w.Close()
	f.Add(one.Bytes())
	f.Add(append(append(one.Bytes(), make([]byte, 8192)...), one.Bytes()...))
	f.Fuzz(func(t *testing.T, in []byte) {
		n := 0
		_ = eachMember(bytes.NewReader(in), func(h *tar.Header, content io.Reader) error {
			if n++; n > len(in) {
				t.Fatal("members without end")
			}
			_, err := io.Copy(io.Discard, io.LimitReader(content, 1<<20))
			return err
		})
	})
}

// TestArchiveCancelled reports why it was cancelled, not what tar says of it, and leaves nothing.
func TestArchiveCancelled(t *testing.T) {
	t.Parallel()
	w, server, called := withTar(t, `sleep 100`)
	source, _ := manyFiles(t)
	for _, tr := range []Transfer{{From: Local(Bounds{}), To: w.fs("target"), Dest: homeDir(t, server)}, {From: w.fs("target"), To: Local(Bounds{}), Dest: t.TempDir()}} {
		ctx, cancel := context.WithCancel(t.Context())
		dir := tr.Dest
		tr.Source, tr.Recursive, tr.Dest = source, true, dir+"/in"
		_ = os.Remove(called)
		go func() { // ends when tar has been called
			tick := time.NewTicker(time.Millisecond)
			defer tick.Stop()
			for range tick.C {
				if _, err := os.Stat(called); err == nil || ctx.Err() != nil {
					cancel()
					return
				}
			}
		}()
		if _, err := tr.Run(ctx); err != context.Canceled {
			t.Errorf("got %v", err)
		}
		cancel()
		if left := litter(t, dir); left != nil {
			t.Errorf("left behind: %q", left)
		}
	}
}
