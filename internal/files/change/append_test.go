package change

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"relay-shell/internal/files"
)

// appendWithinLimit appends 200,000 bytes where a file may have 100,000, and prints what came of it.
func appendWithinLimit(name string) {
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 100_000, Max: 100_000}); err != nil {
		panic(err)
	}
	p := &Place{FS: files.Local(files.Bounds{}), Locks: NewLocks(os.Getenv("CHANGE_LOCKS"))}
	_, _, err := p.Append(context.Background(), name, []byte(strings.Repeat("x", 200_000)), nil)
	fmt.Println(code(err), err)
}

// TestAppendPartly: a bound on the size of files is met in the midst of what is appended.
func TestAppendPartly(t *testing.T) {
	_, dir := place(t)
	name := put(t, dir+"/f", "old")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "CHANGE_APPEND="+name, "CHANGE_LOCKS="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if want := "99997 of 200000 bytes were added before that: the file has 100000 bytes and had 3"; err != nil || !strings.HasPrefix(string(out), "too_large ") || !strings.Contains(string(out), want) {
		t.Errorf("%s %v", out, err)
	}
	if s := got(t, name); s != "old"+strings.Repeat("x", 99_997) {
		t.Errorf("the file has %d bytes", len(s))
	}
}

// TestAppendNothing: a file that would have been made for it is not left.
func TestAppendNothing(t *testing.T) {
	p, dir := place(t)
	p.FS = &faults{FS: p.FS, at: 3} // the write, after a look and the creation; half of it is there
	_, _, err := p.Append(context.Background(), dir+"/f", []byte("xyxy"), nil)
	if err == nil || !strings.Contains(err.Error(), "2 of 4 bytes were added") || got(t, dir+"/f") != "xy" {
		t.Errorf("%v", err)
	}
	p.FS = &faults{FS: files.Local(files.Bounds{}), at: 3}
	if _, _, err = p.Append(context.Background(), dir+"/g", []byte("x"), nil); err == nil || !strings.Contains(err.Error(), "nothing was added") {
		t.Errorf("%v", err)
	}
	only(t, dir, "f")
}
