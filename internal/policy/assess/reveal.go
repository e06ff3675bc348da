package assess

import (
	"strings"

	"relay-shell/internal/lazyregexp"
)

// Programs that show secrets only when they are asked in a certain way: the sensitive axis, not the tier.

func init() {
	hooks["ps"] = psHook
	hooks["printenv"] = printenvHook
	hooks["inspect"] = inspectHook
	hooks["grep"] = grepHook
	hooks["tcpdump"] = tcpdumpHook
	hooks["rpm"] = rpmHook
	hooks["rest"] = restHook
	hooks["ntpq"] = ntpqHook
	hooks["debugfs"] = debugfsHook
}

// letters are words of ps in BSD form: options without a dash.
var letters = lazyregexp.New(`^[A-Za-z]+$`)

// psHook: among the words without a dash, e shows the environment of every process; so does -E on BSD.
func psHook(c *call, u *use) {
	c.shows = u.has("-E") || strings.Contains(join(c.args).s, "environ")
	value := false
	for _, a := range u.operands {
		if value || !letters.MatchString(a.s) {
			value = false
			continue
		}
		c.shows = c.shows || strings.Contains(a.s, "e")
		value = strings.ContainsAny(a.s, "oOkUtp") // the word behind it is its value
	}
	for _, name := range u.unlisted {
		c.shows = c.shows || name == "-E"
	}
}

func printenvHook(c *call, u *use) {
	c.shows = len(u.operands) == 0
	for _, a := range u.operands {
		c.shows = c.shows || secretName(a.s) || !a.known()
	}
}

// shownEnvironment are the parts of a Go template that print the environment of a container.
var shownEnvironment = lazyregexp.New(`\.Env\b|\{\{\s*(json\s+)?(\.|\$)\s*(\||\}\})|\.(Config|Spec|ContainerConfig|TaskTemplate|ContainerSpec)\s*(\||\}\})|range|index`)

// inspectHook: the description of a container has its environment, unless a template picks something else.
func inspectHook(c *call, u *use) {
	if c.tier > Observe {
		return
	}
	o, ok := u.option("-f", "--format")
	c.shows = !ok || !o.has || !o.arg.known() || o.arg.s == "json" || shownEnvironment.MatchString(o.arg.s)
	if o, ok := u.option("--type"); ok && o.arg.s != "container" && o.arg.s != "service" {
		c.shows = false
	}
}

// lookedFor are patterns of a search for secrets, and anything are those that match every line.
var (
	lookedFor = lazyregexp.New(`(?i)passw|secret|token|api.?key|private.?key|credential|BEGIN`)
	anything  = lazyregexp.New(`^[.^$*\\+?]*$`)
)

// grepHook: a search through a whole system or home directory shows secrets if it looks for them or for anything.
func grepHook(c *call, u *use) {
	if u.has("-l", "-L", "--files-with-matches", "--files-without-match", "--files") {
		c.out = &str{unk, fromFiles | fromData}
	}
	if !u.has("-r", "-R", "--recursive", "--dereference-recursive") && base(c.args[0].s) != "rg" && base(c.args[0].s) != "ag" && base(c.args[0].s) != "ack" {
		return
	}
	if u.has("-l", "-L", "-c", "-q", "--files-with-matches", "--files-without-match", "--count", "--quiet") {
		return
	}
	patterns, where := u.operands[:min(1, len(u.operands))], u.operands[min(1, len(u.operands)):]
	for _, o := range u.options {
		if (o.name == "-e" || o.name == "--regexp") && o.has {
			patterns, where = append(patterns[:0:0], o.arg), u.operands
		}
	}
	seeks := false
	for _, p := range patterns {
		seeks = seeks || !p.known() || lookedFor.MatchString(p.s) || anything.MatchString(p.s)
	}
	for _, w := range where {
		c.shows = c.shows || seeks && wholeSystem(absolute(w.s, c.sc))
	}
}

// wholeSystem tells directories that hold keys and passwords among everything else.
func wholeSystem(p string) bool {
	p = strings.TrimRight(p, "/*")
	if rest, ok := homeOf(p); ok && strings.Trim(rest, "/") == "" {
		return true
	}
	switch p {
	case "", "/etc", "/root", "/home", "/var", "/var/lib", "/opt", "/srv", "/proc", home:
		return true
	}
	return false
}

// tcpdumpHook: what goes over the wire may be anything, passwords included, if it is shown.
func tcpdumpHook(c *call, u *use) {
	c.shows = u.has("-A", "-X", "-XX", "-x", "-xx") || base(c.args[0].s) == "ngrep"
}

// rpmHook: %(…) in a macro is shell text, and so is the program behind --pipe.
func rpmHook(c *call, u *use) {
	aptHook(c, u)
	for _, o := range u.options {
		switch o.name {
		case "-E", "--eval", "-D", "--define":
			c.rpmMacro(o.arg.str)
		case "--pipe":
			c.shellText(o.arg.str)
		}
	}
}

func (c *call) rpmMacro(text str) {
	if strings.Contains(text.s, "%{lua:") || strings.Contains(text.s, "%{load:") || !text.known() {
		c.rate(Stateful, "rpm --eval", "runs code of a macro")
	}
	for rest := text.s; ; {
		_, after, ok := strings.Cut(rest, "%(")
		if !ok {
			return
		}
		end := strings.LastIndexByte(after, ')')
		if end < 0 {
			end = len(after)
		}
		c.shellText(str{after[:end], text.t})
		rest = after[end:]
	}
}

// restHook is for an option that makes a command of all the words behind it.
func restHook(c *call, u *use) {
	for i, a := range c.args[min(1, len(c.args)):] {
		for _, name := range []string{"--command=", "--command", "-e", "-c"} {
			if text, ok := strings.CutPrefix(a.s, name); ok {
				c.shellText(str{text, a.t}.add(lit(" ")).add(join(c.args[i+2:])))
				return
			}
		}
	}
}

// ntpqHook: its commands may configure the server.
func ntpqHook(c *call, u *use) {
	for _, o := range u.options {
		if o.name == "-c" || o.name == "--command" {
			if hasAny(o.arg.s, "config", "save", "write", "reset") || !o.arg.known() {
				c.rate(Stateful, "ntpq -c", "changes the time server")
			}
		}
	}
}

// systemdShow: the properties of a unit hold its environment, unless others are picked.
func (c *call) systemdShow(u *use) {
	o, ok := u.option("-p", "-P", "--property")
	c.shows = ok && (strings.Contains(o.arg.s, "Environment") || !o.arg.known())
}

// debugfsHook: its requests read unless it was opened for writing, but some copy files out.
func debugfsHook(c *call, u *use) {
	if u.has("-f") || c.fed && !u.has("-R") {
		c.rate(Stateful, "debugfs", "runs requests that cannot be seen from here")
	}
	for _, o := range u.options {
		if o.name != "-R" {
			continue
		}
		words := strings.Fields(o.arg.s)
		if len(words) > 0 && hasAny(words[0], "dump", "rdump", "write", "logdump") && len(words) > 1 {
			c.effect(writes, word(words[len(words)-1]), "debugfs "+words[0])
		}
	}
}
