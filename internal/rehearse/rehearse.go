// Package rehearse judges the recorded past by a policy: what it would now refuse, allow or ask about.
//
// Start with [New] and [Rehearsal.Judge]. Arguments are judged as the audit log holds them, by the plan of the tool that they
// were for. What the log does not hold whole (secrets, long texts, standard input) is not guessed: such a call is left out, or
// never rated below what it was rated when it came. Addresses are not in the log either, so a deny pattern or rule that names
// one does not match here.
package rehearse

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"relay-shell/internal/audit"
	"relay-shell/internal/policy"
	"relay-shell/internal/relay"
	"relay-shell/internal/sshbin/dest"
)

// Options say what is judged by what. All fields are required.
type Options struct {
	// Policy is the new policy. Its clock is set to the time of each call, so that working hours count.
	Policy policy.Options
	// Plan is a tool's plan of arguments; nil without an error is a tool that is not known.
	Plan func(tool string, args json.RawMessage) (*relay.Plan, error)
	// Host tells the groups and the policy mode of an alias.
	Host func(alias string) (groups []string, mode string)
}

// Rehearsal judges recorded calls. It is not safe for concurrent use.
type Rehearsal struct {
	o      Options
	engine *policy.Engine
	now    time.Time
}

// New fails if the policy is not valid.
func New(o Options) (*Rehearsal, error) {
	r := &Rehearsal{o: o}
	o.Policy.Now = func() time.Time { return r.now }
	var err error
	r.engine, err = policy.New(o.Policy)
	return r, err
}

// Verdict is what was decided about one call, and what would be.
type Verdict struct {
	Seq  int64         `json:"seq"`
	Time time.Time     `json:"ts"`
	Tool string        `json:"tool"`
	Host string        `json:"host,omitempty"` // alias; several with commas between
	Text string        `json:"text,omitempty"` // what would run, as the log holds it
	Was  policy.Effect `json:"was,omitempty"`
	Now  policy.Effect `json:"now,omitempty"`
	// WasTier is the tier in the log, Tier what it would be now.
	WasTier int    `json:"was_tier"`
	Tier    int    `json:"tier"`
	Rule    string `json:"rule,omitempty"`   // what decides now
	Reason  string `json:"reason,omitempty"` // why
	// Partly says that standard input or a body is not in the log, so that the tier is at least the recorded one.
	Partly bool `json:"partly,omitempty"`
	// Skipped says why the call cannot be judged; Now is then empty.
	Skipped string `json:"skipped,omitempty"`
}

// Changed reports whether the decision would be another one.
func (v Verdict) Changed() bool { return v.Skipped == "" && v.Was != v.Now }

// Why calls are left out.
const (
	Redacted  = "redacted: the log holds a mark instead of a secret"
	Cut       = "cut: the log holds only the beginning of the text"
	Unknown   = "no such tool in this version"
	Undecided = "it ended before any decision"
	NotPlan   = "its arguments are not valid in this version"
)

// Judge judges a result of the log, joined with its intent.
func (r *Rehearsal) Judge(rec audit.Joined) Verdict {
	v := Verdict{Seq: rec.Seq, Time: rec.TS, Tool: rec.Tool, WasTier: rec.Tier}
	if rec.Began != nil {
		v.Time = *rec.Began
	}
	if rec.Host != nil {
		v.Host = rec.Host.Alias
	}
	args, partly, skipped := readable(rec.Args)
	v.Partly = partly
	if v.Was = was(rec); v.Was == "" {
		skipped = Undecided
	}
	if skipped != "" {
		v.Skipped = skipped
		return v
	}
	plan, err := r.o.Plan(rec.Tool, args)
	switch {
	case err != nil:
		v.Skipped = NotPlan
	case plan == nil:
		v.Skipped = Unknown
	default:
		r.now = v.Time
		r.decide(&v, plan, rec)
	}
	return v
}

// confirmed is the action of a call that was asked about and answered.
const confirmed = "confirm_execute"

// was is what was decided; "" for a call that ended before.
func was(rec audit.Joined) policy.Effect {
	code := ""
	if rec.Error != nil {
		code = rec.Error.Code
	}
	switch {
	case rec.Action == confirmed || code == "confirm_required" || rec.Outcome == string(relay.ConfirmRequired):
		return policy.Confirm
	case rec.Denied:
		return policy.Deny
	case rec.IntentSeq != nil, rec.ExitCode != nil, rec.Outcome == string(relay.OK):
		return policy.Allow
	}
	return ""
}

func (r *Rehearsal) decide(v *Verdict, plan *relay.Plan, rec audit.Joined) {
	s := plan.Subject
	s.Tool = rec.Tool
	if v.Partly {
		s.Floor = max(s.Floor, policy.Tier(rec.Tier))
	}
	v.Text = shown(s)
	a := policy.Assess(s)
	v.Tier, v.Now = int(a.Tier), policy.Allow
	if plan.ReadOnly {
		if ok, why := policy.ReadAllowed(a); !ok {
			v.Now, v.Rule, v.Reason = policy.Deny, "read", why
			return
		}
	}
	hosts := plan.Hosts
	if len(hosts) == 0 {
		hosts = []dest.Destination{{}}
	}
	var aliases []string
	for _, h := range hosts {
		who := policy.Who{Principal: rec.Principal}
		one := s
		if h.Host != "" {
			aliases = append(aliases, h.String())
			groups, mode := r.o.Host(h.Host)
			who.Host, who.Groups, who.Mode = h.Host, groups, policy.Mode(mode)
			one.Names = append(names(h, rec.Host), s.Names...)
		}
		d := r.engine.Decide(one, a, who)
		if d.Effect == policy.Deny || d.Effect == policy.Confirm && v.Now == policy.Allow {
			v.Now, v.Rule, v.Reason = d.Effect, d.Rule, d.Reason
		}
		if v.Now == policy.Deny {
			break
		}
	}
	if len(aliases) > 0 {
		v.Host = strings.Join(aliases, ",")
	}
}

// names are what a host was called and what it resolved to, as far as the log tells.
func names(h dest.Destination, resolved *audit.Host) []string {
	list := append([]string{}, dest.Spellings(h.Host)...)
	list = append(list, h.User)
	list = append(list, strings.Split(h.Jump, ",")...)
	if resolved != nil && resolved.Alias == h.Host {
		list = append(list, resolved.Hostname, resolved.User)
		list = append(list, strings.Split(resolved.Jump, ",")...)
	}
	return slices.DeleteFunc(list, func(s string) bool { return s == "" })
}

func shown(s policy.Subject) string {
	switch {
	case s.Text != "":
		return s.Text
	case s.Script != "":
		return s.Script
	}
	return strings.Join(s.Argv, " ")
}
