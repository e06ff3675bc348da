package relay

import (
	"relay-shell/internal/policy"
)

// Refusal is the policy's no to something that a running call came upon.
type Refusal struct{ Reason, Hint string }

func (r *Refusal) Error() string { return r.Reason }

// admit assesses and decides as the road did before the call ran. What would have to be confirmed is refused unless it is the very
// subject that was: nobody has been asked about it.
func (w *walk) admit(s policy.Subject) error {
	s.Tool, s.Remote = w.plan.Subject.Tool, w.plan.Subject.Remote
	a := policy.Assess(s)
	if w.plan.ReadOnly {
		if ok, why := policy.ReadAllowed(a); !ok {
			return &Refusal{Reason: why, Hint: "this tool runs plain reads only; call " + writingTwin(s.Tool) + " instead"}
		}
	}
	for i := range w.subjects() {
		s.Names = w.subject(i).Names
		switch d := w.r.opts.Policy.Decide(s, a, w.whoAt(i)); d.Effect {
		case policy.Allow:
		case policy.Confirm:
			if w.decide.Effect != policy.Confirm || s.Text != w.plan.Subject.Text {
				return &Refusal{Reason: d.Reason, Hint: "call again with the path as it is without links, so that it can be confirmed"}
			}
		default:
			return &Refusal{Reason: d.Reason, Hint: hintFor(d)}
		}
	}
	for tier := int32(a.Tier); ; {
		before := w.admitted.Load()
		if tier <= before || w.admitted.CompareAndSwap(before, tier) {
			return nil
		}
	}
}

// judge is [Run.Forbids].
func (w *walk) judge() func(policy.Subject) error {
	if !w.r.opts.Policy.JudgesNames() {
		return nil
	}
	asked := ""
	if w.decide.Effect == policy.Confirm {
		asked = w.decide.Rule
	}
	return func(s policy.Subject) error {
		s.Tool, s.Remote = w.plan.Subject.Tool, w.plan.Subject.Remote
		for i := range w.subjects() {
			s.Names = w.subject(i).Names
			if reason, forbidden := w.r.opts.Policy.Forbids(s, w.whoAt(i), asked); forbidden {
				return &Refusal{Reason: reason, Hint: deniedHint}
			}
		}
		return nil
	}
}

// tier is what the call is rated as by now.
func (w *walk) tier() policy.Tier { return max(w.assess.Tier, policy.Tier(w.admitted.Load())) }
