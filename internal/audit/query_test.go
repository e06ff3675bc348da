package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

func ptr[T any](v T) *T { return &v }

func TestQuery(t *testing.T) {
	path := logPath(t)
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	l := open(t, Options{Path: path, Now: func() time.Time { now = now.Add(time.Second); return now }, Rotate: Rotation{Size: 4000, Every: -1}})
	for i := range 20 {
		in, out := intent(fmt.Sprint(i)), result(fmt.Sprint(i))
		if i%2 == 0 {
			in.Tool, out.Tool = "shell_exec", "shell_exec"
			in.Host, out.Host = nil, nil
		}
		if i%5 == 0 {
			out.Denied, out.Outcome, out.Tier = true, "denied", 3
		} else {
			appendOK(t, l, in, false)
		}
		appendOK(t, l, out, false)
	}
	tests := []struct {
		name   string
		filter Filter
		calls  string
	}{
		{"all", Filter{}, "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19"},
		{"newest", Filter{Lines: 3}, "17 18 19"},
		{"tool", Filter{Tool: "shell_exec", Lines: 4}, "12 14 16 18"},
		{"tier", Filter{Tier: ptr(3)}, "0 5 10 15"},
		{"denied", Filter{Denied: ptr(true), Lines: 2}, "10 15"},
		{"admitted", Filter{Denied: ptr(false), Lines: 2}, "18 19"},
		{"alias", Filter{Host: "web1", Lines: 2}, "17 19"},
		{"host name", Filter{Host: "192.0.2.1", Lines: 1}, "19"},
		{"outcome", Filter{Outcome: "denied"}, "0 5 10 15"},
		{"nothing", Filter{Tool: "none"}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			found, err := l.Query(test.filter)
			if err != nil {
				t.Fatal(err)
			}
			var calls []string
			for _, j := range found {
				calls = append(calls, j.Call)
				if j.Denied == (j.IntentSeq != nil) {
					t.Errorf("call %s: denied %v, intent %v", j.Call, j.Denied, j.IntentSeq)
				}
				if j.IntentSeq != nil && (*j.IntentSeq >= j.Seq || !j.Began.Before(j.TS)) {
					t.Errorf("call %s: intent %d at %v, result %d at %v", j.Call, *j.IntentSeq, j.Began, j.Seq, j.TS)
				}
			}
			if got := strings.Join(calls, " "); got != test.calls {
				t.Errorf("got %s, want %s", got, test.calls)
			}
		})
	}
	all, err := l.Query(Filter{})
	if err != nil {
		t.Fatal(err)
	}
	since, err := l.Query(Filter{Since: all[17].TS})
	if err != nil || len(since) != 3 {
		t.Errorf("since: %d results, %v", len(since), err)
	}
}

func TestJoinedJSON(t *testing.T) {
	path := logPath(t)
	l := open(t, Options{Path: path})
	appendOK(t, l, intent("a"), false)
	out := result("a")
	out.Error = &Error{Code: "timeout", Message: "timed out"}
	out.Outcome, out.ExitCode, out.Signal = "timeout", nil, "KILL"
	appendOK(t, l, out, false)
	found, err := l.Query(Filter{})
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	b, err := json.Marshal(found[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"seq":2,`, `"intent_seq":1`, `"began":"`, `"exit_code":null`, `"signal":"KILL"`, `"error":{"code":"timeout","message":"timed out"}`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("%s lacks %s", b, want)
		}
	}
	var back Joined
	if err := json.Unmarshal(b, &back); err != nil || *back.IntentSeq != 1 || back.Call != "a" {
		t.Errorf("%+v %v", back, err)
	}
}

// TestTailFollows sees every result once, across rotations and a removed file.
func TestTailFollows(t *testing.T) {
	path := logPath(t)
	l := open(t, Options{Path: path, Rotate: Rotation{Size: 3000}})
	appendOK(t, l, result("before"), false)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	seen := make(chan Joined)
	ended := make(chan error, 1)
	go func() {
		ended <- Tail(ctx, nil, path, Filter{Lines: 1}, true, func(j Joined) error {
			select {
			case seen <- j:
			case <-ctx.Done():
			}
			return nil
		})
	}()
	if j := <-seen; j.Call != "before" {
		t.Fatalf("first seen: %+v", j)
	}
	for i := range 40 {
		call := fmt.Sprint(i)
		appendOK(t, l, intent(call), false)
		appendOK(t, l, result(call), false)
	}
	for i := range 40 {
		select {
		case j := <-seen:
			if j.Call != fmt.Sprint(i) || j.IntentSeq == nil {
				t.Fatalf("seen %s (intent %v), want %d", j.Call, j.IntentSeq, i)
			}
		case <-ctx.Done():
			t.Fatalf("result %d was not seen", i)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestVerifyBesideWriter verifies a log while 5,000 records a second are written, and never raises a false alarm.
func TestVerifyBesideWriter(t *testing.T) {
	path := logPath(t)
	l := open(t, Options{Path: path, Rotate: Rotation{Size: 500_000}, CheckpointEvery: 10 * time.Millisecond})
	stop, stopped := make(chan struct{}), make(chan struct{})
	wrote := make(chan struct{}, 1) // a batch was written since it was last read
	go func() {
		defer close(stopped)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-tick.C:
			}
			for k := range 25 {
				call := fmt.Sprintf("%d-%d", i, k)
				appendOK(t, l, intent(call), false)
				appendOK(t, l, result(call), false)
			}
			select {
			case wrote <- struct{}{}:
			default:
			}
		}
	}()
	last := int64(0)
	for n := range besideRuns {
		for range 5 {
			<-wrote
		}
		r := verify(t, VerifyOptions{Path: path})
		if !r.OK {
			t.Errorf("run %d: false alarm: %v", n, r.Fault)
		}
		last = r.Size
	}
	close(stop)
	<-stopped
	t.Logf("%d records at the last run", last)
}
