package relay

import (
	"fmt"

	"relay-shell/internal/policy"
	"relay-shell/internal/policy/approval"
)

// Audit actions of the two steps of a confirmation.
const (
	actionPlan    = "confirm_plan"
	actionExecute = "confirm_execute"
)

// confirm lets a call pass that was asked about and answered, and asks about one that was not. The question binds the tool,
// the exact bytes, the resolved targets, directory, environment and caller; its answer works once.
func (w *walk) confirm() *Result {
	store := w.r.opts.Approvals
	if store == nil {
		return denied(w.assess.Tier, "this call has to be confirmed and nobody can be asked", "the operator sets CONFIRM=token, or off")
	}
	human := w.r.opts.Policy.Confirmation() == policy.ConfirmHuman
	request := w.approvalRequest()
	outcome, _, answer := store.Redeem(request, human)
	switch outcome {
	case approval.Approved:
		w.action = actionExecute
		return nil
	case approval.Declined:
		why := "a person declined"
		if answer != nil && answer.Reason != "" {
			why += ": " + answer.Reason
		}
		return denied(w.assess.Tier, why, "don't look for a way round; ask the person what they want instead")
	}
	waiting, err := store.Ask(request, w.shown(), human)
	if err != nil {
		return failed(err)
	}
	w.action = actionPlan
	return w.question(waiting, human)
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
		Tool: w.call.Operation.Name(), Target: "this machine", Dir: w.plan.Subject.Dir, Tier: int(w.assess.Tier), Why: w.decide.Reason,
		Command: w.r.opts.Redact.String(policy.Render(w.plan.Subject, w.assess)), Who: w.call.Caller.Principal, Client: w.call.Caller.Client,
	}
	for i, t := range w.approvalRequest().Targets {
		if i == 0 {
			s.Target = t
		} else {
			s.Target += ", " + t
		}
	}
	return s
}
