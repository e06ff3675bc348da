package relay

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"relay-shell/internal/policy"
	"relay-shell/internal/policy/approval"
)

// asked is a road on which a person has to confirm what is irreversible, and an operation that is, with whether it ran.
func asked(t *testing.T, ttl time.Duration) (r *road, op operation, ran *bool) {
	t.Helper()
	store, err := approval.Open(approval.Options{TTL: ttl})
	if err != nil {
		t.Fatal(err)
	}
	r = newRoad(t, policy.Options{Confirm: policy.ConfirmHuman}, func(o *Options) { o.Approvals = store })
	ran = new(bool)
	op = operation{"test_tool", func() (*Plan, error) {
		return &Plan{Subject: policy.Subject{Text: "rm -rf /"}, Run: func(context.Context, *Run) (*Result, error) { *ran = true; return &Result{}, nil }}, nil
	}}
	return r, op, ran
}

// silence is a dialog that nobody answers.
func silence(ctx context.Context, _ approval.Waiting) (approval.Answer, error) {
	<-ctx.Done()
	return approval.Answer{}, ctx.Err()
}

func TestSilenceIsNo(t *testing.T) {
	r, op, ran := asked(t, 2*time.Second)
	res := r.Do(context.Background(), &Call{Operation: op, Dialog: silence})
	if res.Outcome != Denied || *ran || !strings.Contains(res.Err.Message, "nobody answered within 2s") {
		t.Errorf("%s %+v ran %v", res.Outcome, res.Err, *ran)
	}
}

func TestDisconnectIsNo(t *testing.T) {
	r, op, ran := asked(t, time.Minute)
	ctx, cancel := context.WithCancel(context.Background())
	res := r.Do(ctx, &Call{Operation: op, Dialog: func(ctx context.Context, q approval.Waiting) (approval.Answer, error) {
		cancel()
		return silence(ctx, q)
	}})
	if res.Outcome != Cancelled || *ran {
		t.Errorf("%s %+v ran %v", res.Outcome, res.Err, *ran)
	}
	// The question went with the caller: the next one is asked anew.
	told := false
	res = r.Do(context.Background(), &Call{Operation: op, Dialog: func(context.Context, approval.Waiting) (approval.Answer, error) {
		told = true
		return approval.Answer{}, errors.New("the window is gone")
	}})
	if res.Outcome != Denied || !told || *ran || !strings.Contains(res.Err.Message, "the window is gone") {
		t.Errorf("%s %+v told %v ran %v", res.Outcome, res.Err, told, *ran)
	}
}

// TestAnswerElsewhere has a person answer in the server's own console while the client's dialog is open.
func TestAnswerElsewhere(t *testing.T) {
	for _, approve := range []bool{true, false} {
		r, op, ran := asked(t, time.Minute)
		res := r.Do(context.Background(), &Call{Operation: op, Dialog: func(ctx context.Context, q approval.Waiting) (approval.Answer, error) {
			time.Sleep(approval.MinimumThought) // the person's, not ours to wait for
			if err := r.opts.Approvals.Answer(q.Token, q.Asked, approval.Answer{Approve: approve, By: "console"}); err != nil {
				t.Error(err)
			}
			return silence(ctx, q)
		}})
		if *ran != approve || (res.Outcome == OK) != approve {
			t.Errorf("approve %v: %s %+v ran %v", approve, res.Outcome, res.Err, *ran)
		}
	}
}

// TestNobodyToAsk wants the answer at once where there is neither dialog nor console.
func TestNobodyToAsk(t *testing.T) {
	r, op, ran := asked(t, time.Minute)
	res := r.Do(context.Background(), &Call{Operation: op})
	if res.Outcome != ConfirmRequired || *ran || res.Question != nil || !strings.Contains(res.Err.Message, "relay-shell approve "+res.Token) {
		t.Errorf("%s %+v", res.Outcome, res.Err)
	}
	again := r.Do(context.Background(), &Call{Operation: op, TakesQuestions: true})
	if again.Outcome != ConfirmRequired || again.Token != res.Token || again.Question == nil || again.Question.State == "" {
		t.Errorf("%s %+v", again.Outcome, again.Question)
	}
}
