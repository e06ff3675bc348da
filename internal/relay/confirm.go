package relay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"relay-shell/internal/policy"
	"relay-shell/internal/policy/approval"
)

// Audit actions of the two steps of a confirmation.
const (
	actionPlan    = "confirm_plan"
	actionExecute = "confirm_execute"
)

// Dialog asks the person at the other end, and waits for the answer at most until ctx ends. An error is no answer.
type Dialog func(ctx context.Context, q approval.Waiting) (approval.Answer, error)

// Reply is a person's answer to a question that an earlier call of the same client brought back as its result.
type Reply struct {
	// State is the question's [Question.State], as it came back.
	State string
	// Answer is what the person said; nil when the client asked nobody.
	Answer *approval.Answer
}

// Question is what a person has to answer before the call may run.
type Question struct {
	approval.Waiting
	// State, if set, has to come back with the answer ([Call.Reply]).
	State string
}

// confirm lets a call pass that was asked about and answered, and asks about one that was not. The question binds the tool,
// the exact bytes, the resolved targets, directory, environment and caller; its answer works once.
func (w *walk) confirm(ctx context.Context) *Result {
	store := w.r.opts.Approvals
	if store == nil {
		return denied(w.assess.Tier, "this call has to be confirmed and nobody can be asked", "the operator sets CONFIRM=token, or off")
	}
	human := w.decide.By == policy.ConfirmHuman
	request := w.approvalRequest()
	if reply := w.call.Reply; human && reply != nil && reply.Answer != nil {
		return w.replied(store, request, reply)
	}
	if outcome, _, answer := store.Redeem(request, human); outcome == approval.Approved || outcome == approval.Declined {
		return w.settled(outcome, answer)
	}
	waiting, err := store.Ask(request, w.shown(), human)
	if err != nil {
		return failed(err)
	}
	w.action = actionPlan
	switch {
	case human && w.call.Dialog != nil:
		return w.dialog(ctx, store, request, waiting)
	case human && w.call.TakesQuestions:
		res := w.question(waiting, human)
		state, err := store.Seal(waiting)
		if err != nil {
			return failed(err)
		}
		res.Question = &Question{waiting, state}
		return res
	}
	return w.question(waiting, human)
}

// settled is what an answer means for the call: nil lets it run.
func (w *walk) settled(outcome approval.Outcome, answer *approval.Answer) *Result {
	w.action = actionExecute
	if answer != nil {
		w.approval = map[string]any{"approve": outcome == approval.Approved, "by": answer.By, "at": answer.At.UTC().Format(time.RFC3339)}
		if answer.Reason != "" {
			w.approval["reason"] = answer.Reason
		}
	}
	if outcome == approval.Approved {
		return nil
	}
	why := "a person declined"
	if answer != nil && answer.Reason != "" {
		why += ": " + answer.Reason
	}
	return denied(w.assess.Tier, why, declinedHint)
}

const declinedHint = "don't look for a way round; ask the person what they want instead"

// dialog puts the question to the person now. They may answer there, or with relay-shell approve, whichever is first; silence, errors and
// disconnects mean no.
func (w *walk) dialog(ctx context.Context, store *approval.Store, request approval.Request, waiting approval.Waiting) *Result {
	asking, cancel := context.WithDeadline(ctx, waiting.Expires)
	defer cancel()
	shown := w.r.opts.Now()
	type reply struct {
		answer approval.Answer
		err    error
	}
	replies := make(chan reply, 1)
	go func() { // ends with its answer or, soon after, with asking
		answer, err := w.call.Dialog(asking, waiting)
		replies <- reply{answer, err}
	}()
	look := time.NewTicker(250 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case r := <-replies:
			if asking.Err() != nil {
				return w.unanswered(ctx, store, request, waiting, nil)
			}
			if r.err != nil {
				return w.unanswered(ctx, store, request, waiting, r.err)
			}
			return w.answered(store, request, waiting, shown, r.answer)
		case <-look.C:
			if outcome, _, answer := store.Redeem(request, true); outcome == approval.Approved || outcome == approval.Declined {
				return w.settled(outcome, answer)
			}
		case <-asking.Done():
			return w.unanswered(ctx, store, request, waiting, nil)
		}
	}
}

// answered gives a person's answer to the store and does what it says.
func (w *walk) answered(store *approval.Store, request approval.Request, waiting approval.Waiting, shown time.Time, answer approval.Answer) *Result {
	if err := store.Answer(waiting.Token, shown, answer); errors.Is(err, approval.ErrTooFast) {
		return w.tooFast(waiting)
	}
	outcome, _, given := store.Redeem(request, true)
	if outcome == approval.Approved || outcome == approval.Declined {
		return w.settled(outcome, given)
	}
	return denied(w.assess.Tier, "the question is no longer open", "repeat the call to be asked again")
}

// unanswered ends a question that nobody answered.
func (w *walk) unanswered(ctx context.Context, store *approval.Store, request approval.Request, waiting approval.Waiting, err error) *Result {
	_ = store.Answer(waiting.Token, waiting.Asked, approval.Answer{Reason: "no answer", By: "nobody"}) // it may have expired by itself
	store.Redeem(request, true)
	if res := ended(ctx); res != nil {
		return res
	}
	why := "nobody answered within " + waiting.Expires.Sub(waiting.Asked).Round(time.Second).String()
	if err != nil {
		why = "nobody could be asked: " + err.Error()
	}
	return denied(w.assess.Tier, why, "nothing was run; ask the person, then repeat the call to ask again")
}

// tooFast is an approval that no person can have given. The question waits on.
func (w *walk) tooFast(waiting approval.Waiting) *Result {
	res := w.question(waiting, true)
	res.Err.Message = approval.ErrTooFast.Message + "; " + res.Err.Message
	return res
}

// replied takes the answer that a client has brought back.
func (w *walk) replied(store *approval.Store, request approval.Request, reply *Reply) *Result {
	outcome, waiting, err := store.Unseal(reply.State, request, *reply.Answer)
	var refused *approval.Error
	switch {
	case errors.Is(err, approval.ErrTooFast):
		w.action = actionPlan
		return w.tooFast(waiting)
	case errors.As(err, &refused):
		return denied(w.assess.Tier, refused.Message, refused.Hint)
	case err != nil:
		return failed(err)
	}
	return w.settled(outcome, reply.Answer)
}

func (w *walk) question(waiting approval.Waiting, human bool) *Result {
	ttl := waiting.Expires.Sub(waiting.Asked).Round(1e9)
	res := &Result{Outcome: ConfirmRequired, Tier: w.assess.Tier, Token: waiting.Token, Err: &Error{Code: string(ConfirmRequired)}}
	if human {
		res.Err.Message = fmt.Sprintf("%s; a person has to approve: relay-shell approve %s, within %s", w.decide.Reason, waiting.Token, ttl)
		res.Err.Hint = "ask the person to run that in a terminal, then repeat the identical call"
		return res
	}
	res.Err.Message = fmt.Sprintf("%s; to go on: operation_confirm token=%q within %s, then the identical call again", w.decide.Reason, waiting.Token, ttl)
	res.Err.Hint = fmt.Sprintf("call operation_confirm with token=%q, then repeat the identical call", waiting.Token)
	return res
}

func (w *walk) approvalRequest() approval.Request {
	r := approval.Request{Tool: w.call.Operation.Name(), Bytes: w.call.Args, Dir: w.plan.Subject.Dir, Principal: w.call.Caller.Principal}
	if w.plan.Subject.Session { // with what is typed already, the same bytes may be another command
		r.Bytes = []byte(string(r.Bytes) + "\x00" + w.plan.Subject.Text + "\x00" + strings.Join(w.plan.Subject.Or, "\x00"))
	}
	for _, v := range w.plan.Subject.Env {
		if v.Unset {
			r.Env = append(r.Env, v.Name)
		} else {
			r.Env = append(r.Env, v.Name+"="+v.Value)
		}
	}
	for _, t := range w.target {
		if t == nil {
			continue
		}
		if h := t.Host(); h != nil {
			r.Targets = append(r.Targets, h.Address())
		}
	}
	return r
}

// shown is what the person who answers sees.
func (w *walk) shown() approval.Shown {
	s := approval.Shown{
		Tool: w.call.Operation.Name(), Target: "this machine", Dir: w.plan.Subject.Dir, Tier: int(w.assess.Tier), Why: w.r.opts.Redact.String(w.decide.Reason),
		Command: w.r.opts.Redact.String(policy.Render(w.plan.Subject, w.assess)), Who: w.call.Caller.Principal, Client: w.call.Caller.Client,
	}
	if targets := w.approvalRequest().Targets; len(targets) > 0 {
		s.Target = strings.Join(targets, ", ")
	}
	if subject := &w.plan.Subject; subject.Text == "" && subject.Script == "" && len(subject.Argv) == 0 {
		s.Command += w.argumentsShown()
	}
	return s
}

// argumentsShown says what a tool without a command would do: its arguments as they are recorded, of bodies their length and hash.
func (w *walk) argumentsShown() string {
	var args map[string]any
	if json.Unmarshal(w.args(nil), &args) != nil {
		return ""
	}
	var b strings.Builder
	b.WriteString("arguments:\n")
	for _, name := range slices.Sorted(maps.Keys(args)) {
		value, err := json.Marshal(args[name])
		if text, is := args[name].(string); is || err != nil {
			value = []byte(text)
		}
		fmt.Fprintf(&b, "    %s: %s\n", policy.Visible(name), strings.ReplaceAll(policy.Visible(string(value)), "\n", `\n`))
	}
	return b.String()
}
