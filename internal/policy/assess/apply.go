package assess

import (
	"slices"
	"strings"

	"relay-shell/internal/lazyregexp"
)

// hook adds to a grammar what rows cannot say.
type hook func(c *call, u *use)

// hooks are named by the tables; see the files that define them.
var hooks = map[string]hook{}

// apply rates a call by its program's grammar.
func (c *call) apply(g *grammar, args []arg) {
	if g == nil {
		c.unknownProgram()
		return
	}
	u := g.read(args)
	g = u.g
	if u.asksForHelp(args) {
		c.rate(Observe, "help", "asks for help")
		c.nestedSecrets(args)
		return
	}
	why, name := g.why, u.called(c.args[0].s)
	if why == "" {
		why = "what " + name + " does"
	}
	c.rate(g.tier, name, why)
	c.net(u, args)
	c.shows = c.shows || g.is("secret")
	c.options(u)
	c.strictness(u)
	c.operandRoles(u)
	c.operandRules(u)
	c.setters(u)
	if g.tier >= Stateful {
		if u.other {
			c.otherVerb(u)
		}
		c.lossOptions(u)
	}
	c.caps(u)
	h := g.attr("hook")
	if h != "" {
		hooks[h](c, u)
	}
	c.weighExec(h)
	c.writtenConfig(u, h)
	if c.secret || c.shows {
		c.m.sensitive = true
	}
}

// attr looks an attribute up here and in the program above.
func (g *grammar) attr(name string) string {
	for at := g; at != nil; at = at.up {
		if v, ok := at.attrs[name]; ok {
			return v
		}
	}
	return ""
}

// nestedSecrets notes arguments that hold secrets, for programs that show them.
func (c *call) nestedSecrets(args []arg) {
	for _, a := range args {
		c.secret = c.secret || a.tainted(anySecret)
	}
}

// gives reports whether a word that goes to another machine holds a secret. A password or token from a variable is none where
// the program has a place for it: that is signing in.
func (c *call) gives(a arg, place bool) bool {
	return a.tainted(fromSecret) || a.tainted(fromVariable) && !place && !credential.MatchString(a.s)
}

// credential is a word that carries a password or token where it belongs: the user part of an address, the value of a header
// for signing in.
var credential = lazyregexp.New(`(?i)^([a-z][a-z0-9+.-]*://[^/@\x00]*\x00[^/@\x00]*@[^\x00]*|[a-z0-9-]*(authorization|token|api-?key|auth|cookie|secret)[a-z0-9-]*\s*:[^\x00]*\x00[^\x00]*)$`)

// net marks programs that send their arguments, and what they read, to another machine.
func (c *call) net(u *use, args []arg) {
	if !u.g.has("net") && !u.g.has("fetch") {
		return
	}
	c.sends = true
	for _, a := range u.operands {
		c.secret = c.secret || c.gives(a, false)
		if strings.ContainsAny(a.s, "/~.") && a.known() && sensitivePath(absolute(a.s, c.sc)) {
			c.reads(a)
		}
	}
	for _, o := range u.options {
		c.secret = c.secret || c.gives(o.arg, o.kind == signsIn)
		if f, ok := strings.CutPrefix(o.arg.s, "@"); o.has && (ok && o.kind == plain || strings.Contains(o.name, "attach")) && sensitivePath(absolute(tildePath(f), c.sc)) {
			c.reads(word(tildePath(f)))
		}
	}
	for _, a := range args {
		c.shows = c.shows || sensitiveURL(a.s)
	}
	if u.g.has("fetch") {
		c.out = &str{unk, fromNet | fromData}
	}
}

func (c *call) options(u *use) {
	name := u.called(c.args[0].s)
	for _, o := range u.options {
		if o.tier > Observe {
			why := o.why
			if why == "" {
				why = name + " " + o.name
			}
			c.rate(o.tier, name+" "+o.name, why)
		}
		c.shows = c.shows || o.secret
		if o.arg.s == "-" && o.kind > looksAt && o.kind <= empties { // the standard output
			continue
		}
		if o.kind != plain && (o.has || o.kind == runsCommand) {
			c.effect(o.kind, o.arg, name+" "+o.name)
		}
	}
}

// strictness rates what the grammar does not know.
func (c *call) strictness(u *use) {
	if len(u.unlisted) > 0 && (u.g.has("strict") || u.g.wraps()) {
		c.rate(Stateful, "option", "the option "+u.unlisted[0]+" of "+u.called(c.args[0].s)+" is not in the tables")
	}
	for _, a := range u.strange[:min(len(u.strange), maxWeighed)] {
		if textTakers[base(c.args[0].s)] {
			break
		}
		if tier, why := c.weigh(a); tier > Reversible && (a.known() || tier == Irreversible) {
			c.rate(tier, "option", "an option that is not in the tables may run “"+a.show()+"”: "+why)
		}
	}
	if u.wild && u.g.anyRisky() {
		c.rate(Stateful, "option", "words that are not known may be options of "+u.called(c.args[0].s))
	}
}

func (g *grammar) wraps() bool {
	return slices.ContainsFunc(g.roles, func(r role) bool { return r.kind == runsCommand || r.kind == runsJoined })
}

func (g *grammar) anyRisky() bool {
	for at := g; at != nil; at = at.up {
		if at.risky {
			return true
		}
	}
	return false
}

// operandRoles gives each operand its role.
func (c *call) operandRoles(u *use) {
	roles := u.g.roles
	if u.consumed && len(roles) > 1 {
		roles = roles[1:]
	}
	for i, kind := range spread(roles, len(u.operands)) {
		switch kind {
		case runsCommand:
			c.command(u.operands[i:])
			return
		case runsJoined:
			c.shellText(join(u.operands[i:]))
			return
		}
		if kind == readsPath && u.countsOnly() {
			kind = looksAt
		}
		c.effect(kind, u.operands[i], u.called(c.args[0].s))
	}
}

// spread gives n operands their roles: the role that may repeat takes the words that the others leave; without one, the last
// role does.
func spread(roles []role, n int) []effect {
	if len(roles) == 0 {
		return nil
	}
	star := len(roles) - 1
	for i, r := range roles {
		if r.many {
			star = i
		}
	}
	after := len(roles) - 1 - star
	out := make([]effect, n)
	for i := range out {
		switch {
		case n > 1 && i >= n-after:
			out[i] = roles[len(roles)-(n-i)].kind
		case i >= star:
			out[i] = roles[star].kind
		default:
			out[i] = roles[i].kind
		}
	}
	return out
}

// join puts words together with blanks between them.
func join(args []arg) str { return joinWith(args, " ") }

func concat(args []arg) str { return joinWith(args, "") }

func joinWith(args []arg, sep string) str {
	var b strings.Builder
	t := taint(0)
	for i, a := range args {
		if b.Len() > maxText {
			b.WriteString(unk)
			break
		}
		if i > 0 {
			b.WriteString(sep)
		}
		b.WriteString(a.s)
		t |= a.t
	}
	return str{limit(b.String()), t}
}

func (c *call) operandRules(u *use) {
	if len(u.g.operands) == 0 {
		return
	}
	for _, a := range u.operands {
		for _, r := range u.g.operands {
			if matches(r.patterns, a) {
				why := r.why
				if why == "" {
					why = u.called(c.args[0].s) + " " + a.show()
				}
				c.rate(r.tier, u.called(c.args[0].s), why)
				c.shows = c.shows || r.secret
				break
			}
		}
	}
}

// setters rates what shows a setting, and sets it if it is given more words than that.
func (c *call) setters(u *use) {
	if n, ok := u.g.attrs["sets"]; ok && len(u.operands) > int(n[0]-'0') {
		c.rate(Stateful, u.called(c.args[0].s), "sets "+join(u.operands).s)
	}
}

func matches(patterns []string, a arg) bool {
	for _, p := range patterns {
		if p == "*" || p == a.s {
			return true
		}
		if ok, _ := shellMatch(p, a.s); ok {
			return true
		}
	}
	return false
}

// caps lowers the call's own rating where an option says that nothing is done.
func (c *call) caps(u *use) {
	if c.loaded {
		return
	}
	for _, o := range u.options {
		if o.capped && c.tier > o.cap {
			c.tier, c.rule, c.why = o.cap, u.called(c.args[0].s)+" "+o.name, "only shows what it would do"
			if o.why != "" {
				c.why = o.why
			}
		}
		if o.capped && o.cap == Observe && !o.secret && u.g.is("secret") { // lists names, shows no values
			c.shows = slices.ContainsFunc(u.options, func(o given) bool { return o.secret })
		}
	}
}
