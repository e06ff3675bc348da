package assess

import "strings"

// grammar is what is known of one program or subcommand.
type grammar struct {
	name     string // with the words before it: "git remote add"
	tier     Tier
	roles    []role
	attrs    map[string]string
	options  map[string]*option
	subs     map[string]*grammar
	other    *grammar // for subcommands that are not listed
	operands []operandRule
	why      string
	up       *grammar
	risky    bool // an option or the like could do harm: words that are not known matter
}

type role struct {
	kind effect
	many bool // as often as there are words to spare
}

type option struct {
	kind     effect
	value    byte // ' ' none, '=' required, '?' only attached, '~' perhaps attached, if the rest is no bundle of options
	tier     Tier
	cap      Tier // the call does no more than this
	capped   bool
	consumes bool // takes the place of the first operand
	secret   bool // shows secrets
	why      string
}

// operandRule rates an operand by its text; the first row that matches counts.
type operandRule struct {
	patterns []string
	tier     Tier
	secret   bool
	why      string
}

func (g *grammar) is(attr string) bool {
	_, ok := g.attrs[attr]
	return ok
}

// find looks an option up here and in the program above.
func (g *grammar) find(name string) *option {
	for at := g; at != nil; at = at.up {
		if o, ok := at.options[name]; ok {
			return o
		}
	}
	return nil
}

// abbreviated finds the worst option that a shortened long option may mean.
func (g *grammar) abbreviated(name string) (full string, worst *option) {
	if len(name) < 3 || !strings.HasPrefix(name, "--") {
		return name, nil
	}
	full = name
	for at := g; at != nil; at = at.up {
		for candidate, o := range at.options {
			if !strings.HasPrefix(candidate, name) {
				continue
			}
			if worst == nil || o.tier > worst.tier || o.tier == worst.tier && (o.kind > worst.kind || o.kind == worst.kind && candidate < full) {
				full, worst = candidate, o
			}
		}
	}
	return full, worst
}

// has reports whether a program or one above it has an attribute.
func (g *grammar) has(attr string) bool {
	for at := g; at != nil; at = at.up {
		if at.is(attr) {
			return true
		}
	}
	return false
}
