package localexec

import (
	"context"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestExitStatus(t *testing.T) {
	each(t, func(t *testing.T, run func(context.Context, Command) (Exit, error)) {
		for _, test := range []struct{ text, want, stdout, stderr string }{
			{"echo hello", "0", "hello\n", ""},
			{"exit 7", "7", "", ""},
			{"exit 255", "255", "", ""},
			{"echo out; echo err >&2; exit 3", "3", "out\n", "err\n"},
			{"kill -TERM $$", "143 TERM", "", ""},
			{"kill -KILL $$", "137 KILL", "", ""},
			{"kill -SEGV $$", "139 SEGV", "", ""},
			{"yes | head -1", "0", "y\n", ""},
			{"no-such-program-here 2>/dev/null", "127", "", ""},
			{"cat", "0", "", ""},
			{"tty 2>/dev/null; (exec </dev/tty) 2>/dev/null || echo none", "0", "not a tty\nnone\n", ""},
		} {
			var stdout, stderr buffer
			c := sh(test.text)
			c.Stdout, c.Stderr = &stdout, &stderr
			e, err := run(t.Context(), c)
			if err != nil || status(e) != test.want || stdout.String() != test.stdout || stderr.String() != test.stderr {
				t.Errorf("%s: %s, %v, stdout %q, stderr %q", test.text, status(e), err, stdout.String(), stderr.String())
			}
			if e.Pid <= 0 || e.Survivors != nil || e.Background {
				t.Errorf("%s: %+v", test.text, e)
			}
		}
	})
}

func TestMergedOutputIsInterleaved(t *testing.T) {
	each(t, func(t *testing.T, run func(context.Context, Command) (Exit, error)) {
		var out buffer
		c := sh("for i in 1 2 3; do echo o$i; echo e$i >&2; done")
		c.Stdout, c.Stderr = &out, &out
		if _, err := run(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if got := strings.ReplaceAll(out.String(), "\n", " "); got != "o1 e1 o2 e2 o3 e3 " {
			t.Errorf("got %q", got)
		}
	})
}

func TestStdin(t *testing.T) {
	each(t, func(t *testing.T, run func(context.Context, Command) (Exit, error)) {
		big := strings.Repeat("0123456789abcde\n", 200000) // 3.2 MB
		for _, test := range []struct{ name, text, in, want string }{
			{"echoed", "cat", "some text", "some text"},
			{"large", "wc -c", big, strconv.Itoa(len(big))},
			{"not read", "echo done", big, "done"},
			{"read in part", "head -c 3; exit 0", big, "012"},
			{"closed by the command", "exec <&-; sleep 0.1; echo done", big, "done"},
		} {
			var out buffer
			c := sh(test.text)
			c.Stdin, c.Stdout = strings.NewReader(test.in), &out
			e, err := run(t.Context(), c)
			if err != nil || status(e) != "0" || strings.TrimSpace(out.String()) != test.want {
				t.Errorf("%s: %s, %v, %q", test.name, status(e), err, out.String())
			}
		}
	})
}

func TestStdinThatNeverComes(t *testing.T) {
	each(t, func(t *testing.T, run func(context.Context, Command) (Exit, error)) {
		r, w := io.Pipe()
		defer w.Close()
		c := sh("echo done")
		c.Stdin = r
		if e, err := run(t.Context(), c); err != nil || status(e) != "0" {
			t.Errorf("%s, %v", status(e), err)
		}
	})
}

func TestFilesArePassedThrough(t *testing.T) {
	each(t, func(t *testing.T, run func(context.Context, Command) (Exit, error)) {
		in, err := os.CreateTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		if _, err := in.WriteString("line\n"); err != nil {
			t.Fatal(err)
		}
		if _, err := in.Seek(0, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		out, err := os.CreateTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		defer out.Close()
		c := sh("cat; echo err >&2")
		c.Stdin, c.Stdout, c.Stderr = in, out, out
		if e, err := run(t.Context(), c); err != nil || status(e) != "0" {
			t.Fatal(status(e), err)
		}
		if b, err := os.ReadFile(out.Name()); err != nil || string(b) != "line\nerr\n" {
			t.Errorf("%q, %v", b, err)
		}
	})
}

func TestBackgroundChildren(t *testing.T) {
	each(t, func(t *testing.T, run func(context.Context, Command) (Exit, error)) {
		for _, test := range []struct {
			name, text string
			background bool
		}{
			{"silent", "sleep 60 & echo $!", true},
			{"talking", "(while echo x >&2; do sleep 0.01; done) & echo $!", true},
			{"with its own output", "sleep 60 >/dev/null 2>&1 & echo $!", false},
			{"in another session", "setsid sleep 60 >/dev/null 2>&1 & echo $!", false},
		} {
			var out, stderr buffer
			c := sh(test.text)
			c.Stdout, c.Stderr = &out, &stderr
			begin := time.Now()
			e, err := run(t.Context(), c)
			if err != nil || status(e) != "0" || e.Background != test.background || time.Since(begin) > 10*time.Second {
				t.Errorf("%s: %s, %v, %+v after %v", test.name, status(e), err, e, time.Since(begin))
			}
			pid, err := strconv.Atoi(strings.TrimSpace(out.String()))
			if err != nil {
				t.Fatalf("%s: no pid in %q", test.name, out.String())
			}
			if test.name != "talking" && !living(pid) {
				t.Errorf("%s: the child did not live on", test.name)
			}
			newTree("none", pid).end()
		}
	})
}

// A child may print the last words after its parent's end.
func TestLastWordsOfAChild(t *testing.T) {
	each(t, func(t *testing.T, run func(context.Context, Command) (Exit, error)) {
		var out buffer
		c := sh("(sleep 0.02; echo late) & seq 20000")
		c.Stdout, c.Stderr = &out, &out
		if _, err := run(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(out.String(), "20000\nlate\n") {
			t.Errorf("the output ends with %q", out.String()[max(0, len(out.String())-20):])
		}
	})
}

func TestNoOutputIsLost(t *testing.T) {
	each(t, func(t *testing.T, run func(context.Context, Command) (Exit, error)) {
		for i := range 24 {
			var out buffer
			c := sh("seq 3000; sleep 60 2>/dev/null & exit 0")
			if i%4 != 0 {
				c = sh("seq 3000")
			}
			c.ID = "lost-" + strconv.Itoa(i)
			c.Stdout = &out
			e, err := run(t.Context(), c)
			if err != nil || !strings.HasSuffix(out.String(), "\n3000\n") {
				t.Fatalf("run %d: %v, %d bytes", i, err, len(out.String()))
			}
			newTree(c.ID, e.Pid).end()
		}
	})
}

// failing is a writer that fails at once.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("no") }

func TestWriterThatFails(t *testing.T) {
	each(t, func(t *testing.T, run func(context.Context, Command) (Exit, error)) {
		c := sh("seq 100000; exit 4")
		c.Stdout = failing{}
		if e, err := run(t.Context(), c); err != nil || status(e) != "4" {
			t.Errorf("%s, %v", status(e), err)
		}
	})
}

func TestTTY(t *testing.T) {
	each(t, func(t *testing.T, run func(context.Context, Command) (Exit, error)) {
		long := strings.Repeat("x", 10000)
		for _, test := range []struct{ name, text, in, want string }{
			{"is one", "tty >/dev/null && test -t 0 && test -t 1 && test -t 2 && echo yes >/dev/tty", "", "yes\r\n"},
			{"size", "stty size", "", "40 120\r\n"},
			{"TERM", "echo $TERM", "", "xterm-256color\r\n"},
			{"end of file", "cat; echo done", "", "done\r\n"},
			{"input", "cat; echo done", "a\nb\n", "a\r\nb\r\ndone\r\n"},
			{"input without a newline", "cat; echo done", "a\nb", "a\r\nbdone\r\n"},
			{"long line", "wc -c", long, "10000\r\n"},
			{"much output", "seq 5000 | tail -1", "", "5000\r\n"},
		} {
			var out buffer
			c := sh(test.text)
			c.Env = Environment(nil, nil)
			c.TTY, c.Stdout, c.Stderr = true, &out, &out
			if test.in != "" {
				c.Stdin = strings.NewReader(test.in)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			e, err := run(ctx, c)
			cancel()
			if err != nil || status(e) != "0" || out.String() != test.want {
				t.Errorf("%s: %s, %v, %q, want %q", test.name, status(e), err, out.String(), test.want)
			}
		}
	})
}

func TestStarted(t *testing.T) {
	each(t, func(t *testing.T, run func(context.Context, Command) (Exit, error)) {
		n := 0
		c := sh("true")
		c.Started = func() { n++ }
		if _, err := run(t.Context(), c); err != nil || n != 1 {
			t.Errorf("started %d times, %v", n, err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errors.New("before"))
		if _, err := run(ctx, c); err == nil || err.Error() != "before" || n != 1 {
			t.Errorf("%v, started %d times", err, n)
		}
	})
}
