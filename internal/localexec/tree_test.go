package localexec

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

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
