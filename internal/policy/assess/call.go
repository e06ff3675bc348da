package assess

import (
	"cmp"
	"path"
	"regexp"
	"slices"
	"strings"

	syntaxpattern "mvdan.cc/sh/v3/pattern"
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
		if c.tier == Observe && len(c.args) > 1 && generators[base(c.args[0].s)] {
			out.t |= fromPieces
		}
	case c.stdin.known() && c.stdin.s != "" && c.tier == Observe:
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
	if c.secret || c.shows {
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

// unknownName is a command whose name is not known before it runs: at least stateful, and irreversible if its arguments would
// make rm, a shell or a wrapper so.
func (c *call) unknownName() {
	name := c.args[0]
	if name.tainted(fromNet) {
		c.rate(Irreversible, "remote-code", "runs a command fetched from the network")
		return
	}
	if name.tainted(fromPieces) && strings.Trim(name.s, unk) == "" {
		c.rate(Irreversible, "unknown", "the command's name is put together from pieces so that it cannot be read")
		return
	}
	c.rate(Stateful, "unknown", "the command's name is not known before it runs")
	c.guessNames(strings.ReplaceAll(globQuote.Replace(base(name.s)), unk, "*"))
	if len(c.args) > 1 {
		c.guess(c.args[1:])
	}
}

// unknownProgram is a program that is not in the tables. It may be a wrapper, or a script.
func (c *call) unknownProgram() {
	name := c.args[0].s
	switch {
	case c.verbNoun(name):
		return
	case strings.HasPrefix(name, "-") && name != "-", name == "[[", name == "]]", c.m.expressions && !strings.Contains(name, "/"):
		c.rate(Observe, "nothing", "no program has such a name")
	case strings.Contains(name, "/"):
		c.rate(Stateful, "script", "runs a program or script that cannot be seen from here")
		c.unknownVerbs(name)
	default:
		c.rate(Stateful, "unknown", "not a program of the tables")
		c.unknownVerbs(name)
	}
	for i := 1; i < len(c.args) && i < 6; i++ {
		a := c.args[i]
		if strings.HasPrefix(a.s, "-") || !a.known() {
			if a.s == "-c" && i+1 < len(c.args) {
				c.guess(append(words("sh"), c.args[i:]...))
			}
			if codeOption[a.s] && i+1 < len(c.args) {
				c.code(base(name), c.args[i+1].str)
			}
			continue
		}
		if a.s == "eval" && i+1 < len(c.args) {
			c.code(base(name), c.args[i+1].str)
		}
		if lookup(base(a.s)) != nil && (i+1 < len(c.args) || isASCII(name)) {
			c.guess(c.args[i:])
		} else if first, _, ok := strings.Cut(a.s, " "); ok && lookup(base(first)) != nil {
			c.guess(append(words("sh", "-c"), a))
		}
	}
}

// codeOption are the options with which interpreters take code.
var codeOption = setOf("-e -c -E --eval --exec --execute --expression -eval --command --code -x")

// guess weighs what the call would be if these were the words of a command.
func (c *call) guess(args []arg) {
	if c.m.steps > maxSteps || c.m.depth > maxDepth/2 {
		return
	}
	c.m.steps++
	sub := c.m.probe(func(p *machine) {
		d := *c
		d.m, d.args, d.text, d.runs, d.out, d.rule, d.tier, d.io = p, args, showAll(args), nil, nil, "", Observe, ioset{}
		d.sc = c.sc.fork()
		d.run()
	})
	if sub.tier == Irreversible {
		c.rate(Irreversible, "unknown", "it may run “"+showAll(args)+"”: "+worstOf(sub))
	}
}

// globName is a command named by a pattern: it is as bad as the worst program that the pattern can mean.
func (c *call) globName() {
	c.rate(Stateful, "glob", "the command is named by a pattern")
	c.guessNames(base(c.args[0].s))
}

var globQuote = strings.NewReplacer("*", `\*`, "?", `\?`, "[", `\[`, `\`, `\\`)

// maxGuesses bounds the programs that a pattern is tried as.
const maxGuesses = 80

// guessNames weighs what the call would be as each of the programs that a pattern matches: those first whose harm is known
// without their arguments, then by name.
func (c *call) guessNames(pattern string) {
	matches := nameMatcher(pattern)
	var names []string
	if strings.Trim(pattern, "*?") == "" {
		names = []string{"dd", "mkfs", "rm", "sh"}
		matches = func(string) bool { return false }
	}
	for name, g := range programs() {
		if !g.is("windows") && matches(name) {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(b), rank(a)), cmp.Compare(a, b))
	})
	for _, name := range names[:min(len(names), maxGuesses)] {
		if c.tier == Irreversible {
			return
		}
		c.guess(append(words(name), c.args[1:]...))
	}
}

// rank orders programs by what a pattern in the place of a name most likely hides.
func rank(name string) int {
	switch name {
	case "rm", "dd", "sh", "mkfs":
		return 10
	}
	g := lookup(name)
	if g.wraps() || g.is("code") {
		return 5
	}
	return int(g.tier)
}

// nameMatcher matches names with a pattern of the shell, with the extended ones such as @(rm|mv).
func nameMatcher(pattern string) func(name string) bool {
	re, err := syntaxpattern.Regexp(pattern, syntaxpattern.ExtendedOperators|syntaxpattern.EntireString)
	if err == nil {
		if compiled, err := regexp.Compile(re); err == nil {
			return compiled.MatchString
		}
	}
	return func(name string) bool {
		ok, _ := path.Match(pattern, name)
		return ok || err != nil && strings.Contains(pattern, "!(")
	}
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > '~' }) < 0
}
