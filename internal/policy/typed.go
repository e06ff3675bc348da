package policy

import (
	"regexp"

	"relay-shell/internal/policy/assess"
)

// escapes is what stands before a command that a program is asked to run in between: "!ls" in a pager, ":!ls" in an editor.
var escapes = regexp.MustCompile(`(?m)^[^\pL\pN/.~_-]+`)

// typedAt adds what input typed at the command's terminal may do. A pipe is only read, but at a terminal a pager, a monitor or
// a client has commands of its own, and most of them start a shell: "less FILE" with "!rm FILE" typed at it removes FILE.
func (a *Assessment) typedAt(s Subject) {
	typed := assess.Assess(assess.Input{Text: escapes.ReplaceAllString(s.Stdin, ""), Dir: s.Dir, Session: true})
	tier := max(typed.Tier, Stateful)
	a.Tier = max(a.Tier, tier)
	a.Sensitive = a.Sensitive || typed.Sensitive
	a.Refused = a.Refused || typed.Refused
	a.Reasons = append(a.Reasons, Reason{Text: "stdin", Rule: "tty", Tier: tier, Why: "typed at a terminal, where programs take commands and start shells"})
}
