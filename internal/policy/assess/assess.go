// Package assess reads what a command would do from its syntax tree.
//
// Start with [Assess]. It knows shells, wrappers such as sudo and xargs, and what several hundred programs do with which
// arguments (the tables beside this file). It cannot see into programs and scripts, so what it does not know is rated at
// least [Stateful]; and it never runs, opens or resolves anything.
package assess

// Tier says how far the effect of a command reaches.
type Tier int

// The tiers.
const (
	Observe Tier = iota
	Reversible
	Stateful
	Irreversible
)

// String is the tier's name in results and records.
func (t Tier) String() string {
	switch t {
	case Observe:
		return "READ_ONLY"
	case Reversible:
		return "REVERSIBLE"
	case Stateful:
		return "STATEFUL"
	case Irreversible:
		return "IRREVERSIBLE"
	}
	return "UNKNOWN"
}

// Nesting says how a simple command came to be run.
type Nesting int

// The ways: from the text itself, as arguments of the command before it (sudo, env, xargs), or from text that another
// command reads as code (sh -c, a substitution, a pipe).
const (
	Plain Nesting = iota
	Peeled
	Reread
)

// Reason says what one simple command would do.
type Reason struct {
	Text     string  `json:"text"`              // as written
	Resolved string  `json:"-"`                 // as the shell would run it, where that differs
	Program  string  `json:"program,omitempty"` // the program's name
	Rule     string  `json:"rule,omitempty"`    // what decided
	Tier     Tier    `json:"tier"`
	Why      string  `json:"why"`
	Depth    Nesting `json:"-"`
	Bare     string  `json:"-"` // Text without its redirections, where one of these has a tier of its own
}

// Var is a variable of the environment.
type Var struct{ Name, Value string }

// Input is what would run: one of Text, Argv and Script.
type Input struct {
	Text        string   // shell text
	Argv        []string // a program started without a shell
	Script      string   // a script given to Interpreter
	Interpreter string   // empty is bash
	Stdin       string
	AnyStdin    bool // the standard input may hold anything; Stdin does not count
	Env         []Var
	Dir         string // working directory; empty is unknown
	Session     bool   // Text is typed at a prompt
}

// Result is what was read.
type Result struct {
	Tier       Tier
	Sensitive  bool
	Reasons    []Reason
	ParseError string
	TooComplex bool
	Refused    bool
}
