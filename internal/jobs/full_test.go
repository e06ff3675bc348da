package jobs

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"relay-shell/internal/sshtest"
)

// TestFullDisk runs jobs whose output finds no room. It needs root for a small file system.
func TestFullDisk(t *testing.T) {
	if os.Getuid() != 0 {
		t.Log("needs root for a small file system")
		return
	}
	small, err := os.MkdirTemp("/tmp", "sm")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=512k,mode=1777", "tmpfs", small).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() {
		_ = exec.Command("umount", "-l", small).Run()
		_ = os.Remove(small)
	})
	server := sshtest.Start(t, sshtest.Options{Ordinary: true, Shell: "dash", Config: []string{"SetEnv XDG_STATE_HOME=" + small}})
	local, host := newLocal(t), newHost(t, server)
	local.Dir = filepath.Join(small, "local")
	for i, p := range []Place{local, host} {
		name := []string{"local", "host"}[i]
		const lines = 90_000 // less than would be kept
		j := start(t, p, fmt.Sprintf(`awk 'BEGIN { for (i = 0; i < %d; i++) printf "%%09d\n", i }'; exit 5`, lines))
		w := wait(t, p, j.ID, WaitOptions{})
		if got := code(w.Info); got != "ended 5" {
			t.Errorf("%s: %s %+v", name, got, w.Info)
		}
		data, missing := all(t, p, j.ID)
		t.Logf("%s: %d bytes kept, %d counted as missing of %d", name, len(data), missing, lines*10)
		if len(data) == 0 || int64(len(data))+missing < lines*10 {
			t.Errorf("%s: %d bytes and %d missing are less than was printed", name, len(data), missing)
		}
		if name == "local" && int64(len(data))+missing != lines*10 {
			t.Errorf("%d bytes and %d missing", len(data), missing)
		}
		first := string(data[:100_000])
		var want strings.Builder
		for i := range 10_000 {
			fmt.Fprintf(&want, "%09d\n", i)
		}
		if first != want.String() {
			t.Errorf("%s: the output before the disk was full is wrong", name)
		}
		fill(t, filepath.Join(small, "filler"))
		if _, err := p.Start(t.Context(), Spec{Command: "true"}); !is(err, "limit_reached") || !strings.Contains(err.Error(), "space") {
			t.Errorf("%s: a job without room: %v", name, err)
		}
		if list, err := p.List(t.Context()); err != nil || len(list) != 1 {
			t.Errorf("%s: it left something: %v, %v", name, list, err)
		}
		if err := os.Remove(filepath.Join(small, "filler")); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(local.Dir); err != nil {
			t.Fatal(err)
		}
	}
}

// fill writes a file until its file system is full.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 64 << 10; size > 0; {
		if _, err := f.Write(bytes.Repeat([]byte{'x'}, size)); err != nil {
			size /= 2
		}
	}
}
