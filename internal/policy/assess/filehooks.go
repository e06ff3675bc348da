package assess

import "strings"

func init() {
	hooks["cp"] = cpHook
	hooks["ln"] = lnHook
	hooks["mktemp"] = mktempHook
	hooks["mv"] = mvHook
	hooks["rm"] = rmHook
	hooks["tee"] = teeHook
	hooks["touch"] = touchHook
	hooks["truncate"] = truncateHook
}

func rmHook(c *call, u *use) {
	recursive := u.has("-r", "-R", "--recursive")
	kind := removes
	if recursive {
		kind = removesAll
	}
	if u.has("--no-preserve-root") {
		c.rate(Irreversible, "rm --no-preserve-root", "removes / itself if told to")
	}
	for _, a := range u.operands {
		tier, why := pathEffect(kind, a, c.sc)
		name := base(absolute(a.s, c.sc))
		if recursive && tier == Stateful && (name == ".git" || name == ".ssh" || name == ".svn" || name == ".hg") {
			tier, why = Irreversible, "removes the history or the keys in "+a.show()
		}
		if recursive && tier == Irreversible && a.tainted(fromTemp) {
			tier, why = Stateful, "removes a temporary directory"
		}
		c.rate(tier, "rm", why)
		c.m.touched(absolute(a.s, c.sc), kind)
	}
	if c.m.depth == 0 && len(u.operands) == 0 && !c.fed {
		c.rate(Reversible, "rm", "removes nothing yet")
	}
}

// fromTemp marks names that mktemp made.
const fromTemp taint = 1 << 8

// mktempHook prints a name that no other file has, so that what is written under it is known again.
func mktempHook(c *call, u *use) {
	dir, template := "", arg{str: lit("tmp.X")}
	if len(u.operands) > 0 {
		template = u.operands[0]
	}
	if o, ok := u.option("-p", "--tmpdir"); ok && o.has {
		dir = o.arg.s
	} else if len(u.operands) == 0 || ok || u.has("-t") {
		dir = "/tmp"
	}
	if dir != "" && !strings.HasPrefix(template.s, "/") {
		template.s = strings.TrimSuffix(dir, "/") + "/" + template.s
	}
	c.m.temps++
	template.s += itoa(c.m.temps)
	if at, _ := locate(template, c.sc); at == temp {
		template.t |= fromTemp
	} else if !u.has("-u", "--dry-run") {
		c.effect(creates, template, "mktemp")
	}
	c.out = &template.str
}

func cpHook(c *call, u *use) {
	from, to := split(u)
	for _, f := range from {
		c.reads(f)
	}
	for _, t := range to {
		c.copyInto(t, from, "cp")
		if len(from) == 1 {
			c.copied(from[0], t)
			if from[0].s == "/dev/null" {
				c.effect(empties, t, "cp")
			}
		}
	}
	for _, t := range to {
		c.secretCopy(t, from)
	}
	if u.has("-r", "-R", "-a", "--recursive", "--archive") && c.tier == Irreversible && len(from) > 0 {
		if at, _ := locate(to0(to), c.sc); at == wide || at == system {
			c.tier = Stateful
		}
	}
}

// secretCopy remembers that a file now holds secrets.
func (c *call) secretCopy(to arg, from []arg) {
	if !c.secret || !to.known() {
		return
	}
	c.m.files[absolute(to.s, c.sc)] = str{unk, fromSecret | fromData}
	for _, f := range from {
		c.m.files[absolute(strings.TrimSuffix(to.s, "/")+"/"+base(f.s), c.sc)] = str{unk, fromSecret | fromData}
	}
}

func to0(to []arg) arg {
	if len(to) > 0 {
		return to[0]
	}
	return arg{}
}

// copyInto rates writing sources into a target that may be a directory.
func (c *call) copyInto(t arg, from []arg, rule string) {
	at, exact := locate(t, c.sc)
	if at == wide || at == temp && !exact {
		for _, f := range from {
			into := arg{str: str{strings.TrimSuffix(t.s, "/") + "/" + base(f.s), t.t}}
			if !f.glob && f.known() && f.s != "." && f.s != ".." && t.s != "." {
				tier, why := pathEffect(writes, into, c.sc)
				c.rate(tier, rule, why)
			}
		}
		tier, why := pathEffect(creates, t, c.sc)
		if t.s == "." || t.s == "./" {
			tier = Reversible
		}
		c.rate(min(tier, Stateful), rule, why)
		return
	}
	if strings.HasSuffix(t.s, "/") {
		for _, f := range from {
			into := arg{str: str{t.s + base(f.s), t.t}}
			tier, why := pathEffect(creates, into, c.sc)
			c.rate(tier, rule, why)
		}
		return
	}
	c.effect(writes, t, rule)
}

// split divides operands into sources and targets, minding -t.
func split(u *use) (from, to []arg) {
	if o, ok := u.option("-t", "--target-directory"); ok && o.has {
		return u.operands, []arg{o.arg}
	}
	if len(u.operands) < 2 {
		return u.operands, nil
	}
	return u.operands[:len(u.operands)-1], u.operands[len(u.operands)-1:]
}

func mvHook(c *call, u *use) {
	from, to := split(u)
	for _, t := range to {
		if t.s == "/dev/null" {
			c.rate(Irreversible, "mv", "moves it into nothing")
		}
		c.copyInto(t, from, "mv")
		if len(from) == 1 {
			c.copied(from[0], t)
		}
	}
	for _, f := range from {
		at, exact := locate(f, c.sc)
		switch {
		case at == wide && !exact:
			c.rate(Irreversible, "mv", "moves everything in "+f.show())
			if f.s == "*" || f.s == "./*" {
				c.tier = min(c.tier, Stateful)
			}
		case at == vital || at == program || at == device:
			c.rate(Irreversible, "mv", "moves away "+f.show()+", which the system needs")
		case at == system || at == logs || at == stored || at == startup || at == wide:
			c.rate(Stateful, "mv", "moves "+f.show())
		default:
			c.rate(Reversible, "mv", "moves "+f.show())
		}
		if sensitivePath(absolute(f.s, c.sc)) {
			c.m.sensitive = true
		}
	}
}

// keepsRunning are programs and libraries that a machine does not run without.
var keepsRunning = setOf("init sh bash sshd sudo su login systemd libc.so.6 ld-linux-x86-64.so.2 dpkg apt rpm mount ip getty agetty")

func lnHook(c *call, u *use) {
	from, to := split(u)
	if len(to) == 0 {
		c.rate(Reversible, "ln", "makes a link")
		return
	}
	for _, t := range to {
		kind := creates
		if u.has("-f", "--force") {
			kind = writes
		}
		at, exact := locate(t, c.sc)
		if (at == program || at == wide && exact) && kind == writes {
			c.rate(Stateful, "ln -f", "replaces "+t.show())
			if name := base(t.s); at == program && keepsRunning[name] && len(from) > 0 && !strings.HasPrefix(base(from[0].s), name) {
				c.rate(Irreversible, "ln -f", "replaces "+t.show()+", which everything needs, with another program")
			}
			if len(from) > 0 && (from[0].s == "/dev/null" || !trustedDir(absolute(from[0].s, c.sc))) && at == program {
				c.rate(Irreversible, "ln -f", "replaces a program of the system: "+t.show())
			}
			continue
		}
		c.effect(kind, t, "ln")
		if len(from) == 1 {
			c.copied(from[0], t)
			c.linked(from[0], t)
		}
	}
	c.rate(Reversible, "ln", "makes a link")
}

func teeHook(c *call, u *use) {
	kind := writes
	if u.has("-a", "--append") {
		kind = appends
	}
	for _, a := range u.operands {
		if strings.HasPrefix(a.s, "/dev/tcp/") {
			c.sends = true
		}
		c.effect(kind, a, "tee")
		content := str{unk, fromData}
		if c.fed {
			content = c.stdin
		}
		c.m.wrote(a, content, kind == appends, c.sc)
	}
	if c.fed && base(c.args[0].s) != "sponge" {
		out := c.stdin
		c.out = &out
	}
}

func truncateHook(c *call, u *use) {
	kind := modifies
	if o, ok := u.option("-s", "--size"); ok && strings.TrimLeft(o.arg.s, "0") == "" {
		kind = empties
	}
	for _, a := range u.operands {
		c.effect(kind, a, "truncate")
	}
}

func touchHook(c *call, u *use) {
	for _, a := range u.operands {
		c.effect(creates, a, "touch")
	}
}
