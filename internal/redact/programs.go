package redact

import (
	"strings"
	"sync"
)

// valueShape says where in an option's value the secret stands.
type valueShape uint8

const (
	whole        valueShape = iota
	afterColon              // user:password
	afterPercent            // user%password
	afterComma              // user,password
	afterEquals             // name=secret
	passSource              // pass:password, as openssl has it; env:, file: and the like name a source
	cookieShape             // name=value; name=value
	community               // an SNMP community: public is none

	separate     valueShape = 0x20 // the value is a word of its own: -k X
	attached     valueShape = 0x40 // the value stands in the same word only: -pX
	isTokenShape valueShape = 0x80 // the secret is a token
)

// program is what is known of a program that takes secrets as arguments. Options whose names say what they are, such as
// --password, need no entry: they are found by name.
type program struct {
	short      map[byte]valueShape
	long       map[string]valueShape
	positional func(sc *scanner, args []word)
	// only are subcommands one of which must be there for the options to mean this.
	only map[string]bool
	// cluster means that short options may be joined: -su user:pass. takes are the letters that end a cluster because
	// they take a value that is no secret.
	cluster bool
	takes   string
	// joined means that a value is often written right behind its short option, even if it is a word.
	joined bool
	// holds means that names of programs may occur among the arguments without being run.
	holds bool
	// wraps means that it runs the command that its arguments are.
	wraps bool
}

// runs tells whether words[i], the name of a program among p's arguments, is run.
func (p *program) runs(sc *scanner, words []word, i int) bool {
	before := sc.text(words[i-1])
	return p.wraps || before == "--" || !p.holds && !strings.HasPrefix(before, "-")
}

// programs is the table by name.
var programs = sync.OnceValue(func() map[string]*program {
	m := map[string]*program{}
	for _, r := range table {
		p := r.prog
		p.short, p.long = map[byte]valueShape{}, map[string]valueShape{}
		for o := range strings.FieldsSeq(r.opts) {
			p.addOption(o)
		}
		for name := range strings.FieldsSeq(r.names) {
			if m[name] != nil {
				q := p.merged(m[name])
				m[name] = &q
				continue
			}
			m[name] = &p
		}
	}
	for name := range secretReaders {
		if m[name] == nil {
			m[name] = &program{}
		}
	}
	return m
})

// addOption reads an option of the table.
func (p *program) addOption(o string) {
	name, long := strings.CutPrefix(o, "=")
	shape := whole
	switch last := name[len(name)-1]; {
	case len(name) == 1:
	case last == '+':
		shape = attached
	case last == '_':
		shape = separate
	case last == ':':
		shape = afterColon
	case last == '%':
		shape = afterPercent
	case last == ',':
		shape = afterComma
	case last == ';':
		shape = cookieShape
	case last == '~':
		shape = community
	case last == '!':
		shape = isTokenShape
	case last == '=':
		shape = afterEquals
	case last == '^':
		shape = passSource
	}
	if len(name) > 1 && strings.IndexByte("+_:%,;~!=^", name[len(name)-1]) >= 0 {
		name = name[:len(name)-1]
	}
	if long {
		p.long[name] = shape
		return
	}
	p.short[name[0]] = shape
}

// merged is p with what another row says of the same program.
func (p *program) merged(q *program) program {
	out := *p
	out.short, out.long = map[byte]valueShape{}, map[string]valueShape{}
	for _, from := range []*program{q, p} {
		for k, v := range from.short {
			out.short[k] = v
		}
		for k, v := range from.long {
			out.long[k] = v
		}
	}
	if out.only == nil {
		out.only = q.only
	} else if q.only != nil {
		both := map[string]bool{}
		for _, from := range []map[string]bool{p.only, q.only} {
			for k := range from {
				both[k] = true
			}
		}
		out.only = both
	}
	if p.positional != nil && q.positional != nil {
		out.positional = func(sc *scanner, args []word) {
			q.positional(sc, args)
			p.positional(sc, args)
		}
	} else if out.positional == nil {
		out.positional = q.positional
	}
	out.holds = p.holds || q.holds
	return out
}

// programLiterals are the names by which commands are found; a short one counts only with a blank after it.
func programLiterals() []string {
	var out []string
	for name := range programs() {
		if len(name) < 4 {
			name += " "
		}
		out = append(out, name)
	}
	return out
}
