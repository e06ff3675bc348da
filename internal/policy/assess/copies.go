package assess

import "strings"

// copied remembers what a copy, a link or a renamed file holds: what the text wrote, or a program under another name, which is
// as good as a script that runs it.
func (c *call) copied(from, to arg) {
	if !from.known() || !to.known() {
		return
	}
	p := absolute(from.s, c.sc)
	content, ok := c.m.files[p]
	switch {
	case ok:
	case c.fed && isStdin(p):
		content = c.stdin
	case sensitivePath(p):
		content = str{unk, fromSecret | fromData}
	default:
		if !strings.Contains(from.s, "/") || !trustedDir(p) || lookup(base(p)) == nil {
			return
		}
		content = lit("'" + from.s + `' "$@"`)
	}
	c.m.files[absolute(to.s, c.sc)] = content
	c.m.files[absolute(strings.TrimSuffix(to.s, "/")+"/"+base(from.s), c.sc)] = content
}

// tells prints where a command is found.
func (c *call) tells(operands []arg) {
	if len(operands) == 0 {
		return
	}
	out := operands[0].str
	if !strings.Contains(out.s, "/") && lookup(out.s) != nil {
		out.s = "/usr/bin/" + out.s
	}
	c.out = &out
}

// hashed makes a name mean another program, as hash -p and BASH_CMDS do.
func (m *machine) hashed(name string, program str, sc *scope) {
	text := "'" + program.s + `' "$@"`
	if file, err := parse(m.lang, text); err == nil && program.known() && len(file.Stmts) == 1 {
		sc.funcs[name] = function{file.Stmts[0], text}
	}
}

func init() {
	hooks["echoPath"] = echoPathHook
	hooks["install"] = installHook
}

// echoPathHook prints another name of the file that it is given.
func echoPathHook(c *call, u *use) {
	if len(u.operands) == 1 && u.operands[0].known() {
		out := u.operands[0].str
		out.s = absolute(out.s, c.sc)
		c.out = &out
	}
}

// isStdin tells the names of the standard input.
func isStdin(p string) bool {
	return p == "/dev/stdin" || p == "/dev/fd/0" || p == "/proc/self/fd/0"
}

// scriptContent is what a file of code holds; - and /dev/stdin are the call's input.
func (c *call) scriptContent(a arg) str {
	if c.fed && (a.s == "-" || isStdin(a.s)) {
		return c.stdin
	}
	return c.m.content(a, c.sc)
}

// linked remembers what a link names.
func (c *call) linked(to, name arg) {
	if to.known() && name.known() && to.s != "" {
		c.m.links[absolute(name.s, c.sc)] = absolute(to.s, c.sc)
	}
}

// followed is a path in which a link that the text made is replaced by what it names.
func (m *machine) followed(a arg, sc *scope) arg {
	if len(m.links) == 0 {
		return a
	}
	p := absolute(a.s, sc)
	for rest := ""; p != "" && p != "." && p != "/"; {
		if to, ok := m.links[p]; ok {
			a.s = to + rest
			return a
		}
		i := strings.LastIndexByte(p, '/')
		if i < 0 {
			break
		}
		p, rest = p[:i], p[i:]+rest
	}
	return a
}

func installHook(c *call, u *use) {
	from, to := split(u)
	if u.has("-d", "--directory") {
		for _, a := range u.operands {
			c.effect(creates, a, "install -d")
		}
		return
	}
	for _, t := range to {
		c.copyInto(t, from, "install")
		if at, _ := locate(t, c.sc); at == program {
			c.tier = min(c.tier, Stateful)
		}
		if len(from) == 1 {
			c.copied(from[0], t)
			if p := absolute(from[0].s, c.sc); c.fed && (p == "/dev/stdin" || p == "/dev/fd/0" || p == "/proc/self/fd/0") {
				c.m.wrote(t, c.stdin, false, c.sc)
			}
		}
	}
	if o, ok := u.option("-m", "--mode"); ok && len(o.arg.s) >= 4 && strings.Trim(o.arg.s[:len(o.arg.s)-3], "0") != "" {
		c.rate(Irreversible, "install -m", "lets anyone run it as its owner")
	}
	if u.has("--strip-program") {
		if o, _ := u.option("--strip-program"); o.has {
			c.program(o.arg, "install --strip-program")
		}
	}
	for _, f := range from {
		c.reads(f)
	}
}
