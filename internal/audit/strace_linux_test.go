package audit

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// injected are the system calls that one append makes, with what surrounds it.
var injected = []string{
	"openat", "write", "pwrite64", "pread64", "read", "fdatasync", "fsync", "rename", "renameat", "renameat2", "mkdirat", "mkdir", "close", "flock",
	"ftruncate", "fallocate", "unlinkat", "unlink", "newfstatat", "fstat", "fchmodat", "getdents64", "statfs",
}

// TestFaultsInEverySystemCall makes each system call of an append fail once, with an error and by death. A call may run only when its intent is
// in the log; and whatever happened, the next process opens the log, goes on and verifies.
func TestFaultsInEverySystemCall(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Fatal("strace is needed")
	}
	master := logPath(t)
	written(t, Options{Path: master, Rotate: Rotation{Size: 2000}}, 3) // so that the append rotates
	counts := countCalls(t, strace, master)
	type fault struct {
		call string
		n    int
		what string
	}
	var faults []fault
	for _, call := range injected {
		for n := 1; n <= counts[call]; n++ {
			for _, what := range []string{"error=EIO", "error=ENOSPC", "error=EINTR", "signal=KILL"} {
				faults = append(faults, fault{call, n, what})
			}
		}
	}
	if len(faults) < 100 {
		t.Fatalf("only %d faults to inject: %v", len(faults), counts)
	}
	rand.Shuffle(len(faults), func(i, j int) { faults[i], faults[j] = faults[j], faults[i] })
	ran := 0
	for _, f := range faults[:min(len(faults), straceFaults)] {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		copyTree(t, filepath.Dir(master), dir)
		path := filepath.Join(dir, "audit.jsonl")
		inject := fmt.Sprintf("inject=%s:%s:when=%d", f.call, f.what, f.n)
		out := runOnce(t, path, strace, "-f", "-qq", "-o", "/dev/null", "-e", "trace="+f.call, "-e", inject)
		if bytes.Contains(out, []byte("run ")) {
			ran++
			if !bytes.Contains(bytes.Join(wholeLog(t, path), nil), []byte(`"call":"once"`)) {
				t.Fatalf("%s: the call ran and its intent is not in the log", inject)
			}
		}
		l, err := Open(Options{Path: path})
		if err != nil {
			t.Fatalf("%s: the next process can't open the log: %v\n%s", inject, err, out)
		}
		appendOK(t, l, intent("next"), true)
		if h := l.Health(); h.Degraded {
			t.Fatalf("%s: degraded: %s", inject, h.Reason)
		}
		if err := l.Close(); err != nil {
			t.Fatalf("%s: %v", inject, err)
		}
		if r := verify(t, VerifyOptions{Path: path}); !r.OK {
			t.Fatalf("%s: %v\n%s", inject, r.Fault, out)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d of %d faults injected, the call ran in %d", min(len(faults), straceFaults), len(faults), ran)
}

// countCalls counts the system calls of an undisturbed append.
func countCalls(t *testing.T, strace, master string) map[string]int {
	t.Helper()
	dir := t.TempDir()
	copyTree(t, filepath.Dir(master), dir)
	trace := filepath.Join(t.TempDir(), "trace")
	out := runOnce(t, filepath.Join(dir, "audit.jsonl"), strace, "-f", "-qq", "-o", trace, "-e", "trace=?"+strings.Join(injected, ",?"))
	if !bytes.Contains(out, []byte("run ")) {
		t.Fatalf("undisturbed: %s", out)
	}
	data, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, m := range regexp.MustCompile(`(?m)^\d+ +(\w+)\(`).FindAllSubmatch(data, -1) {
		counts[string(m[1])]++
	}
	return counts
}

// runOnce runs childOnce under strace, and returns what it printed.
func runOnce(t *testing.T, path, strace string, args ...string) []byte {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(strace, append(args, exe)...)
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s|once|0", childEnv, path), "GORACE=atexit_sleep_ms=0")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out
}
