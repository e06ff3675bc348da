package assess

import (
	"path"
	"slices"
	"strings"
)

// call is one program that would be run with its arguments.
type call struct {
	m      *machine
	sc     *scope
	args   []arg
	text   string // as written, or as the wrapper before it runs it
	bare   string // without redirections
	direct bool   // by a shell, so that functions and builtins count
	io     ioset
	stdin  str
	fed    bool // stdin comes from a pipe, a file or a here-document

	tier    Tier
	rule    string
	why     string
	loaded  bool // code of a file that is loaded runs, whatever else it does
	weighed bool // its words were weighed as commands
	secret  bool // it reads secrets that are here
	shows   bool // what it prints holds secrets, wherever they come from
	sends   bool // it sends what it reads over the network
	runs    []func() str
	out     *str
}

// rate records a finding; the worst one is the call's.
func (c *call) rate(tier Tier, rule, why string) {
	if tier > c.tier || c.rule == "" {
		c.tier, c.rule, c.why = tier, rule, why
	}
}

// run assesses the call and what it runs, and returns what it prints.
func (c *call) run() str {
	at := len(c.m.reasons)
	c.find()
	return c.finish(at)
}

// finish records the findings and follows what the call runs.
func (c *call) finish(at int) str {
	c.weighWords()
	reads := c.tier == Observe
	for _, r := range c.io.ratings {
		c.rate(r.tier, r.rule, r.why)
	}
	c.secret = c.secret || c.stdin.tainted(anySecret) && c.fed
	if c.sends && c.secret {
		c.rate(Irreversible, "exfiltration", "sends secrets over the network")
	}
	if c.rule != "" {
		c.insert(at)
	}
	out := str{unk, fromData | c.stdin.t}
	switch {
	case !c.fed:
		out.t = fromData
		if reads && len(c.args) > 1 && generators[base(c.args[0].s)] {
			out.t |= fromPieces
		}
	case c.stdin.known() && c.stdin.s != "" && reads:
		out.t |= fromPieces
	}
	for i, f := range c.runs {
		got := f()
		if i == 0 {
			out = got
		} else {
			out = str{limit(out.s + got.s), out.t | got.t}
		}
	}
	if c.out != nil {
		out = *c.out
	}
	if out.t &^= ofFile; c.secret || c.shows {
		out.t |= fromSecret
	}
	if c.io.net && lineProtocols.MatchString(out.s) {
		c.m.note(Reason{Text: c.text, Rule: "network", Tier: Irreversible, Why: "sends a command that loses what is there"})
	}
	if c.io.net && out.tainted(anySecret) {
		c.m.note(Reason{Text: c.text, Rule: "exfiltration", Tier: Irreversible, Why: "sends secrets over the network"})
	}
	return out
}

// generators are programs that print what they are told to: as the name of a command or as code, that is a text in disguise.
var generators = setOf("yes seq jot date expr numfmt printf basename dirname cal shuf factor jq dc bc")

// insert puts the call's reason before those of what it runs.
func (c *call) insert(at int) {
	m := c.m
	tail := slices.Clone(m.reasons[at:])
	m.reasons = m.reasons[:at]
	r := Reason{Text: c.text, Rule: c.rule, Tier: c.tier, Why: c.why}
	if len(c.args) > 0 {
		r.Program = base(c.args[0].show())
		if resolved := showAll(c.args); resolved != c.text {
			r.Resolved = resolved
		}
	}
	for _, x := range c.io.ratings {
		if x.tier >= Stateful {
			r.Bare = c.bare
			break
		}
	}
	m.note(r)
	m.reasons = append(m.reasons, tail...)
}

// find finds out what is run: a function, a file that the text wrote itself, a program of the tables, or something else.
func (c *call) find() {
	if len(c.args) == 0 {
		if len(c.io.ratings) == 0 {
			c.rate(Observe, "empty", "runs nothing")
		}
		return
	}
	name := c.args[0]
	switch {
	case strings.Contains(base(name.s), unk) || name.s == unk:
		c.unknownName()
		return
	case name.glob && name.s != "[" && name.s != "[[":
		c.globName()
		return
	}
	if _, ok := c.sc.funcs[name.s]; ok && c.direct {
		c.rate(Observe, "function", "calls a function of this text")
		c.queue(Reread, func() str { return c.fedCall(func() str { return c.m.callFunction(name.s, c.args[1:], true, c.sc) }) })
		return
	}
	p := absolute(name.s, c.sc)
	if content, ok := c.m.files[p]; ok && (strings.Contains(name.s, "/") || lookup(name.s) == nil) {
		c.written(content, c.args[1:], true)
		return
	}
	if initScript(p) {
		c.apply(lookup("service"), append([]arg{word(base(p))}, c.args[1:]...))
		return
	}
	g := lookup(base(name.s))
	if g == nil && len(name.s) > 1 && name.s[0] == '=' { // zsh's way to name the program itself
		g = lookup(name.s[1:])
	}
	if g == nil && c.m.zsh && name.s == "print" {
		g = lookup("echo")
	}
	if g == nil {
		c.unknownProgram()
		return
	}
	if strings.Contains(name.s, "/") && !trustedDir(p) {
		c.rate(Stateful, "script", "runs a program that only looks like "+base(name.s))
	} else if c.sc.paths && !strings.Contains(name.s, "/") && !g.is("code") {
		c.rate(Stateful, "environment", "PATH was changed, so "+name.s+" may be any program")
	}
	c.apply(g, c.args[1:])
}

// fedCall runs f with this call's input as the scope's.
func (c *call) fedCall(f func() str) str {
	was, fed := c.sc.stdin, c.sc.fed
	if c.fed {
		c.sc.stdin, c.sc.fed = c.stdin, true
	}
	out := f()
	c.sc.stdin, c.sc.fed = was, fed
	return out
}

func (c *call) queue(how Nesting, f func() str) {
	c.runs = append(c.runs, func() (out str) {
		c.m.within(func() { c.m.as(how, func() { out = f() }) })
		return out
	})
}

// command queues arguments as a command that this call runs.
func (c *call) command(args []arg) {
	if len(args) == 0 {
		return
	}
	c.queue(Peeled, func() str { return c.child(args).run() })
}

// child is a call that this one makes with its own input.
func (c *call) child(args []arg) *call {
	return &call{m: c.m, sc: c.sc, args: args, text: showAll(args), stdin: c.stdin, fed: c.fed, io: ioset{net: c.io.net}}
}

// shellText queues shell text that this call runs.
func (c *call) shellText(text str) {
	c.queue(Reread, func() str {
		return c.fedCall(func() str { return c.m.shell(text, c.sc.fork()) })
	})
}

// written runs a file whose content the text wrote before.
func (c *call) written(content str, params []arg, known bool) {
	c.rate(Stateful, "script", "runs a file that this text wrote")
	switch {
	case content.tainted(fromNet):
		c.rate(Irreversible, "remote-code", "runs code fetched from the network")
	case content.tainted(fromPieces) && !content.known():
		c.rate(Irreversible, "hidden-code", "runs a file that is put together from pieces so that it cannot be read")
	case content.known():
		if interp := shebang(content.s); interp != "" {
			c.apply(lookup(interp), append(words("-c"), arg{str: content}))
			return
		}
		c.queue(Reread, func() str {
			return c.fedCall(func() str {
				inner := c.sc.fork()
				inner.params, inner.hasArgs = params, known
				return c.m.shell(content, inner)
			})
		})
	}
}

// shebang names the interpreter of a script that is not a shell.
func shebang(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	if !strings.HasPrefix(line, "#!") {
		return ""
	}
	for _, f := range strings.Fields(line[2:]) {
		name := base(f)
		if g := lookup(name); g != nil && g.is("code") && g.attrs["hook"] == "interpreter" {
			return name
		}
	}
	return ""
}

// initScript reports whether a path is a service's own script, whose argument says what is done to it.
func initScript(p string) bool {
	switch path.Dir(p) {
	case "/etc/init.d", "/etc/rc.d/init.d", "/etc/rc.d", "/usr/local/etc/rc.d":
		return true
	}
	return false
}

func trustedDir(p string) bool {
	switch path.Dir(p) {
	case "/bin", "/usr/bin", "/sbin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/snap/bin", "/opt/homebrew/bin", "/opt/local/bin", "/usr/games", "/etc/init.d":
		return true
	}
	return strings.HasPrefix(p, "/usr/lib/") || strings.HasPrefix(p, "/opt/") || strings.HasPrefix(p, "/usr/pgsql-") || strings.HasPrefix(p, "/usr/libexec/") || strings.HasPrefix(p, "/nix/store/") || strings.HasPrefix(strings.ToLower(p), "c:")
}
