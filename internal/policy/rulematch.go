package policy

import (
	"path"
	"strings"
	"time"
)

// match returns the first rule of a set that matches a call.
func (s *ruleSet) match(subj Subject, a Assessment, who Who, now time.Time) *rule {
	for _, r := range s.rules {
		if r.matches(subj, a, who, now) {
			return r
		}
	}
	return nil
}

func (r *rule) matches(s Subject, a Assessment, who Who, now time.Time) bool {
	switch {
	case len(r.Principal) > 0 && !anyGlob(r.Principal, who.Principal),
		len(r.Tool) > 0 && !anyGlob(r.Tool, s.Tool),
		len(r.Host) > 0 && !r.matchesHost(s, who),
		!r.tiers[a.Tier],
		r.Sensitive != nil && *r.Sensitive != a.Sensitive,
		r.hours != nil && !r.hours.contains(now):
		return false
	}
	return r.matchesCommands(a)
}

// matchesHost compares with every name that the target has. A rule that allows has to match the alias; one that denies or
// asks also counts when it matches a resolved name, a jump or an address.
func (r *rule) matchesHost(s Subject, who Who) bool {
	for _, h := range r.Host {
		if group, ok := strings.CutPrefix(h, "@"); ok {
			if anyGlob([]string{group}, who.Groups...) {
				return true
			}
			continue
		}
		names := []string{who.Host}
		if who.Host == "" {
			names = []string{"local"}
		}
		if r.effect != Allow {
			names = append(names, spellings(s.Names...)...)
			h = usualAddresses(h)
		}
		if anyGlob([]string{h}, names...) {
			return true
		}
	}
	return false
}

// matchesCommands: a rule that denies or asks matches if any simple command does; one that allows only if all do that change
// something, so that nothing rides along.
func (r *rule) matchesCommands(a Assessment) bool {
	if len(r.Program) == 0 && r.args == nil {
		return true
	}
	if r.effect == Allow && (a.ParseError != "" || a.TooComplex) {
		return false
	}
	any, all := false, true
	for _, reason := range a.Reasons {
		hit := (len(r.Program) == 0 || anyGlob(r.Program, reason.Program)) &&
			(r.args == nil || r.args.MatchString(reason.Text) || reason.Resolved != "" && r.effect != Allow && r.args.MatchString(reason.Resolved))
		any = any || hit
		all = all && (hit || reason.Tier == Observe)
	}
	if r.effect == Allow {
		return any && all
	}
	return any
}

// anyGlob reports whether any name matches any pattern. The patterns were checked when they were read.
func anyGlob(patterns []string, names ...string) bool {
	for _, p := range patterns {
		for _, n := range names {
			if ok, _ := path.Match(p, n); ok {
				return true
			}
		}
	}
	return false
}
