package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPrepare(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	c := &Config{StateDir: dir + "/a/b/state", RuntimeDir: dir + "/run", AuditPath: dir + "/log/deep/audit.jsonl", uid: os.Getuid()}
	for range 2 {
		if err := Prepare(c); err != nil {
			t.Fatal(err)
		}
	}
	for _, made := range []string{"a", "a/b", "a/b/state", "run", "log", "log/deep"} {
		info, err := os.Lstat(filepath.Join(dir, made))
		if err != nil || info.Mode() != os.ModeDir|0o700 {
			t.Errorf("%s: %v, %v", made, info.Mode(), err)
		}
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("changed a directory that was there: %v", info.Mode())
	}
}

// TestPrepareMeets puts something in the way of the state directory, which is dir/state.
func TestPrepareMeets(t *testing.T) {
	tests := []struct {
		name string
		meet func(dir string) error
		want string // "" = good
		mode os.FileMode
	}{
		{"empty and open", func(dir string) error { return mkdir(dir+"/state", 0o755) }, "", 0o700},
		{"full and readable", func(dir string) error { return errors.Join(mkdir(dir+"/state", 0o755), mkdir(dir+"/state/x", 0o700)) }, "", 0o755},
		{"full and writable", func(dir string) error { return errors.Join(mkdir(dir+"/state", 0o775), mkdir(dir+"/state/x", 0o700)) }, "can be written by others", 0},
		{"shared", func(dir string) error { return mkdir(dir+"/state", 0o777|os.ModeSticky) }, "shared temporary directory", 0},
		{"file", func(dir string) error { return os.WriteFile(dir+"/state", nil, 0o600) }, "is not a directory", 0},
		{"own link", func(dir string) error {
			return errors.Join(mkdir(dir+"/real", 0o700), os.Symlink("real", dir+"/state"))
		}, "", 0o700},
		{"dangling link", func(dir string) error { return os.Symlink("none", dir+"/state") }, "no such file", 0},
		{"link in a shared directory", func(dir string) error {
			return errors.Join(mkdir(dir+"/real", 0o700), os.Symlink("real", dir+"/state"), os.Chmod(dir, 0o777|os.ModeSticky))
		}, "is a symbolic link in a directory that everybody can write to", 0},
		{"shared and sticky parent", func(dir string) error { return os.Chmod(dir, 0o777|os.ModeSticky) }, "", 0o700},
		{"shared parent", func(dir string) error { return os.Chmod(dir, 0o777) }, "which everybody can write to", 0},
		{"link above in a shared directory", func(dir string) error {
			return errors.Join(os.Chmod(dir, 0o777|os.ModeSticky), os.Symlink("/tmp", dir+"/state"))
		}, "symbolic link", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "d")
			if err := errors.Join(mkdir(dir, 0o700), tt.meet(dir)); err != nil {
				t.Fatal(err)
			}
			err := Prepare(&Config{StateDir: dir + "/state", RuntimeDir: filepath.Dir(dir) + "/run", AuditPath: filepath.Dir(dir) + "/audit.jsonl", uid: os.Getuid()})
			if tt.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				if info, err := os.Stat(dir + "/state"); err != nil || info.Mode().Perm() != tt.mode {
					t.Errorf("mode %v, %v", info.Mode(), err)
				}
				return
			}
			var bad *DirError
			if !errors.As(err, &bad) {
				t.Fatalf("error %v", err)
			}
			if bad.Path != dir+"/state" || !strings.Contains(err.Error(), tt.want) || !strings.Contains(bad.ErrorHint(), "RELAY_SHELL_STATE_DIR") {
				t.Errorf("got %q, %q", err, bad.Path)
			}
		})
	}
}

func TestPrepareRefusesStrangers(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(dir+"/state", 0o700); err != nil {
		t.Fatal(err)
	}
	c := &Config{StateDir: dir + "/state", RuntimeDir: dir + "/run", AuditPath: dir + "/audit.jsonl", uid: 4711}
	if err := Prepare(c); err == nil || !strings.Contains(err.Error(), "belongs to uid") {
		t.Errorf("got %v", err)
	}
	if os.Getuid() != 0 {
		return
	}
	// Only root can give directories away.
	if err := os.Chown(dir+"/state", 4711, -1); err != nil {
		t.Fatal(err)
	}
	for _, state := range []string{dir + "/state", dir + "/state/below"} {
		c := &Config{StateDir: state, RuntimeDir: dir + "/run", AuditPath: dir + "/audit.jsonl"}
		if err := Prepare(c); err == nil || !strings.Contains(err.Error(), "belongs to uid 4711") {
			t.Errorf("%s: got %v", state, err)
		}
	}
}

func mkdir(path string, mode os.FileMode) error {
	return errors.Join(os.Mkdir(path, 0o700), os.Chmod(path, mode)) // Mkdir is subject to the umask
}
