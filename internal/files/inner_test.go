package files

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestLocalOtherNames meets what lies in private directories under other names: hard links, bind mounts and the process's own view of itself. Ordinary files with
// several names are nobody's.
func TestLocalOtherNames(t *testing.T) {
	top, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	in := func(name string) string { return filepath.Join(top, name) }
	for _, dir := range []string{"state/keys", "empty", "log", "open"} {
		must(t, os.MkdirAll(in(dir), 0o700))
	}
	for _, file := range []string{"state/key", "state/keys/k", "log/audit.jsonl", "open/plain"} {
		put(t, in(file), []byte(file))
	}
	must(t, os.Symlink("state", in("stateful"))) // a private name may be a link
	f := Local(Bounds{Private: []string{in("stateful"), in("empty"), in("log/audit*"), in("none")}})
	refused := func(name string) {
		t.Helper()
		for what, err := range map[string]error{
			"read":   errOf(f.Open(t.Context(), name)),
			"append": errOf(f.Create(t.Context(), name, CreateOptions{Append: true})),
			"stat":   errOf(f.Stat(t.Context(), name)),
			"chmod":  f.Chmod(t.Context(), name, 0o777),
			"rename": f.Rename(t.Context(), name, in("open/stolen")),
			"delete": RemoveAll(t.Context(), f, name),
		} {
			if !errors.Is(err, errPrivate) {
				t.Errorf("%s %s: %v", what, name, err)
			}
		}
		dir, err := f.(*local).openDir(t.Context(), filepath.Dir(name), "")
		if errors.Is(err, errPrivate) {
			return
		}
		must(t, err)
		defer dir.close()
		if b, err := dir.read(filepath.Base(name), 100); err == nil {
			t.Errorf("in a tree, %s: %q", name, b)
		}
	}
	for n, file := range []string{"state/key", "state/keys/k", "log/audit.jsonl"} {
		link := in("open/link" + string(rune('0'+n)))
		must(t, os.Link(in(file), link))
		refused(link)
		refused("/proc/self/root" + link)
	}
	// What comes later counts as well, and so does a link that comes later to what was there.
	for _, file := range []string{"empty/new", "state/keys/new"} {
		put(t, in(file), []byte("new"))
		must(t, os.Link(in(file), in("open/later")))
		refused(in("open/later"))
		must(t, os.Remove(in("open/later")))
	}
	must(t, os.Link(in("open/plain"), in("open/second")))
	for _, name := range []string{"open/plain", "open/second"} {
		if _, err := f.Open(t.Context(), in(name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A number that was private is given to a file that is not.
	must(t, errors.Join(os.Remove(in("open/link0")), os.Rename(in("state/key"), in("open/released"))))
	if _, err := f.Open(t.Context(), in("open/released")); err != nil {
		t.Errorf("no longer private: %v", err)
	}
	for _, name := range []string{"/proc/self/mem", "/proc/thread-self/mem", "/proc/self/environ"} {
		if _, err := os.Stat(name); err == nil {
			if _, err := f.Open(t.Context(), name); !errors.Is(err, errPrivate) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for mounted, at := range map[string]string{"state/keys": "open/dir", "state/keys/k": "open/file"} {
		if mounted == "state/keys" {
			must(t, os.Mkdir(in(at), 0o700))
		} else {
			put(t, in(at), nil)
		}
		if out, err := exec.Command("mount", "--bind", in(mounted), in(at)).CombinedOutput(); err != nil {
			t.Skipf("needs root: %v %s", err, out)
		}
		t.Cleanup(func() { _ = exec.Command("umount", in(at)).Run() })
	}
	refused(in("open/file"))
	refused(in("open/dir"))
	refused(in("open/dir/k"))
}

// TestInnerCrowded bounds what is looked at: past that a file with several names may be a private one, and is refused. One with a single name is not.
func TestInnerCrowded(t *testing.T) {
	t.Parallel()
	top, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	in := func(name string) string { return filepath.Join(top, name) }
	must(t, errors.Join(os.MkdirAll(in("state/sub"), 0o700), os.Mkdir(in("open"), 0o700)))
	for _, file := range []string{"state/a", "state/sub/b", "state/sub/c", "state/sub/d", "open/plain", "open/many"} {
		put(t, in(file), []byte(file))
	}
	for _, file := range []string{"state/a", "state/sub/b", "state/sub/c", "state/sub/d", "open/many"} {
		must(t, os.Link(in(file), in("open/link-"+filepath.Base(file))))
	}
	opened := func(most int, name string) error {
		return errOf(Local(Bounds{Private: []string{in("state")}}).(*local).bounded(most).Open(t.Context(), in(name)))
	}
	for _, most := range []int{1, 3, 4} {
		for _, name := range []string{"link-a", "link-b", "link-c", "link-d"} {
			if err := opened(most, "open/"+name); !errors.Is(err, errPrivate) && !errors.Is(err, errCrowded) || Code(err) != "permission_denied" {
				t.Errorf("%d: %s: %v", most, name, err)
			}
		}
		for _, name := range []string{"many", "link-many"} {
			if err := opened(most, "open/"+name); !errors.Is(err, errCrowded) {
				t.Errorf("%d: %s: %v", most, name, err)
			}
		}
		must(t, opened(most, "open/plain"))
	}
	must(t, opened(5, "open/many")) // all was looked at
	if err := opened(5, "open/link-d"); !errors.Is(err, errPrivate) {
		t.Error(err)
	}
}

// bounded looks at so many private files at most.
func (l *local) bounded(most int) FS {
	l.inner.most = most
	return l
}
