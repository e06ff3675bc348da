package jobs

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"relay-shell/internal/keeper/job"
	"relay-shell/internal/sshtest"
)

// onEach runs a test here, and on hosts with the shells and tools that hosts have.
func onEach(t *testing.T, f func(t *testing.T, p Place)) {
	t.Run("local", func(t *testing.T) { f(t, newLocal(t)) })
	box := busybox(t)
	for name, o := range map[string]sshtest.Options{
		"dash": {Shell: "dash", Ordinary: true}, "bash": {Shell: "bash", Ordinary: true}, "fish": {Shell: "fish", Ordinary: true},
		"busybox":  {Shell: box + "/ash", Config: []string{"SetEnv PATH=" + box}, Ordinary: true},
		"dropbear": {Dropbear: true, Ordinary: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, newHost(t, sshtest.Start(t, o)))
		})
	}
}

// busybox is a directory with nothing but the tools of busybox.
func busybox(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "bb")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("busybox", "--install", "-s", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return dir
}

func TestLife(t *testing.T) {
	onEach(t, func(t *testing.T, p Place) {
		first := start(t, p, `echo out; echo err >&2; read x; echo "read: $? <$x>"; echo "$FOO"; (exit 7)`)
		if first.State != job.Running && first.State != job.Ended || first.Total < 0 {
			t.Errorf("started as %+v", first)
		}
		w := wait(t, p, first.ID, WaitOptions{})
		if got := code(w.Info); got != "ended 7" || string(w.Chunk.Data) != "out\nerr\nread: 1 <>\n\n" {
			t.Errorf("%s, %q", got, w.Chunk.Data)
		}
		value := "two\nlines"
		second, err := p.Start(t.Context(), Spec{Command: `echo "$FOO"; pwd; kill -KILL $$`, Dir: "/usr/bin", Env: []EnvVar{{"FOO", &value}}, Name: "a 'name'\n"})
		if err != nil {
			t.Fatal(err)
		}
		w = wait(t, p, second.ID, WaitOptions{})
		if got := code(w.Info); got != "ended 137 KILL" || string(w.Chunk.Data) != "two\nlines\n/usr/bin\n" || w.Info.Name != "a 'name'\n" {
			t.Errorf("%s, %q, %+v", got, w.Chunk.Data, w.Info)
		}
		list, err := p.List(t.Context())
		if err != nil || len(list) != 2 || list[0].ID != first.ID || list[1].ID != second.ID {
			t.Errorf("list: %v, %v", list, err)
		}
		if _, err := p.Start(t.Context(), Spec{Command: "true", Dir: "/no/such/directory"}); err == nil {
			t.Error("started in a directory that is not there")
		}
		if list, err = p.List(t.Context()); err != nil || len(list) != 2 {
			t.Errorf("a start that failed left a job: %v, %v", list, err)
		}
	})
}

// TestWait waits for each of the things there are to wait for.
func TestWait(t *testing.T) {
	onEach(t, func(t *testing.T, p Place) {
		j := start(t, p, `echo one; sleep 1; echo two; sleep 2; echo "three 33"; sleep 600`)
		w := waitFor(t, p, j.ID, "two")
		if string(w.Chunk.Data) != "one\ntwo\n" || w.Chunk.Next != 8 {
			t.Errorf("%+v, %q", w, w.Chunk.Data)
		}
		w = wait(t, p, j.ID, WaitOptions{Until: regexp.MustCompile(`(?m)^three (\d+)$`), Cursor: w.Chunk.Next})
		if w.Reason != ReasonUntil || w.Chunk.Next != 17 {
			t.Errorf("%+v", w)
		}
		if w = wait(t, p, j.ID, WaitOptions{Quiet: 2 * time.Second}); w.Reason != ReasonQuiet || w.Info.State != job.Running {
			t.Errorf("%+v", w)
		}
		if w = wait(t, p, j.ID, WaitOptions{Timeout: time.Second}); w.Reason != ReasonTimeout || string(w.Chunk.Data) != "one\ntwo\nthree 33\n" {
			t.Errorf("%+v, %q", w, w.Chunk.Data)
		}
		// A cursor beyond the end is the end; nothing that stands before one comes again.
		if w = wait(t, p, j.ID, WaitOptions{Timeout: time.Second, Cursor: 1000, Until: regexp.MustCompile("one")}); w.Reason != ReasonTimeout || len(w.Chunk.Data) != 0 || w.Chunk.Next != 17 {
			t.Errorf("%+v, %q", w, w.Chunk.Data)
		}
		if w = wait(t, p, j.ID, WaitOptions{Timeout: time.Second, Cursor: 8}); w.Reason != ReasonTimeout || string(w.Chunk.Data) != "three 33\n" || w.Chunk.Start != 8 {
			t.Errorf("%+v, %q", w, w.Chunk.Data)
		}
		if _, err := Wait(t.Context(), p, "j-aaaaaaaa", WaitOptions{Timeout: time.Second}); !is(err, "not_found") {
			t.Errorf("%v", err)
		}
	})
}

func is(err error, code string) bool { return err != nil && errorCode(err) == code }

// TestKill ends trees that don't want to.
func TestKill(t *testing.T) {
	onEach(t, func(t *testing.T, p Place) {
		for _, tree := range []string{
			`echo up; sleep 4711`,
			`trap '' TERM HUP INT; (trap '' TERM; sleep 4711; sleep 4711) & echo up; while :; do sleep 4711; done`,
			`setsid sh -c 'trap "" TERM; sleep 4711' & nohup sleep 4711 & echo up; wait`,
			`sh -c 'kill -STOP $$' & sleep 4711 | cat | cat & echo up; sleep 4711`,
			`i=0; while [ $i -lt 30 ]; do sleep 4711 & i=$((i+1)); done; echo up; wait`,
		} {
			j := start(t, p, strings.ReplaceAll(tree, "4711", "4711"+j0(t)))
			waitFor(t, p, j.ID, "up")
			began := time.Now()
			info, _, err := p.Kill(t.Context(), j.ID, "TERM")
			if err != nil || info.State != job.Killed || len(info.Survivors) > 0 {
				t.Fatalf("%s: %+v, %v", tree, info, err)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("%s took %v", tree, took)
			}
			if out, _ := exec.Command("pgrep", "-f", "sleep 4711"+j0(t)).Output(); len(out) > 0 {
				t.Errorf("%s: left %s", tree, out)
			}
		}
		j := start(t, p, `trap 'echo usr1; exit 3' USR1; echo up; while :; do sleep 0.1; done`)
		waitFor(t, p, j.ID, "up")
		if _, n, err := p.Kill(t.Context(), j.ID, "USR1"); err != nil || n == 0 {
			t.Errorf("%d signalled, %v", n, err)
		}
		if w := wait(t, p, j.ID, WaitOptions{}); w.Info.State != job.Ended || w.Info.Code == nil {
			t.Errorf("%+v", w)
		}
		if _, _, err := p.Kill(t.Context(), j.ID, "TERM"); err != nil {
			t.Errorf("killing an ended one: %v", err)
		}
		if info, _, err := p.Kill(t.Context(), start(t, p, "sleep 600").ID, "KILL"); err != nil || info.State != job.Killed {
			t.Errorf("%+v, %v", info, err)
		}
		if _, _, err := p.Kill(t.Context(), start(t, p, "sleep 600").ID, "NOSUCH; touch /tmp/x"); !is(err, "invalid_argument") {
			t.Errorf("%v", err)
		}
	})
}

// j0 is a number of the test's own, so that parallel ones do not see each other's processes.
func j0(t *testing.T) string {
	n := 0
	for _, c := range t.Name() {
		n = (n*31 + int(c)) % 1000
	}
	return "." + string(rune('0'+n/100)) + string(rune('0'+n/10%10)) + string(rune('0'+n%10))
}

// TestBounded keeps the newest output and counts the rest.
func TestBounded(t *testing.T) {
	onEach(t, func(t *testing.T, p Place) {
		const lines = 300_000 // 3 MB of which 1 MiB is kept
		j := start(t, p, numbered(1000)+`; awk 'BEGIN { for (i = 1000; i < 300000; i++) printf "%09d\n", i }'`)
		w := wait(t, p, j.ID, WaitOptions{})
		if w.Info.State != job.Ended {
			t.Fatalf("%+v", w.Info)
		}
		data, missing := all(t, p, j.ID)
		checkNumbered(t, data, missing, lines)
		if limit := int(testLimits.Output); len(data) > limit || len(data) < limit*2/3 {
			t.Errorf("%d bytes are kept of %d that may be", len(data), limit)
		}
		// one that prints slowly keeps as much
		j = start(t, p, numbered(3000))
		wait(t, p, j.ID, WaitOptions{})
		if data, missing = all(t, p, j.ID); missing != 0 {
			t.Errorf("%d bytes are missing", missing)
		}
		checkNumbered(t, data, missing, 3000)
	})
}

// TestLimits bounds the running jobs and keeps as many ended ones as it shall.
func TestLimits(t *testing.T) {
	onEach(t, func(t *testing.T, p Place) {
		limits := Limits{Running: 2, Output: 1 << 16, Retention: time.Hour, History: 3}
		switch p := p.(type) {
		case *Local:
			p.Limits = limits
		case *Host:
			p.Limits = limits
		}
		one, two := start(t, p, "sleep 600"), start(t, p, "sleep 600")
		if _, err := p.Start(t.Context(), Spec{Command: "sleep 600"}); !is(err, "limit_reached") {
			t.Fatalf("a third job: %v", err)
		}
		for _, id := range []string{one.ID, two.ID} {
			if _, _, err := p.Kill(t.Context(), id, "KILL"); err != nil {
				t.Fatal(err)
			}
		}
		var last Info
		for range 5 {
			last = start(t, p, "true")
			wait(t, p, last.ID, WaitOptions{})
		}
		list, err := p.List(t.Context())
		if err != nil || len(list) != limits.History+1 || list[len(list)-1].ID != last.ID {
			t.Errorf("%d jobs, %v", len(list), err)
		}
	})
}
