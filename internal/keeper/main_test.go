package keeper

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestMain lets the test's program be the keeper.
func TestMain(m *testing.M) {
	if path := os.Getenv(strangerEnv); path != "" {
		os.Exit(stranger(path))
	}
	if len(os.Args) > 1 && os.Args[1] == Command {
		os.Exit(Main(os.Args[2:], map[string]Kind{"echo": openEcho}))
	}
	os.Exit(m.Run())
}

// echo is a thing for tests: it says what it is told.
type echo struct {
	Text    string
	Fail    string
	Block   bool
	Inspect string // a file for what the process finds itself to be
	done    chan struct{}
}

func openEcho(ctx context.Context, p Place, spec json.RawMessage) (Thing, error) {
	e := &echo{done: make(chan struct{})}
	if err := json.Unmarshal(spec, e); err != nil {
		return nil, err
	}
	if e.Fail != "" {
		return nil, &Error{Code: e.Fail, Message: "no", Hint: "try"}
	}
	if e.Block {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if e.Inspect != "" {
		b, err := json.Marshal(inspect())
		if err == nil {
			err = os.WriteFile(e.Inspect, b, 0o600)
		}
		return e, err
	}
	return e, nil
}

func (e *echo) Detail() any { return map[string]string{"text": e.Text} }

func (e *echo) Handle(ctx context.Context, op string, args json.RawMessage) (any, error) {
	switch op {
	case "say":
		return args, nil
	case "wait":
		<-ctx.Done()
		_ = os.WriteFile(e.Text, nil, 0o600)
		return nil, ctx.Err()
	case "end":
		close(e.done)
		return nil, nil
	}
	return nil, errors.New("what?")
}

func (e *echo) Done() <-chan struct{} { return e.done }

func (e *echo) Close(context.Context) error { return nil }

// testKeepers makes a Keepers of its own whose keepers end with the test.
func testKeepers(t *testing.T) *Keepers {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "kp")
	if err != nil {
		t.Fatal(err)
	}
	k := Open(Options{Dir: filepath.Join(dir, "keepers"), Environ: append(os.Environ(), "RELAY_SHELL_X=secret"), Build: "test", Kinds: []string{"echo"}})
	t.Cleanup(func() {
		list, err := k.List(context.Background(), "")
		if err != nil {
			t.Error(err)
		}
		for _, i := range list {
			if err := k.Close(context.Background(), i.ID); err != nil {
				t.Error(err)
			}
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return k
}

func start(t *testing.T, k *Keepers, e echo) Info {
	t.Helper()
	info, err := k.Start(context.Background(), "echo", 10, e)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// eventually waits for a condition, for a while.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(4 * mendEvery); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("in vain: " + what)
		}
	}
}

func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	return err == nil && p.Signal(nullSignal) == nil
}
