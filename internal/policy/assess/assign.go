package assess

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// assigns follows assignments, with or without a command behind them.
func (m *machine) assigns(list []*syntax.Assign, sc *scope) {
	for _, a := range list {
		if m.exhausted() {
			return
		}
		m.assign(a, sc)
	}
}

func (m *machine) assign(a *syntax.Assign, sc *scope) {
	if a.Name == nil {
		if a.Value != nil {
			m.text(a.Value, sc)
		}
		return
	}
	name := a.Name.Value
	if a.Index != nil {
		m.evaluated(a.Index, sc)
	}
	var v value
	switch {
	case a.Array != nil:
		v.array = true
		for _, e := range a.Array.Elems {
			if e.Index != nil {
				m.evaluated(e.Index, sc)
			}
			if e.Value != nil {
				fs := m.fields([]*syntax.Word{e.Value}, sc)
				if e.Index != nil { // one word, whatever it holds
					fs = []arg{{str: m.text(e.Value, sc)}}
					v.keys = append(v.keys, slices.Repeat([]string{""}, len(v.elems)-len(v.keys))...)
					v.keys = append(v.keys, m.indexValue(e.Index, sc).s)
				}
				for _, f := range fs {
					v.elems = append(v.elems, f.str)
				}
			}
		}
	case a.Naked && a.Value == nil:
		return
	default:
		v.elems = []str{m.assigned(a.Value, sc)}
	}
	if a.Append {
		old, _ := sc.get(name)
		if !v.array && !old.array {
			v.elems = []str{old.first().add(v.elems[0])}
		} else {
			if n := len(old.elems); len(old.keys)+len(v.keys) > 0 {
				v.keys = append(append(slices.Clone(old.keys), slices.Repeat([]string{""}, max(0, n-len(old.keys)))...), v.keys...)
			}
			v.elems, v.array = append(old.elems[:len(old.elems):len(old.elems)], v.elems...), true
		}
	}
	if a.Index != nil {
		old, _ := sc.get(name)
		n := len(old.elems)
		keys := append(slices.Clone(old.keys), slices.Repeat([]string{""}, max(0, n-len(old.keys)))...)
		for i := range keys {
			if keys[i] == "" {
				keys[i] = itoa(i)
			}
		}
		v = value{elems: append(old.elems[:n:n], v.elems...), keys: append(keys, m.indexValue(a.Index, sc).s), array: true}
	}
	switch name {
	case "BASH_ALIASES":
		if n := indexText(a.Index); n != "" {
			sc.aliases[n] = v.elems[len(v.elems)-1]
		}
	case "BASH_CMDS": // as hash -p
		if n := indexText(a.Index); a.Index != nil {
			m.shell(v.elems[len(v.elems)-1], sc.fork())
			m.hashed(n, v.elems[len(v.elems)-1], sc)
		}
	}
	if sc.integers {
		m.expression(v.first(), sc)
	}
	for i, e := range v.elems {
		switch sc.letters[name] {
		case 'l':
			v.elems[i].s = strings.ToLower(e.s)
		case 'u':
			v.elems[i].s = strings.ToUpper(e.s)
		}
	}
	sc.set(name, v)
	m.environment(name, v.first(), sc)
}

// assigned is the value of an assignment, in which ~ stands for the home directory after each colon too.
func (m *machine) assigned(w *syntax.Word, sc *scope) str {
	m.extended(w, sc)
	return m.text(w, sc)
}

// declare follows export, declare, local, readonly and typeset, and returns what they print.
func (m *machine) declare(c *syntax.DeclClause, sc *scope) str {
	tier, why := Observe, "declares variables"
	reference := false
	flags := ""
	for _, a := range c.Args {
		if a.Name == nil && a.Value != nil {
			if option := a.Value.Lit(); strings.HasPrefix(option, "-") {
				flags += option
			}
			reference = strings.Contains(flags, "n")
			sc.integers = sc.integers || strings.Contains(flags, "i")
		}
		if a.Name != nil {
			sc.declared(a.Name.Value, flags)
		}
		if a.Name == nil {
			if a.Value != nil {
				t := m.text(a.Value, sc)
				m.subscripts(t, sc)
				if name, v, ok := strings.Cut(t.s, "="); ok && syntax.ValidName(name) { // export "$name=…"
					sc.setText(name, str{v, t.t})
					m.environment(name, str{v, t.t}, sc)
				}
			}
			continue
		}
		m.assign(a, sc)
		if reference { // from here on it stands for the variable that it names
			if v, ok := sc.vars[a.Name.Value]; ok && !a.Naked && syntax.ValidName(v[0].first().s) {
				sc.set(a.Name.Value, value{refers: v[0].first().s})
			} else {
				sc.setText(a.Name.Value, unknown)
			}
		}
		if c.Variant.Value == "export" && !a.Naked {
			tier, why = Reversible, "changes the environment of the commands after it"
		}
	}
	m.note(Reason{Text: m.written(c), Program: c.Variant.Value, Rule: "shell", Tier: tier, Why: why})
	if listsVariables(c) {
		m.sensitive = true
		return str{unk, fromData | fromSecret}
	}
	return lit("")
}

// listsVariables tells calls that print what every variable holds, or one whose name says that it is a secret: export alone,
// declare -p, declare -x.
func listsVariables(c *syntax.DeclClause) bool {
	for _, a := range c.Args {
		if a.Name != nil {
			return secretName(a.Name.Value) && a.Naked
		}
		if a.Value == nil {
			continue
		}
		if option := a.Value.Lit(); !strings.HasPrefix(option, "-") || strings.ContainsAny(option, "fF") {
			return false
		}
	}
	return true
}

// probe follows something on the side and returns the machine that did, so that its findings can be weighed first.
func (m *machine) probe(f func(*machine)) *machine {
	p := *m
	p.tier, p.reasons, p.seen, p.sensitive, p.parseErr = Observe, nil, map[Reason]bool{}, false, ""
	p.running = slices.Clone(m.running)
	p.origin = Reread
	p.within(func() { f(&p) })
	m.steps = p.steps
	if p.tooMuch != "" {
		m.tooMuch = p.tooMuch
	}
	return &p
}
