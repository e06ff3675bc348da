package files

import (
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
)

func TestLocal(t *testing.T) {
	testFS(t, Local(Bounds{}), t.TempDir())
}

func TestLocalWithinRoots(t *testing.T) {
	dir := t.TempDir()
	testFS(t, Local(Bounds{Roots: []string{"/nowhere", dir}}), dir)
}

// TestLocalBounds tries to get out of the roots and into what is private.
func TestLocalBounds(t *testing.T) {
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(top, name) }
	for _, dir := range []string{"root/sub", "outside", "root/state/keys", "log/audit.jsonl.tree/live"} {
		if err := os.MkdirAll(in(dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"root/a", "root/sub/b", "outside/secret", "root/state/key", "root/state/keys/k", "log/audit.jsonl", "log/audit.jsonl.1", "log/audit.jsonl.tree/key", "log/other", "root/policy.toml"} {
		if err := os.WriteFile(in(file), []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{
		"root/up": "..", "root/abs": in("outside"), "root/file": in("outside/secret"), "root/own": "sub/b", "root/round": in("root/sub"),
		"root/loop": "loop", "root/st": "state", "alias": "root", "root/missing": in("outside/new"),
	} {
		if err := os.Symlink(to, in(link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Link(in("root/policy.toml"), in("root/hard")); err != nil {
		t.Fatal(err)
	}
	t.Chdir(in("root"))
	f := Local(Bounds{Roots: []string{in("root"), in("log")}, Private: []string{in("root/state"), in("log/audit.jsonl*"), in("root/policy.toml")}, Home: in("root")})
	ctx := t.Context()
	for _, ok := range []string{"root/a", "root/sub/b", "root/own", "root/round/b", "alias/a", "root/sub/../a", "root/up/root/a", "log/other"} {
		if _, err := f.Open(ctx, in(ok)); err != nil {
			t.Errorf("%s: %v", ok, err)
		}
	}
	for _, ok := range []string{"a", "~/a", "./sub/b"} {
		if _, err := f.Open(ctx, ok); err != nil {
			t.Errorf("%s: %v", ok, err)
		}
	}
	for _, bad := range []string{
		"outside/secret", "root/up/outside/secret", "root/abs/secret", "root/file", "root/../outside/secret", "root/sub/../../outside/secret", "root/loop",
		"root/state/key", "root/st/key", "root/state/keys/k", "root/state", "alias/state/key", "log/audit.jsonl", "log/audit.jsonl.1", "log/audit.jsonl.tree/key", "log/audit.jsonl.tree/live/new", "root/policy.toml", "root/hard",
	} {
		if r, err := f.Open(ctx, in(bad)); err == nil {
			t.Errorf("%s could be read", bad)
			r.Close()
		}
		if w, err := f.Create(ctx, in(bad), CreateOptions{}); err == nil {
			t.Errorf("%s could be written", bad)
			w.Close()
		}
		for what, err := range map[string]error{
			"chmod": f.Chmod(ctx, in(bad), 0o777), "rename from": f.Rename(ctx, in(bad), in("root/stolen")), "rename to": f.Rename(ctx, in("root/a"), in(bad)),
		} {
			if err == nil && bad != "root/file" && bad != "root/loop" { // links themselves lie within
				t.Errorf("%s: %s", bad, what)
			}
		}
		if err := os.WriteFile(in("root/a"), []byte("root/a"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, err := range []error{
		f.Mkdir(ctx, in("outside/d"), 0o700), f.Symlink(ctx, "x", in("outside/l")), f.Remove(ctx, in("outside/secret")), f.Rmdir(ctx, in("root/state/keys")),
	} {
		if Code(err) != "permission_denied" {
			t.Errorf("got %v", err)
		}
	}
	if _, err := f.Create(ctx, in("root/missing"), CreateOptions{}); Code(err) != "permission_denied" {
		t.Errorf("through a dangling link: %v", err)
	}
	if b, err := os.ReadFile(in("outside/secret")); string(b) != "outside/secret" || err != nil {
		t.Errorf("the file outside is %q, %v", b, err)
	}
	if entries, _ := os.ReadDir(in("outside")); len(entries) != 1 {
		t.Errorf("outside holds %v", entries)
	}
}

// TestLocalSwapRace has somebody swap a directory for a link while it is being written into.
func TestLocalSwapRace(t *testing.T) {
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	root, outside, dir, parked := filepath.Join(top, "root"), filepath.Join(top, "outside"), filepath.Join(top, "root", "dir"), filepath.Join(top, "root", "parked")
	for _, d := range []string{dir, outside} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(outside, "f"), []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	var stop atomic.Bool
	done := make(chan error, 1)
	go func() { // ends with stop
		for !stop.Load() {
			if err := errors.Join(os.Rename(dir, parked), os.Symlink(outside, dir), os.Remove(dir), os.Rename(parked, dir)); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	f := Local(Bounds{Roots: []string{root}})
	written, refused := 0, 0
	for range 3000 {
		if err := write(t.Context(), f, filepath.Join(dir, "f"), "new"); err != nil {
			refused++
		} else {
			written++
		}
		_ = f.Chmod(t.Context(), filepath.Join(dir, "f"), 0o666)
	}
	stop.Store(true)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(outside, "f"))
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(filepath.Join(outside, "f")); string(b) != "old" || info.Mode().Perm() != 0o600 {
		t.Errorf("the file outside is now %q, %v", b, info.Mode())
	}
	t.Logf("%d written, %d refused", written, refused)
	if written == 0 || refused == 0 {
		t.Log("the race was not met in both ways this time")
	}
}

// TestLocalStream reads what calls itself a regular file and has its readers wait.
func TestLocalStream(t *testing.T) {
	const stream = "/proc/kmsg"
	probe, err := os.Open(stream)
	if err != nil {
		t.Skipf("needs root: %v", err)
	}
	probe.Close()
	f := Local(Bounds{})
	r, err := f.Open(t.Context(), stream)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	buf := make([]byte, 1<<20)
	for range 10_000 { // first what the kernel has said so far
		if _, err = r.Read(buf); err != nil {
			break
		}
	}
	if Code(err) != "invalid_argument" {
		t.Errorf("got %v", err)
	}
}
