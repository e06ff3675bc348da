// Package policy says what a call would do, and whether it may.
//
// [Assess] gives a call its tier from the syntax tree of what it would run; an [Engine], made once with [New], decides
// from that tier, the operator's mode, deny and allow patterns and rules file. Nothing in a call can change an Engine.
//
// An assessment is advice, not containment. It reads shell text the way a careful colleague would and rounds up what it
// cannot read, but a program does what its own code says. The boundary is the account, the file system and the sandbox
// that the commands run in.
package policy

import "relay-shell/internal/policy/assess"

// Tier says how far the effect of a call reaches.
type Tier = assess.Tier

// The tiers, from watching to what no one can take back.
const (
	Observe      = assess.Observe      // READ_ONLY: nothing changes
	Reversible   = assess.Reversible   // REVERSIBLE: small and local, easily undone
	Stateful     = assess.Stateful     // STATEFUL: services, packages, configuration, shared state; visible to others
	Irreversible = assess.Irreversible // IRREVERSIBLE: data, access or machines are lost, or secrets leave
)

// Reason says what one simple command of a call would do.
type Reason = assess.Reason

// EnvVar is one change to the environment of a call.
type EnvVar struct {
	Name  string
	Value string
	Unset bool // removed rather than set; Value is ignored
}

// Subject is everything that a call would run. Zero fields are absent.
type Subject struct {
	Tool        string   // the tool's name, for deny patterns and rules
	Text        string   // shell text
	Argv        []string // a program started without a shell
	Script      string   // a script given to Interpreter
	Interpreter string   // bash (also when empty), sh, python3, or a path
	Stdin       string
	AnyStdin    bool // standard input may hold anything; Stdin does not count
	Env         []EnvVar
	Dir         string   // working directory; empty is unknown
	Session     bool     // Text is typed at the prompt of a session
	TTY         bool     // it runs on a terminal, where Stdin is typed
	Or          []string // what Text may turn out to be instead; the worst counts, and deny patterns see all
	Remote      bool
	Floor       Tier     // the tier is never below this
	Fixed       *Tier    // the tier of a tool whatever its text says
	Names       []string // alias, resolved host, user, jumps, addresses: what deny patterns and rules also see
}

// Assessment is what a call would do, as far as it can be read.
type Assessment struct {
	Tier       Tier
	Sensitive  bool     // it reads keys, passwords or other secrets
	Reasons    []Reason // one for each simple command, in order
	ParseError string   // set if the text is no complete shell text; the tier is then at least Stateful
	TooComplex bool     // nested or long beyond what is read to the end; it must not run unseen
	Refused    bool     // beyond the bounds within which anything can be said: the engine denies it in every mode
}

// Assess reads a subject. It never fails: what it cannot read it rates higher.
//
// The text is read as bash and as a POSIX shell would, and the higher tier counts: which of them runs it is known only
// once the call has been allowed.
func Assess(s Subject) Assessment {
	if len(s.Or) > 0 {
		return assessAll(s)
	}
	if s.Fixed != nil {
		return Assessment{Tier: max(*s.Fixed, s.Floor), Reasons: []Reason{{Text: s.Tool, Program: s.Tool, Rule: "tool", Tier: *s.Fixed, Why: "the tool has a fixed tier"}}}
	}
	in := assess.Input{
		Text: s.Text, Argv: s.Argv, Script: s.Script, Interpreter: s.Interpreter,
		Stdin: s.Stdin, AnyStdin: s.AnyStdin, Dir: s.Dir, Session: s.Session,
	}
	for _, e := range s.Env {
		if !e.Unset {
			in.Env = append(in.Env, assess.Var{Name: e.Name, Value: e.Value})
		}
	}
	r := assess.Assess(in)
	a := Assessment{
		Tier: max(r.Tier, s.Floor), Sensitive: r.Sensitive, Reasons: r.Reasons,
		ParseError: r.ParseError, TooComplex: r.TooComplex, Refused: r.Refused,
	}
	if s.TTY && (s.Stdin != "" || s.AnyStdin) {
		a.typedAt(s)
	}
	return a
}

// SensitivePath reports whether the name of a file says that it holds keys, passwords, tokens or the like.
func SensitivePath(path string) bool { return assess.SensitivePath(path) }

// assessAll joins what is to be said of Text and of everything it may be instead.
func assessAll(s Subject) Assessment {
	texts := s.Or
	s.Or = nil
	all := Assess(s)
	for _, s.Text = range texts {
		a := Assess(s)
		all.Tier = max(all.Tier, a.Tier)
		all.Sensitive = all.Sensitive || a.Sensitive
		all.Reasons = append(all.Reasons, a.Reasons...)
		all.TooComplex = all.TooComplex || a.TooComplex
		all.Refused = all.Refused || a.Refused
		if all.ParseError == "" {
			all.ParseError = a.ParseError
		}
	}
	return all
}

// ReadAllowed reports whether a tool that promises only to read may run what was assessed, and why not.
func ReadAllowed(a Assessment) (ok bool, why string) {
	switch {
	case a.Refused:
		return false, refusedReason
	case a.Tier > Observe:
		return false, "it is not a plain read: " + worst("", a)
	case a.Sensitive:
		return false, "it reads secrets (keys, passwords, tokens or the like)"
	}
	return true, ""
}

const refusedReason = "the command is nested or long beyond what can be assessed"

// worst is the reason that an assessment has its tier: the command, or the tool where no command is rated so high.
func worst(tool string, a Assessment) string {
	for _, r := range a.Reasons {
		if r.Tier == a.Tier {
			return r.Text + " (" + r.Why + ")"
		}
	}
	if a.ParseError != "" {
		return a.ParseError
	}
	if tool == "" {
		return "it is of tier " + a.Tier.String()
	}
	return tool + " (is rated so whatever it is given)"
}
