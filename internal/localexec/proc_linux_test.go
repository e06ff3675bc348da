package localexec

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// living says whether a process exists and has not ended.
func living(pid int) bool {
	p, ok := readProc(pid)
	return ok && p.state != 'Z' && p.state != 'X'
}

// Spawning and killing leaves nothing behind.
func TestCycles(t *testing.T) {
	each(t, func(t *testing.T, run func(context.Context, Command) (Exit, error)) {
		warm := sh("true")
		if _, err := run(t.Context(), warm); err != nil {
			t.Fatal(err)
		}
		before := descriptors(t)
		for i := range cycles {
			ctx, cancel := context.WithCancel(t.Context())
			var out buffer
			c := sh("sleep 1000 & echo ready; exec sleep 1000")
			c.ID = fmt.Sprintf("cycle-%d", i)
			c.Stdout, c.Stderr = writerFunc(func(p []byte) { out.Write(p); cancel() }), &out
			if e, err := run(ctx, c); !errors.Is(err, context.Canceled) || e.Survivors != nil || out.String() != "ready\n" {
				t.Fatalf("cycle %d: %v, %+v, %q", i, err, e, out.String())
			}
			cancel()
		}
		if after := descriptors(t); after > before {
			t.Errorf("%d descriptors before, %d after", before, after)
		}
		for _, p := range processes() {
			if p.state == 'Z' && (p.parent == os.Getpid()) {
				t.Errorf("zombie %d (%s)", p.pid, p.name)
			}
			if p.state != 'Z' && strings.HasPrefix(markOf(p.pid), "cycle-") {
				t.Errorf("process %d (%s) lives", p.pid, p.name)
			}
		}
	})
}

// markOf is the innermost id that a process carries.
func markOf(pid int) string {
	b, _ := os.ReadFile(filepath.Join("/proc", fmt.Sprint(pid), "environ"))
	for _, kv := range strings.Split(string(b), "\x00") {
		if v, ok := strings.CutPrefix(kv, MarkName+"="); ok {
			id, _, _ := strings.Cut(v, ":")
			return id
		}
	}
	return ""
}

func TestParseStat(t *testing.T) {
	const rest = " S 10 20 30 34816 20 4194304 1 2 3 4 5 6 7 8 20 0 1 0 987654 1000 100"
	for _, test := range []struct {
		in   string
		want proc
		ok   bool
	}{
		{"5 (sh)" + rest, proc{5, 10, 30, 987654, 'S', "sh"}, true},
		{"5 (a) S (b c)" + rest, proc{5, 10, 30, 987654, 'S', "a) S (b c"}, true},
		{"5 (new\nline)" + rest, proc{5, 10, 30, 987654, 'S', "new\nline"}, true},
		{"", proc{}, false},
		{"5 (sh", proc{}, false},
		{"5 (sh) S 1", proc{}, false},
		{"x (sh)" + rest, proc{}, false},
	} {
		if got, ok := parseStat([]byte(test.in)); ok != test.ok || ok && got != test.want {
			t.Errorf("%q: %+v, %v", test.in, got, ok)
		}
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("5 (sh) S 10 20 30 34816 20 4194304 1 2 3 4 5 6 7 8 20 0 1 0 987654 1000 100"))
	f.Fuzz(func(t *testing.T, b []byte) { parseStat(b) })
}

func TestHasMark(t *testing.T) {
	for _, test := range []struct {
		environ string
		want    bool
	}{
		{"RSC=id\x00", true},
		{"A=b\x00RSC=id\x00C=d\x00", true},
		{"RSC=inner:id\x00", true},
		{"RSC=id:outer\x00", true},
		{"RSC=id2\x00", false},
		{"XRSC=id\x00", false},
		{"A=RSC=id\x00", false},
		{"RSC=\x00", false},
		{"", false},
		{"A=RSC=id\x00RSC=id", true},
	} {
		if got := hasMark([]byte(test.environ), "id"); got != test.want {
			t.Errorf("%q: %v", test.environ, got)
		}
	}
}

func FuzzHasMark(f *testing.F) {
	f.Add([]byte("A=b\x00RSC=x:id\x00"), "id")
	f.Fuzz(func(t *testing.T, environ []byte, id string) {
		want := false
		for _, kv := range strings.Split(string(environ), "\x00") {
			if v, ok := strings.CutPrefix(kv, "RSC="); ok {
				for _, s := range strings.Split(v, ":") {
					want = want || s == id
				}
			}
		}
		if got := hasMark(environ, id); got != want && !strings.ContainsAny(id, "\x00:") {
			t.Fatalf("%q in %q: %v", id, environ, got)
		}
	})
}

// A signal never reaches another process that got the number.
func TestSignalChecksTheProcess(t *testing.T) {
	child, err := os.StartProcess("/bin/sleep", []string{"sleep", "1000"}, &os.ProcAttr{Files: make([]*os.File, 3)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = child.Kill()
		_, _ = child.Wait()
	}()
	p, ok := readProc(child.Pid)
	if !ok {
		t.Fatal("no such process")
	}
	earlier := p
	earlier.start--
	earlier.signal(syscall.SIGKILL)
	if !living(child.Pid) {
		t.Fatal("a process was killed in the place of an earlier one")
	}
	p.signal(syscall.SIGKILL)
	await(t, "the end of the process", func() bool { return !living(child.Pid) })
}
