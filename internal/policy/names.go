package policy

import "strings"

// JudgesNames reports whether the policy may refuse something by a name in it, so that what a call over a tree comes upon has to be shown to
// [Engine.Forbids] one by one.
func (e *Engine) JudgesNames() bool {
	return e.deny != nil || e.rules != nil && e.rules.judgesNames()
}

func (f *ruleFile) judgesNames() bool {
	for _, set := range f.sets() {
		for _, r := range set.rules {
			if r.effect != Allow && (r.args != nil || r.Sensitive != nil) {
				return true
			}
		}
	}
	return false
}

// Forbids reports whether a deny pattern or a rule stops what would be done to one file of a tree. Mode, allow pattern and confirmations
// were decided on for the call as a whole: asked says by which rule it has been confirmed, if by one.
func (e *Engine) Forbids(s Subject, who Who, asked string) (reason string, forbidden bool) {
	if reason, denied := e.Deny(s); denied {
		return reason, true
	}
	// One command whose words stand for themselves has been searched as it is.
	if e.rules == nil && !strings.ContainsAny(s.Text, `\$`) {
		return "", false
	}
	a := Assess(s)
	if reason, denied := e.denySubject(s, a); denied {
		return reason, true
	}
	if e.rules == nil {
		return "", false
	}
	r := e.rules.match(s, a, who)
	switch {
	case r == nil || r.effect == Allow || r.effect == Confirm && r.Name == asked:
		return "", false
	case r.Reason == "":
		return "the rule " + r.Name, true
	}
	return r.Reason, true
}
