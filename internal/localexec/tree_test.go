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
	"time"
)

// living says whether a process exists and has not ended.
func living(pid int) bool {
	p, ok := readProc(pid)
	return ok && p.state != 'Z' && p.state != 'X'
}

// pids reads the process ids that a command wrote to files of a directory, one name each.
func pids(t *testing.T, dir string, want int) []int {
	t.Helper()
	var found []int
	await(t, fmt.Sprintf("%d processes", want), func() bool {
		names, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		found = nil
		for _, n := range names {
			var pid int
			if _, err := fmt.Sscan(n.Name(), &pid); err == nil {
				found = append(found, pid)
			}
		}
		return len(found) >= want
	})
	return found
}

// note is shell text that leaves the process id of the shell that runs it.
const note = `: > "$DIR/$(sh -c 'echo $PPID')"; `

// note2 is note inside single quotes.
var note2 = strings.ReplaceAll(note, "'", `'\''`)

var trees = []struct {
	name, text string
	processes  int
	polite     bool // it ends by SIGTERM
	supervised bool // only the mark among the limits finds it
}{
	{"plain", note + "sleep 1000", 1, true, false},
	{"children", note + "(" + note + "sleep 1000) & (" + note + "sleep 1000) & wait", 3, true, false},
	{"trapping", "trap '' TERM HUP INT; " + note + "while :; do sleep 1; done", 1, false, false},
	{"setsid", note + "setsid sh -c '" + note2 + "sleep 1000' & wait", 2, true, false},
	{"double fork", "(setsid sh -c '" + note2 + "sleep 1000' >/dev/null 2>&1 &); " + note + "sleep 1000", 2, true, false},
	{"nohup", note + "nohup sh -c '" + note2 + "sleep 1000' & wait", 2, true, false},
	{"stopped", note + "kill -STOP $$; sleep 1000", 1, true, false},
	{"timeout", note + "timeout 1000 sh -c '" + note2 + "sleep 1000'", 2, true, false},
	{"empty environment", note + "env -i DIR=$DIR PATH=$PATH sh -c '" + note2 + "sleep 1000'; exit", 2, true, false},
	{"nothing of ours left", "(env -i DIR=$DIR PATH=$PATH setsid sh -c '" + note2 + "sleep 1000' >/dev/null 2>&1 &); " + note + "sleep 1000", 2, true, true},
	{"fifty", "i=0; while [ $i -lt 25 ]; do i=$((i+1)); (" + note + "sleep 1000) & setsid sh -c '" + note2 + "sleep 1000' & done; wait", 50, true, false},
}

func TestContextEndsTheTree(t *testing.T) {
	for _, r := range runners(t) {
		for _, test := range trees {
			if !test.supervised || r.name == "supervised" {
				t.Run(r.name+"/"+test.name, func(t *testing.T) { endTree(t, r.run, test.text, test.processes, test.polite) })
			}
		}
	}
}

// endTree runs a command, cancels it, and checks that nothing is left of it.
func endTree(t *testing.T, run func(context.Context, Command) (Exit, error), text string, processes int, polite bool) {
	dir := t.TempDir()
	stop := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	var out buffer
	c := sh("echo before; " + text)
	c.Env = Environment(os.Environ(), []Var{{"DIR", &dir}})
	c.Stdout, c.Stderr = &out, &out
	type result struct {
		e   Exit
		err error
	}
	done := make(chan result, 1)
	go func() {
		e, err := run(ctx, c)
		done <- result{e, err}
	}()
	left := pids(t, dir, processes)
	begin := time.Now()
	cancel(stop)
	r := <-done
	if took := time.Since(begin); took > 4*time.Second {
		t.Errorf("took %v", took)
	}
	if r.err != stop || r.e.Survivors != nil || !strings.HasPrefix(out.String(), "before\n") {
		t.Errorf("%v, %+v, output %q", r.err, r.e, out.String())
	}
	if want := "143 TERM"; polite && status(r.e) != want && processes == 1 {
		t.Errorf("status %s, want %s", status(r.e), want)
	}
	if want := "137 KILL"; !polite && status(r.e) != want {
		t.Errorf("status %s, want %s", status(r.e), want)
	}
	for _, pid := range left {
		if living(pid) {
			t.Errorf("process %d lives", pid)
		}
	}
}

func TestTimeoutKeepsTheOutput(t *testing.T) {
	each(t, func(t *testing.T, run func(context.Context, Command) (Exit, error)) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errors.New("too slow"))
		defer cancel()
		var out buffer
		c := sh("trap 'echo last words; exit 9' TERM; seq 1000; while :; do sleep 0.1; done")
		c.Stdout = &out
		e, err := run(ctx, c)
		if err == nil || err.Error() != "too slow" || status(e) != "9" || !strings.HasSuffix(out.String(), "\n1000\nlast words\n") {
			t.Errorf("%v, %s, output ends with %q", err, status(e), out.String()[max(0, len(out.String())-30):])
		}
	})
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

type writerFunc func([]byte)

func (f writerFunc) Write(p []byte) (int, error) { f(p); return len(p), nil }

func descriptors(t *testing.T) int {
	t.Helper()
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(names)
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
