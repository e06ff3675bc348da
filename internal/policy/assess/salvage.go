package assess

import (
	"strings"

	"relay-shell/internal/lazyregexp"
)

// salvage reads a text that does not parse as if its quotes were not there, command by command: a shell that reads it line by
// line has run what stood before the fault, and a session completes with its next line what is open now.
func (m *machine) salvage(text str, sc *scope) str {
	if why := tooNested(text.s); why != "" {
		m.complex(why)
		m.note(Reason{Text: text.s, Rule: "bounds", Tier: Irreversible, Why: why})
		return unknown
	}
	if first := strings.Fields(text.s); len(first) > 0 {
		if g := lookup(first[0]); g != nil && g.is("windows") || cmdlet(first[0]) {
			c := &call{m: m, sc: sc, args: words("powershell"), text: text.s}
			c.powershell(text.s)
			c.finish(len(m.reasons))
		}
	}
	plain := strings.NewReplacer(`"`, "", `'`, "", "`", "\n", "$(", "\n", "<(", "\n", ">(", "\n", "(", "\n", ")", "\n", ";", "\n", "|", "\n", "&", "\n", "{ ", "\n", "}", "\n").Replace(text.s)
	lines := strings.Split(plain, "\n")
	if len(lines) > 300 {
		m.complex("too long to be read without its quotes")
		lines = lines[:300]
	}
	for _, line := range lines {
		args := words(strings.Fields(parameters.ReplaceAllString(line, unk))...)
		for len(args) > 0 && introduces(args[0].s) {
			args = args[1:]
		}
		if len(args) == 0 {
			continue
		}
		sub := m.probe(func(p *machine) {
			c := &call{m: p, sc: sc.fork(), args: args, text: line, direct: true}
			c.run()
		})
		if sub.tier > Stateful {
			m.note(Reason{Text: line, Program: base(args[0].s), Rule: "parse", Tier: sub.tier, Why: "in text that does not parse: " + worstOf(sub)})
		}
	}
	return unknown
}

// parameters are what stands for a text that is not known.
var parameters = lazyregexp.New(`\$(\w+|\{[^}]*\}?|[@*#?!-])`)

// introduces tells the words that stand before a command in a compound one.
func introduces(w string) bool {
	switch w {
	case "if", "then", "else", "elif", "do", "while", "until", "!", "time", "{", "coproc":
		return true
	}
	return false
}

func worstOf(m *machine) string {
	for _, r := range m.reasons {
		if r.Tier == m.tier {
			return r.Why
		}
	}
	return ""
}
