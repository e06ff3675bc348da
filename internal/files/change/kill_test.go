package change

import (
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"relay-shell/internal/files"
)

// TestMain makes the test's binary change a file over and over, or append to one, when it is told so.
func TestMain(m *testing.M) {
	if dir := os.Getenv("CHANGE_FOR_EVER"); dir != "" {
		p := &Place{FS: files.Local(files.Bounds{}), State: files.Local(files.Bounds{}), Dir: dir, Shell: shell, Locks: NewLocks(dir + "/locks"), Limit: 1 << 20}
		for {
			for _, letter := range []string{"a", "b"} {
				if _, err := Apply(context.Background(), p, Request{Path: os.Getenv("CHANGE_FILE"), Make: to(strings.Repeat(letter, 200_000)), Check: "test -s {}"}); err != nil {
					panic(err)
				}
			}
		}
	}
	if name := os.Getenv("CHANGE_APPEND"); name != "" {
		appendWithinLimit(name)
		return
	}
	os.Exit(m.Run())
}

// TestKilled kills whoever changes a file at any moment: the file is one of the two versions whole, and what is left beside it is
// removed a day later.
func TestKilled(t *testing.T) {
	p, dir := place(t)
	p.Retention, p.MaxBackups = 0, 0
	name := put(t, dir+"/f", strings.Repeat("a", 200_000))
	for range 20 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "CHANGE_FOR_EVER="+p.Dir, "CHANGE_FILE="+name)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // the commands of a change go with it
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(20+rand.IntN(150)) * time.Millisecond)
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		s := got(t, name)
		if len(s) != 200_000 || strings.Trim(s, s[:1]) != "" {
			t.Fatalf("the file holds %d bytes, not one version whole", len(s))
		}
	}
	left, _ := filepath.Glob(dir + "/.relay-*")
	t.Logf("%d temporary files are left of 20 kills", len(left))
	p.clock = func() time.Time { return time.Now().Add(25 * time.Hour) }
	if err := p.Expire(context.Background()); err != nil {
		t.Fatal(err)
	}
	only(t, dir, "f")
	if _, err := Apply(context.Background(), p, Request{Path: name, Make: to("x")}); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
