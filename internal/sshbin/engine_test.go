package sshbin

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/sshtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newEngine makes an engine for the lab, and ends its masters with the test.
func newEngine(t testing.TB, l *sshtest.Lab, o Options) *Engine {
	t.Helper()
	if o.ConfigFile == "" {
		o.ConfigFile = l.Config()
	}
	if o.RuntimeDir == "" {
		o.RuntimeDir = l.RuntimeDir()
	}
	if o.Env == nil {
		o.Env = l.Env()
	}
	o.Log = zerolog.New(zerolog.NewTestWriter(t))
	e, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
		entries, _ := os.ReadDir(o.RuntimeDir)
		for _, entry := range entries {
			if _, _, ok := ownSocket(entry.Name()); ok {
				path := o.RuntimeDir + "/" + entry.Name()
				for _, pid := range mastersAt(path) {
					endMaster(path, pid)
				}
			}
		}
	})
	return e
}

func resolve(t testing.TB, e *Engine, host string, o dest.Options) *dest.Resolved {
	t.Helper()
	d, err := dest.Parse(host, o)
	if err != nil {
		t.Fatal(err)
	}
	r, err := e.Resolve(context.Background(), d)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// result is what a command gave.
type result struct {
	out, err string
	code     int // -1: none
	signal   string
	exit     Exit
}

// run runs a command within 60 s, with separate outputs.
func run(t testing.TB, e *Engine, r *dest.Resolved, c Command) (result, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	return runIn(ctx, e, r, c)
}

func runIn(ctx context.Context, e *Engine, r *dest.Resolved, c Command) (result, error) {
	var out, errs bytes.Buffer
	if c.Stdout == nil {
		c.Stdout = &out
	}
	if c.Stderr == nil {
		c.Stderr = &errs
	}
	c.StoreHostKey = true
	exit, err := e.Run(ctx, r, c)
	res := result{out: out.String(), err: errs.String(), code: -1, signal: exit.Signal, exit: exit}
	if exit.Code != nil {
		res.code = *exit.Code
	}
	return res, err
}

func mustRun(t testing.TB, e *Engine, r *dest.Resolved, c Command) result {
	t.Helper()
	res, err := run(t, e, r, c)
	if err != nil {
		t.Fatalf("%.200q: %v", c.Text, err)
	}
	return res
}

func ptr[T any](v T) *T { return &v }

// modes runs a test in both ways to a master.
func modes(t *testing.T, test func(t *testing.T, mode Mode)) {
	for _, mode := range []Mode{Passenger, Fork} {
		t.Run(string(mode), func(t *testing.T) { test(t, mode) })
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, sshtest.Options{Shell: "dash"})
	big := strings.Repeat("0123456789abcdef", 3<<20/16)
	modes(t, func(t *testing.T, mode Mode) {
		e := newEngine(t, server.Lab, Options{Engine: mode})
		r := resolve(t, e, "target", dest.Options{})
		for _, test := range []struct {
			name string
			c    Command
			want result
		}{
			{"streams apart", Command{Text: "echo out; echo err >&2"}, result{out: "out\n", err: "err\n"}},
			{"status", Command{Text: "exit 7"}, result{code: 7}},
			{"status 255", Command{Text: "exit 255"}, result{code: 255}},
			{"no standard input", Command{Text: "cat; read x; echo $?"}, result{out: "1\n"}},
			{"standard input", Command{Text: "cat", Stdin: strings.NewReader("a\x00b\n")}, result{out: "a\x00b\n"}},
			{"much standard input", Command{Text: "cat | wc -c", Stdin: strings.NewReader(big)}, result{out: "3145728\n"}},
			{"unread standard input", Command{Text: "exit 3", Stdin: strings.NewReader(big)}, result{code: 3}},
			{"much output", Command{Text: "head -c 1900000 /dev/zero | tr '\\0' x"}, result{out: strings.Repeat("x", 1900000)}},
			{"death by a signal", Command{Text: "sh -c 'kill -TERM $$'"}, result{code: 143, signal: "TERM", err: "Terminated\n"}},
			{"death of the only program", Command{Text: "perl -e 'kill KILL, $$'"}, result{code: 137, signal: "KILL", err: "Killed\n"}},
			{"directory", Command{Text: "pwd", Dir: "/usr/bin"}, result{out: "/usr/bin\n"}},
			{"environment", Command{Text: `printf '%s|' "$A" "$B" "${HOME-unset}" "$E"`, Env: []EnvVar{
				{"A", ptr("x=y 'z' \"$HOME\" %s \\n `id` ü\n\nlast\n\n")}, {"B", ptr("")}, {"HOME", nil}, {"E", ptr(strings.Repeat("long \t", 5000))}}},
				result{out: "x=y 'z' \"$HOME\" %s \\n `id` ü\n\nlast\n\n||unset|" + strings.Repeat("long \t", 5000) + "|"}},
			{"environment before standard input", Command{Text: `cat; printf %s "$A"`, Env: []EnvVar{{"A", ptr("1")}}, Stdin: strings.NewReader(big)}, result{out: big + "1"}},
			{"long text", Command{Text: "printf %s '" + big[:300000] + "' | wc -c"}, result{out: "300000\n"}},
			{"long text reads standard input", Command{Text: ": '" + big[:100000] + "'\ncat; exit 4", Stdin: strings.NewReader("in")}, result{out: "in", code: 4}},
			{"here-document", Command{Text: "cat <<'EOF'\na$b\nEOF"}, result{out: "a$b\n"}},
			{"comment at the end", Command{Text: "echo a # b"}, result{out: "a\n"}},
			{"binary output", Command{Text: `printf '\000\377\036'`}, result{out: "\x00\xff\x1e"}},
		} {
			t.Run(test.name, func(t *testing.T) {
				got := mustRun(t, e, r, test.c)
				if i := strings.Index(got.err, "Terminated"); i > 0 {
					got.err = got.err[i:]
				}
				if i := strings.Index(got.err, "Killed"); i > 0 {
					got.err = "Killed\n"
				}
				if got.out != test.want.out || got.err != test.want.err || got.code != test.want.code || got.signal != test.want.signal {
					t.Errorf("got %.300q, %q, %d %s; want %.300q, %q, %d %s", got.out, got.err, got.code, got.signal,
						test.want.out, test.want.err, test.want.code, test.want.signal)
				}
			})
		}
		if server.Logins() > 2 {
			t.Errorf("%d logins for one host", server.Logins())
		}
	})
}
