package pty

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestMain runs the tests as a keeper runs: who starts them may ignore hangups (nohup), which a program on a terminal must not inherit.
func TestMain(m *testing.M) {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP, syscall.SIGINT)
	goleak.VerifyTestMain(m)
}

var environ = []string{"PATH=" + os.Getenv("PATH"), "HOME=/", "LANG=C.UTF-8", "PS1=$ ", "LC_ALL=C.UTF-8"}

// start runs a program on a terminal and ends it with the test.
func start(t testing.TB, argv ...string) *Terminal {
	t.Helper()
	return startWith(t, Options{Argv: argv, Env: environ})
}

func startWith(t testing.TB, o Options) *Terminal {
	t.Helper()
	term, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := term.Close(); err != nil {
			t.Error(err)
		}
	})
	return term
}

func limited(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// expect waits for a pattern behind the cursor and returns the cursor behind it.
func expect(t testing.TB, term *Terminal, cursor int64, pattern string) int64 {
	t.Helper()
	end, ok, err := term.Output().Until(limited(t), cursor, regexp.MustCompile(pattern))
	if err != nil || !ok {
		t.Fatalf("no %q after %d: %v\n%q", pattern, cursor, err, all(term))
	}
	return end
}

func typed(t testing.TB, term *Terminal, s string) {
	t.Helper()
	if err := term.Input(limited(t), []byte(s)); err != nil {
		t.Fatal(err)
	}
}

// all is what the terminal still has of the output.
func all(term *Terminal) string { return string(term.Output().Read(0, 1<<30).Data) }

// ended waits for the end.
func ended(t testing.TB, term *Terminal) Exit {
	t.Helper()
	select {
	case <-term.Done():
	case <-limited(t).Done():
		t.Fatal("it does not end")
	}
	e, ok := term.Exit()
	if !ok {
		t.Fatal("done, but not ended")
	}
	return e
}

func await(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Second); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func codeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.ErrorCode()
	}
	return fmt.Sprint(err)
}
