package policy

import (
	"fmt"

	"relay-shell/internal/policy/assess"
)

const assessVersion = assess.Version

// Effect is what a decision does with a call.
type Effect string

// The effects.
const (
	Allow   Effect = "allow"
	Deny    Effect = "deny"
	Confirm Effect = "confirm"
)

// Who is what is known of the caller and of the targets of a call.
type Who struct {
	Principal string
	Host      string   // the target's alias; empty is this machine
	Groups    []string // of the target
	Mode      Mode     // of the target; counts only if stricter than the server's
}

// Decision is what an Engine says of a call.
type Decision struct {
	Effect       Effect
	Reason       string       // why; empty when there is nothing to explain
	Rule         string       // what decided: deny, mode, allow, confirm, bounds, or a name from the rules file
	By           Confirmation // who has to confirm, when Effect is Confirm
	Mode         Mode         // the mode that applied
	RulesVersion string
}

// Decide says whether a call may run. Deny patterns come first in every mode, then what cannot be assessed at all, then the
// rules file, then the mode, then the confirmation of tier 3. The zero Assessment of nothing is allowed.
//
// A rule that allows lifts the refusal of guarded mode, and the confirmation of tier 3 if it names tier 3. Nothing lifts
// readonly mode.
func (e *Engine) Decide(s Subject, a Assessment, who Who) Decision {
	d := Decision{Mode: Stricter(e.mode, string(who.Mode)), RulesVersion: e.Version(), By: e.confirm}
	if e.confirm == ConfirmOff {
		d.By = ConfirmHuman // a rule that asks means a person
	}
	if reason, denied := e.denySubject(s, a); denied {
		return d.with(Deny, "deny", reason)
	}
	if a.Refused {
		return d.with(Deny, "bounds", refusedReason)
	}
	if d.Mode == ReadOnly && a.Tier > Observe {
		return d.with(Deny, "mode", "readonly mode admits only tier 0: "+worst(s.Tool, a))
	}
	var ruled, confirmed bool
	if e.rules != nil {
		if r := e.rules.match(s, a, who); r != nil {
			if r.effect != Allow {
				return d.with(r.effect, r.Name, r.Reason)
			}
			ruled, d.Rule, d.Reason = true, r.Name, r.Reason
			confirmed = r.Tier != "" && !a.TooComplex
		}
	}
	if d.Mode == Guarded && a.Tier >= Stateful && !ruled {
		if why, ok := e.allowed(s, a); !ok {
			return d.with(Deny, "mode", fmt.Sprintf("guarded mode refuses tier %d: %s%s", a.Tier, worst(s.Tool, a), why))
		}
		d.Rule = "allow"
	}
	if e.confirm != ConfirmOff && !confirmed && (a.Tier >= Irreversible || a.TooComplex) {
		return d.with(Confirm, "confirm", e.confirmReason(s, a))
	}
	d.Effect, d.By = Allow, ConfirmOff
	return d
}

func (d Decision) with(effect Effect, rule, reason string) Decision {
	d.Effect, d.Rule, d.Reason = effect, rule, reason
	if effect != Confirm {
		d.By = ConfirmOff
	}
	return d
}

// allowed reports whether the allow pattern admits a call: it has to match the whole text, and by themselves all simple
// commands of tier 2 and more that the parse shows, so that a wildcard never swallows a second command.
func (e *Engine) allowed(s Subject, a Assessment) (why string, ok bool) {
	if e.allow == nil {
		return "", false
	}
	text := wholeText(s)
	if text == "" || !e.allow.MatchString(text) {
		return "; the allow pattern does not match the whole command", false
	}
	if a.ParseError != "" || a.TooComplex {
		return "; the command is not read to its end, so the allow pattern does not count", false
	}
	covered := false
	for _, r := range a.Reasons {
		switch r.Depth {
		case assess.Peeled: // an argument of the command before it, which has matched with all its words
			if covered {
				continue
			}
		default:
			covered = false
		}
		if r.Tier < Stateful {
			continue
		}
		if !e.allow.MatchString(r.Text) || r.Bare != "" && e.allow.MatchString(r.Bare+swallowed) {
			return "; the allow pattern does not match " + r.Text, false
		}
		covered = true
	}
	return "", true
}

// swallowed stands in for a redirection: a pattern that matches it as well has not meant the one that is there.
const swallowed = " > /\x01"

func (e *Engine) confirmReason(s Subject, a Assessment) string {
	if a.Tier < Irreversible {
		return "it is too complex to be read to its end, so it has to be confirmed"
	}
	return "tier 3 has to be confirmed: " + worst(s.Tool, a)
}
