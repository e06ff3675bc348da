package change

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"relay-shell/internal/files"
)

// shell runs text as a local target does.
func shell(ctx context.Context, text string) (ShellResult, error) {
	out, err := exec.CommandContext(ctx, "/bin/sh", "-c", text).CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return ShellResult{Code: exit.ExitCode(), Output: string(out)}, nil
	}
	return ShellResult{Output: string(out)}, err
}

func place(t *testing.T) (p *Place, dir string) {
	t.Helper()
	dir = t.TempDir()
	state := t.TempDir()
	t.Cleanup(func() { settle(t, state) })
	local := files.Local(files.Bounds{})
	return &Place{FS: local, State: local, Dir: state, Shell: shell, Locks: NewLocks(filepath.Join(state, "locks")), Limit: 1 << 20, MaxBackups: 1 << 20, Retention: time.Hour}, dir
}

func put(t *testing.T, name, content string) string {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o640); err != nil {
		t.Fatal(err)
	}
	return name
}

func got(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// only fails if there is anything in a directory but these names.
func only(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var there []string
	for _, e := range entries {
		there = append(there, e.Name())
	}
	if strings.Join(there, "|") != strings.Join(names, "|") {
		t.Errorf("in the directory are %q, want %q", there, names)
	}
}

func to(content string) func([]byte) ([]byte, error) {
	return func([]byte) ([]byte, error) { return []byte(content), nil }
}

func code(err error) string {
	var coded interface{ ErrorCode() string }
	if errors.As(err, &coded) {
		return coded.ErrorCode()
	}
	return fmt.Sprint(err)
}
