package relay

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"relay-shell/internal/audit"
	"relay-shell/internal/policy"
	"relay-shell/internal/redact"
	"relay-shell/internal/target"
)

// operation is an operation made of a function.
type operation struct {
	name string
	plan func() (*Plan, error)
}

func (o operation) Name() string                        { return o.name }
func (o operation) Plan(json.RawMessage) (*Plan, error) { return o.plan() }

func running(run func(context.Context, *Run) (*Result, error)) operation {
	return operation{"test_tool", func() (*Plan, error) {
		return &Plan{Subject: policy.Subject{Text: "touch x"}, Run: run}, nil
	}}
}

type road struct {
	*Relay
	log   *audit.Log
	state string
}

func newRoad(t *testing.T, o policy.Options, change ...func(*Options)) *road {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
	state := t.TempDir()
	log, err := audit.Open(audit.Options{Path: filepath.Join(state, "audit", "audit.jsonl"), Sync: audit.SyncNone})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	engine, err := policy.New(o)
	if err != nil {
		t.Fatal(err)
	}
	opts := Options{
		Policy: engine, Audit: log, Redact: redact.New(redact.Options{}), Targets: target.NewResolver(nil, nil, os.Environ(), nil),
		StateDir: state, Log: zerolog.Nop(), ConnectTimeout: time.Second,
	}
	for _, c := range change {
		c(&opts)
	}
	r := &road{New(opts), log, state}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		r.Close(ctx)
	})
	return r
}

func (r *road) records(t *testing.T) []audit.Joined {
	t.Helper()
	records, err := r.log.Query(audit.Filter{Lines: 100})
	if err != nil {
		t.Fatal(err)
	}
	return records
}

// TestMisbehaving registers an operation of each bad kind: every one ends with an answer and a result record.
func TestMisbehaving(t *testing.T) {
	for _, tt := range []struct {
		name    string
		op      operation
		cancel  bool
		outcome Outcome
		code    string
	}{
		{"panics", running(func(context.Context, *Run) (*Result, error) { panic("boom") }), false, Failed, "internal"},
		{"panics with an error", running(func(context.Context, *Run) (*Result, error) { panic(errors.New("boom")) }), false, Failed, "internal"},
		{"ends its goroutine", running(func(context.Context, *Run) (*Result, error) { runtime.Goexit(); return nil, nil }), false, Failed, "internal"},
		{"gives nothing", running(func(context.Context, *Run) (*Result, error) { return nil, nil }), false, Failed, "internal"},
		{"fails without a code", running(func(context.Context, *Run) (*Result, error) { return nil, errors.New("oops") }), false, Failed, "internal"},
		{"panics while planning", operation{"test_tool", func() (*Plan, error) { panic("boom") }}, false, Failed, "internal"},
		{"runs into its timeout", operation{"test_tool", func() (*Plan, error) {
			return &Plan{Timeout: time.Second, Run: func(ctx context.Context, _ *Run) (*Result, error) {
				<-ctx.Done()
				return &Result{Command: &CommandResult{Stdout: "so far"}}, context.Cause(ctx)
			}}, nil
		}}, false, Timeout, "timeout"},
		{"is cancelled", running(func(ctx context.Context, _ *Run) (*Result, error) {
			<-ctx.Done()
			return nil, context.Cause(ctx)
		}), true, Cancelled, "cancelled"},
		{"succeeds although cancelled", running(func(ctx context.Context, _ *Run) (*Result, error) {
			<-ctx.Done()
			return &Result{}, nil
		}), true, OK, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRoad(t, policy.Options{})
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			if tt.cancel {
				time.AfterFunc(50*time.Millisecond, cancel)
			}
			res := r.Do(ctx, &Call{Operation: tt.op})
			if res.Outcome != tt.outcome || (res.Err == nil) != (tt.code == "") || res.Err != nil && res.Err.Code != tt.code {
				t.Fatalf("outcome %s, error %+v; want %s %s", res.Outcome, res.Err, tt.outcome, tt.code)
			}
			if res.Err != nil && res.Err.Hint == "" {
				t.Error("no hint")
			}
			records := r.records(t)
			if len(records) != 1 || records[0].Outcome != string(tt.outcome) || records[0].Call != res.RequestID {
				t.Errorf("records %+v", records)
			}
			if tt.outcome == Timeout && res.Command.Stdout != "so far" {
				t.Error("the partial output is gone")
			}
			if r.InFlight() != 0 {
				t.Errorf("%d calls still in flight", r.InFlight())
			}
		})
	}
}

// TestLongMessage: an error that names a megabyte is a sentence all the same, in the answer and in the record.
func TestLongMessage(t *testing.T) {
	r := newRoad(t, policy.Options{})
	long := "no file " + strings.Repeat("é", 1<<19) + " here"
	res := r.Do(context.Background(), &Call{Operation: running(func(context.Context, *Run) (*Result, error) {
		return nil, &Error{Code: "not_found", Message: long, Hint: "look for " + long}
	})})
	recorded := r.records(t)[0].Error.Message
	for _, text := range []string{res.Err.Message, res.Err.Hint, recorded} {
		if len(text) > maxMessage+100 || !utf8.ValidString(text) || !strings.HasSuffix(text, " here") || !strings.Contains(text, "bytes left out") {
			t.Errorf("%d bytes: %.40q … %.40q", len(text), text, text[max(0, len(text)-40):])
		}
	}
	if !strings.HasPrefix(res.Err.Message, "no file é") || res.Err.Code != "not_found" {
		t.Errorf("%s: %.40q", res.Err.Code, res.Err.Message)
	}
}

func TestIntentComesFirst(t *testing.T) {
	r := newRoad(t, policy.Options{})
	var seen []byte
	res := r.Do(context.Background(), &Call{Operation: running(func(context.Context, *Run) (*Result, error) {
		seen, _ = os.ReadFile(r.log.Path())
		return &Result{}, nil
	})})
	if res.Outcome != OK || !strings.Contains(string(seen), `"phase":"intent"`) || !strings.Contains(string(seen), res.RequestID) {
		t.Errorf("the intent was not in the log when the operation ran:\n%s", seen)
	}
}

func TestDecisions(t *testing.T) {
	ran := 0
	op := func(text string, readOnly bool) operation {
		return operation{"shell_exec", func() (*Plan, error) {
			return &Plan{Subject: policy.Subject{Text: text}, ReadOnly: readOnly, Run: func(context.Context, *Run) (*Result, error) {
				ran++
				return &Result{}, nil
			}}, nil
		}}
	}
	for _, tt := range []struct {
		name    string
		options policy.Options
		op      operation
		outcome Outcome
	}{
		{"open runs", policy.Options{}, op("rm -rf /srv", false), OK},
		{"readonly reads", policy.Options{Mode: policy.ReadOnly}, op("ls", false), OK},
		{"readonly refuses", policy.Options{Mode: policy.ReadOnly}, op("touch x", false), Denied},
		{"guarded refuses", policy.Options{Mode: policy.Guarded}, op("systemctl restart nginx", false), Denied},
		{"deny wins", policy.Options{Deny: "secret-word"}, op("echo secret-word", false), Denied},
		{"a read tool refuses to write in open mode", policy.Options{}, op("touch x", true), Denied},
		{"a read tool refuses secrets", policy.Options{}, op("cat /etc/shadow", true), Denied},
		{"a read tool reads", policy.Options{}, op("ls -l", true), OK},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ran = 0
			r := newRoad(t, tt.options)
			res := r.Do(context.Background(), &Call{Operation: tt.op})
			if res.Outcome != tt.outcome || (ran == 1) != (tt.outcome == OK) {
				t.Fatalf("outcome %s %+v, ran %d times; want %s", res.Outcome, res.Err, ran, tt.outcome)
			}
			if records := r.records(t); len(records) != 1 || records[0].Denied != (tt.outcome == Denied) {
				t.Errorf("records %+v", records)
			}
		})
	}
}

func TestSecretsStayOutOfTheAudit(t *testing.T) {
	r := newRoad(t, policy.Options{})
	secret := strings.Repeat("s3", 20)
	r.Do(context.Background(), &Call{Operation: operation{"shell_exec", func() (*Plan, error) {
		return &Plan{Record: map[string]any{"env": map[string]string{"DB_PASSWORD": secret}}, Run: func(context.Context, *Run) (*Result, error) {
			return nil, errors.New("login failed: password=" + secret)
		}}, nil
	}}})
	log, _ := os.ReadFile(r.log.Path())
	if strings.Contains(string(log), secret) {
		t.Errorf("the secret is in the log:\n%s", log)
	}
}

func TestCloseEndsRunningCalls(t *testing.T) {
	r := newRoad(t, policy.Options{})
	started := make(chan struct{})
	var res *Result
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		res = r.Do(context.Background(), &Call{Operation: running(func(ctx context.Context, _ *Run) (*Result, error) {
			close(started)
			<-ctx.Done()
			return nil, context.Cause(ctx)
		})})
	}()
	<-started
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := r.Close(ctx); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	if res.Outcome != Cancelled || !strings.Contains(res.Err.Message, "shutting down") {
		t.Errorf("%s %+v", res.Outcome, res.Err)
	}
	if late := r.Do(context.Background(), &Call{Operation: running(nil)}); late.Outcome != Cancelled {
		t.Errorf("a call after Close: %s", late.Outcome)
	}
}

func TestEmergencyStop(t *testing.T) {
	r := newRoad(t, policy.Options{})
	started := make(chan struct{})
	done := make(chan *Result)
	go func() {
		done <- r.Do(context.Background(), &Call{Operation: running(func(ctx context.Context, _ *Run) (*Result, error) {
			close(started)
			<-ctx.Done()
			return nil, context.Cause(ctx)
		})})
	}()
	<-started
	if err := os.WriteFile(StopMark(r.state), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if res := <-done; res.Outcome != Cancelled || !strings.Contains(res.Err.Message, "operator") {
		t.Errorf("the running call ended with %s %+v", res.Outcome, res.Err)
	}
	if res := r.Do(context.Background(), &Call{Operation: running(nil)}); res.Outcome != Denied {
		t.Errorf("a new call: %s", res.Outcome)
	}
	if err := os.Remove(StopMark(r.state)); err != nil {
		t.Fatal(err)
	}
	if res := r.Do(context.Background(), &Call{Operation: running(func(context.Context, *Run) (*Result, error) { return &Result{}, nil })}); res.Outcome != OK {
		t.Errorf("after the stop was lifted: %s %+v", res.Outcome, res.Err)
	}
}

func TestInFlightIsBounded(t *testing.T) {
	r := newRoad(t, policy.Options{}, func(o *Options) { o.MaxInFlight = 1 })
	started, release := make(chan struct{}), make(chan struct{})
	done := make(chan *Result)
	go func() {
		done <- r.Do(context.Background(), &Call{Operation: running(func(context.Context, *Run) (*Result, error) {
			close(started)
			<-release
			return &Result{}, nil
		})})
	}()
	<-started
	waiting := operation{"test_tool", func() (*Plan, error) {
		return &Plan{Timeout: time.Second, Run: func(context.Context, *Run) (*Result, error) { return &Result{}, nil }}, nil
	}}
	if res := r.Do(context.Background(), &Call{Operation: waiting}); res.Outcome != Timeout {
		t.Errorf("a call without a place: %s %+v", res.Outcome, res.Err)
	}
	close(release)
	<-done
	if res := r.Do(context.Background(), &Call{Operation: waiting}); res.Outcome != OK {
		t.Errorf("a call with a place: %s %+v", res.Outcome, res.Err)
	}
}

func TestUnwritableAudit(t *testing.T) {
	for _, deny := range []bool{false, true} {
		r := newRoad(t, policy.Options{}, func(o *Options) { o.DenyUnaudited = deny })
		if err := r.log.Close(); err != nil {
			t.Fatal(err)
		}
		res := r.Do(context.Background(), &Call{Operation: running(func(context.Context, *Run) (*Result, error) { return &Result{}, nil })})
		want := OK
		if deny {
			want = Failed
		}
		if res.Outcome != want || deny && res.Err.Code != "audit_unavailable" {
			t.Errorf("deny=%v: %s %+v", deny, res.Outcome, res.Err)
		}
	}
}

// TestIntentLost: a log that cannot be written when a call begins and can when it ends has a result without an intent. The result says so, and the
// answer too, though the log is well again.
func TestIntentLost(t *testing.T) {
	r := newRoad(t, policy.Options{})
	dir, away := filepath.Join(r.state, "audit"), filepath.Join(r.state, "away")
	if err := errors.Join(os.Rename(dir, away), os.WriteFile(dir, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	res := r.Do(context.Background(), &Call{Operation: running(func(context.Context, *Run) (*Result, error) {
		return &Result{}, errors.Join(os.Remove(dir), os.Rename(away, dir))
	})})
	if res.Outcome != OK || !strings.Contains(strings.Join(res.Notes, "\n"), "audit degraded: ") {
		t.Errorf("%s %v: %q", res.Outcome, res.Err, res.Notes)
	}
	log, err := os.ReadFile(filepath.Join(dir, "audit.jsonl"))
	if err != nil || strings.Count(string(log), res.RequestID) != 1 || !strings.Contains(string(log), `"intent_lost":"audit log: `) {
		t.Errorf("%v: %s", err, log)
	}
	if res := r.Do(context.Background(), &Call{Operation: running(func(context.Context, *Run) (*Result, error) { return &Result{}, nil })}); len(res.Notes) > 0 {
		t.Errorf("the next one: %q", res.Notes)
	}
}
