package relay

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"relay-shell/internal/policy"
	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/target"
)

// graceAfterCancel is how long an operation may take to come back once its context has ended. The engines end trees within two
// seconds; what is slower than this is left behind and said to be.
const graceAfterCancel = 10 * time.Second

// walk is the state of one call on the road.
type walk struct {
	r      *Relay
	call   *Call
	id     string
	began  time.Time
	plan   *Plan
	target []target.Target // nil where unresolved says why
	// hostNames are the names of each host of the plan by which a policy may know it, unresolved why one has no target.
	hostNames  [][]string
	unresolved []error
	// recorded: the intent is written, and with it where the hosts lead.
	recorded bool
	// unannounced is why the intent is not written, though the call goes on.
	unannounced error
	// started: the command runs, or has.
	started atomic.Bool
	assess  policy.Assessment
	decide  policy.Decision
	action  string // what the audit says beside the call: a step of its confirmation
	// admitted is the highest tier of what was admitted while the call ran.
	admitted atomic.Int32
	approval map[string]any // who answered, and how
}

// Do walks one call down the road. It always answers, and everything that got as far as a call is in the audit.
func (r *Relay) Do(ctx context.Context, call *Call) *Result {
	w := &walk{r: r, call: call, began: r.opts.Now()}
	w.id = newID(w.began)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := context.AfterFunc(r.ctx, func() { cancel(context.Cause(r.ctx)) })
	defer stop()
	if !r.enter(w.id, cancel) {
		return w.finish(&Result{Outcome: Cancelled, Err: &Error{Code: string(Cancelled), Message: errShutdown.Error(), Hint: "start relay-shell again"}})
	}
	defer r.leave(w.id)

	if refused := w.prepare(ctx); refused != nil {
		return w.refuse(ctx, refused)
	}
	if refused := w.intent(ctx); refused != nil {
		return w.finish(refused)
	}
	return w.conclude(ctx, w.run(ctx))
}

// prepare validates, resolves, assesses and decides. A non-nil result means that nothing will run; a panic on the way is one.
func (w *walk) prepare(ctx context.Context) (refused *Result) {
	defer func() {
		if p := recover(); p != nil {
			refused = failed(w.panicked(p))
		}
	}()
	plan, err := w.call.Operation.Plan(w.call.Args)
	if err != nil {
		return failed(err)
	}
	w.plan = plan
	if plan.EvenIfStopped {
		w.r.spare(w.id)
	}
	if w.r.stopped() && !plan.EvenIfStopped {
		return denied(policy.Tier(0), "the operator has stopped relay-shell", "relay-shell stop --resume lifts it; only the operator can")
	}
	w.plan.Subject.Tool = w.call.Operation.Name()
	w.plan.Subject.AnyStdin = w.plan.Subject.AnyStdin || w.call.Stdin != nil // a pipe, which nobody has read yet
	w.name()
	if reason, is := w.deniedAsGiven(); is {
		w.assess = policy.Assess(w.plan.Subject)
		return denied(w.assess.Tier, reason, deniedHint)
	}
	if err := w.resolve(ctx); err != nil {
		return failed(err)
	}
	w.assess = policy.Assess(w.plan.Subject)
	return w.decided(ctx)
}

const deniedHint = "policy_explain shows why; only the operator can change the policy"

func (w *walk) decided(ctx context.Context) *Result {
	if w.plan.ReadOnly {
		if ok, why := policy.ReadAllowed(w.assess); !ok {
			return denied(w.assess.Tier, why, "this tool runs plain reads only; call "+writingTwin(w.call.Operation.Name())+" instead")
		}
	}
	w.decide = w.decision()
	switch w.decide.Effect {
	case policy.Allow:
		return nil
	case policy.Confirm:
		return w.confirm(ctx)
	default:
		return denied(w.assess.Tier, w.decide.Reason, hintFor(w.decide))
	}
}

// hintFor says what is left to do after a decision that denies.
func hintFor(d policy.Decision) string {
	switch {
	case d.Rule != "mode":
		return deniedHint
	case d.Mode == policy.ReadOnly:
		return "read instead (shell_read, ssh_read, file_read, file_list…); policy_explain tells a command's tier; only the operator can change the mode, of the server (POLICY_MODE) or of the host"
	}
	return "tiers 0 and 1 run, and what the operator's POLICY_ALLOW or rules admit; policy_explain tells a command's tier; only the operator can change that"
}

// Who is what a policy knows of a caller and of the targets of a call.
func Who(caller Caller, targets []target.Target) policy.Who {
	who := policy.Who{Principal: caller.Principal}
	for _, t := range targets {
		if t == nil {
			continue
		}
		if h := t.Host(); h != nil {
			who.Host = h.Alias
			who.Groups = append(who.Groups, h.Groups...)
			who.Mode = policy.Stricter(who.Mode, h.PolicyMode)
		}
	}
	return who
}

// writingTwin is the tool that may do what a read-only one refused.
func writingTwin(tool string) string {
	switch tool {
	case "shell_read":
		return "shell_exec"
	case "ssh_read":
		return "ssh_exec"
	}
	return "shell_exec or ssh_exec"
}

func failed(err error) *Result {
	return &Result{Outcome: Failed, Err: AsError(err)}
}

func denied(tier policy.Tier, reason, hint string) *Result {
	return &Result{Outcome: Denied, Tier: tier, Err: &Error{Code: string(Denied), Message: reason, Hint: hint}}
}

// run bounds the operation: a slot, its timeout, its panics, and its refusal to come back.
func (w *walk) run(ctx context.Context) *Result {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	clock := w.startClock(cancel)
	defer clock.Stop()
	if err := w.r.takeSlot(ctx, w.call.Progress); err != nil {
		outcome, e := endedBy(ctx, err)
		return &Result{Outcome: outcome, Err: e}
	}
	defer w.r.slots.Release(1)

	run := &Run{
		ID: w.id, Tier: w.assess.Tier, Targets: w.target, Unresolved: w.unresolved, Call: w.call,
		Started:       func() { w.started.Store(true); clock.started() },
		Admit:         w.admit,
		Forbids:       w.judge(),
		StoreHostKeys: !w.plan.ReadOnly && w.decide.Mode != policy.ReadOnly,
	}
	done := make(chan *Result, 1)
	go w.guarded(ctx, run, done)
	select {
	case res := <-done:
		return res
	case <-ctx.Done():
	}
	grace := time.NewTimer(graceAfterCancel)
	defer grace.Stop()
	select {
	case res := <-done:
		return res
	case <-grace.C:
		outcome, e := endedBy(ctx, context.Cause(ctx))
		e.Hint = "the operation did not come back after it was told to end; what it started may still be running"
		return &Result{Outcome: outcome, Err: e}
	}
}

// guarded turns whatever the operation does, returning, failing, panicking or leaving its goroutine, into a result.
func (w *walk) guarded(ctx context.Context, run *Run, done chan<- *Result) {
	var res *Result
	defer func() {
		if p := recover(); p != nil {
			res = failed(w.panicked(p))
		} else if res == nil { // runtime.Goexit
			res = failed(errors.New("the operation ended without an answer"))
		}
		done <- res
	}()
	res = w.outcome(ctx, run)
}

// outcome runs the operation and says how it ended.
func (w *walk) outcome(ctx context.Context, run *Run) *Result {
	got, err := w.plan.Run(ctx, run)
	switch {
	case err == nil && got == nil:
		return failed(errors.New("the operation gave no result"))
	case err == nil:
		if got.Outcome == "" {
			got.Outcome = OK
		}
		return got
	}
	if got == nil {
		got = &Result{}
	}
	var refusal *Refusal
	if errors.As(err, &refusal) {
		got.Outcome, got.Err = Denied, &Error{Code: string(Denied), Message: refusal.Reason, Hint: refusal.Hint}
	} else if ctx.Err() != nil {
		got.Outcome, got.Err = endedBy(ctx, err)
		if got.Command != nil {
			w.tellStart(got, err)
		}
	} else {
		got.Outcome, got.Err = Failed, AsError(err)
	}
	return got
}

func (w *walk) panicked(p any) error {
	w.r.opts.Log.Error().Str("call", w.id).Str("tool", w.call.Operation.Name()).Interface("panic", p).Bytes("stack", debug.Stack()).Msg("operation panicked")
	return fmt.Errorf("%s panicked: %v", w.call.Operation.Name(), p)
}

// finish fills what every result has.
func (w *walk) finish(res *Result) *Result {
	res.RequestID = w.id
	res.Duration = w.r.opts.Now().Sub(w.began)
	res.Tier = max(res.Tier, w.tier())
	if w.plan != nil {
		res.Notes = append(w.plan.Notes, res.Notes...)
	}
	if h := w.r.opts.Audit.Health(); h.Degraded {
		res.Notes = append(res.Notes, "audit degraded: "+h.Reason)
	} else if w.unannounced != nil { // the log can be written again, and lacks the intent all the same
		res.Notes = append(res.Notes, "audit degraded: the intent of this call is not in the log: "+w.unannounced.Error())
	}
	if h := w.host(); h != nil {
		res.Host = &h.Alias
	}
	res.Head = w.r.opts.Audit.Head()
	return res
}

// given are the names of a destination that are known before it is resolved.
func given(d dest.Destination) []string {
	names := dest.Spellings(d.Host)
	for _, name := range append([]string{d.User}, strings.Split(d.Jump, ",")...) {
		if name != "" {
			names = append(names, name)
		}
	}
	return names
}

// destinations lists the hosts as given.
func (w *walk) destinations() []dest.Destination {
	if w.plan == nil {
		return nil
	}
	return w.plan.Hosts
}
