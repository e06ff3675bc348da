package assess

import (
	"strings"

	"relay-shell/internal/lazyregexp"
)

func init() {
	for name, h := range map[string]hook{
		"logrotate": logrotateHook,
		"rm":        rmHook, "cp": cpHook, "mv": mvHook, "ln": lnHook, "tee": teeHook, "dd": ddHook, "chmod": chmodHook, "chown": chownHook, "tar": tarHook, "kill": killHook,
		"truncate": truncateHook, "base64": base64Hook, "xxd": xxdHook, "rev": revHook, "tr": trHook, "openssl": opensslHook, "zip": zipHook, "pass": passHook,
		"mktemp": mktempHook, "less": lessHook, "man": manHook, "make": makeHook, "rsync": rsyncHook, "scp": scpHook, "curl": curlHook, "wget": wgetHook, "fetched": fetchedHook, "nc": ncHook, "socat": socatHook,
		"touch": touchHook, "install": installHook, "ls": lsHook, "head": headHook, "split": splitHook, "bc": bcHook, "nft": nftHook,
	} {
		hooks[name] = h
	}
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
		c.m.touched(absolute(a.s, c.sc))
	}
	if c.m.depth == 0 && len(u.operands) == 0 && !c.fed {
		c.rate(Reversible, "rm", "removes nothing yet")
	}
}

// fromTemp marks names that mktemp made.
const fromTemp taint = 1 << 8

func mktempHook(c *call, u *use) {
	c.out = &str{"/tmp/tmp.x" + unk, fromTemp}
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
		if a.known() {
			c.m.wrote(a, content, kind == appends, c.sc)
		}
	}
	if c.fed {
		out := c.stdin
		c.out = &out
	}
}

func ddHook(c *call, u *use) {
	in := str{unk, fromData}
	if o, ok := u.option("if="); ok {
		c.reads(o.arg)
		in = c.m.content(o.arg, c.sc)
	} else if c.fed {
		in = c.stdin
	}
	if o, ok := u.option("of="); ok {
		c.effect(writes, o.arg, "dd of=")
		return
	}
	c.out = &in
}

var octal = lazyregexp.New(`^0*[0-7]{3,5}$`)

// chmodHook reads the mode: what lets anyone in, or adds the set-user-ID bit, is more than a change of permissions.
func chmodHook(c *call, u *use) {
	ops := u.operands
	mode := ""
	if len(ops) > 0 && !u.has("--reference") {
		mode, ops = ops[0].s, ops[1:]
	}
	for _, o := range u.unlisted { // chmod -x file: the mode looks like options
		if strings.Trim(o, "-rwxXst") == "" && len(u.operands) > 0 {
			ops, mode = u.operands, "-"+strings.TrimLeft(o, "-")
		}
	}
	kind := perms
	if u.has("-R", "--recursive") {
		kind = permsAll
	}
	setuid := strings.Contains(mode, "+s") || strings.Contains(mode, "=s") || strings.Contains(mode, "u+s") || octal.MatchString(mode) && len(strings.TrimLeft(mode, "0")) == 4 && mode[len(mode)-4]&^'0' >= 2 && mode[len(mode)-4] != '1'
	open := octal.MatchString(mode) && mode[len(mode)-1] >= '6' || strings.Contains(mode, "o+w") || strings.Contains(mode, "a+w") || mode == "+w" || strings.Contains(mode, "o=rw") || strings.Contains(mode, "a=rw")
	for _, a := range ops {
		tier, why := pathEffect(kind, a, c.sc)
		at, _ := locate(a, c.sc)
		if setuid && at != work {
			tier, why = Irreversible, "lets anyone run "+a.show()+" as its owner"
		} else if setuid {
			tier, why = max(tier, Stateful), "lets anyone run "+a.show()+" as its owner"
		}
		if open && kind == permsAll && (at == system || at == personal || at == stored || at == startup) && tier < Irreversible && !strings.HasPrefix(a.s, home) {
			why = "lets anyone write below " + a.show()
			if at != personal && strings.Count(strings.Trim(absolute(a.s, c.sc), "/"), "/") < 2 {
				tier = Irreversible
			}
		}
		if at == startup && open && strings.Contains(a.s, ".ssh") {
			tier = Irreversible
		}
		if kind == permsAll && strings.Trim(mode, "0") == "" && mode != "" && at != work && at != temp {
			tier, why = Irreversible, "takes every right away below "+a.show()
		}
		if at == program && disarms(mode) {
			tier, why = Irreversible, "keeps "+a.show()+" from being run"
		}
		c.rate(tier, "chmod", why)
	}
}

// disarms reports whether a mode takes away the right to run a file.
func disarms(mode string) bool {
	if octal.MatchString(mode) {
		return strings.Trim(mode, "0246") == ""
	}
	return strings.Contains(mode, "-") && strings.Contains(mode, "x") || strings.HasSuffix(mode, "=")
}

func chownHook(c *call, u *use) {
	ops := u.operands
	if len(ops) > 0 && !u.has("--reference") {
		ops = ops[1:]
	}
	kind := perms
	if u.has("-R", "--recursive") {
		kind = permsAll
	}
	for _, a := range ops {
		tier, why := pathEffect(kind, a, c.sc)
		c.rate(tier, "chown", strings.Replace(why, "permissions", "the owner", 1))
	}
}

func killHook(c *call, u *use) {
	args := c.args[1:]
	if len(args) > 0 && (args[0].s == "-l" || args[0].s == "-L" || args[0].s == "--list" || args[0].s == "--table" || args[0].s == "--help" || args[0].s == "--version") {
		c.tier, c.rule, c.why = Observe, "kill -l", "lists signals"
		return
	}
	signal := ""
	for i, a := range args {
		switch {
		case a.s == "-0" || (a.s == "-s" || a.s == "-n") && i+1 < len(args) && args[i+1].s == "0":
			signal = "0"
		case (a.s == "-1" || a.s == "0" && i > 0 && args[i-1].s != "-s" && args[i-1].s != "-n") && i > 0:
			c.rate(Irreversible, "kill", "signals every process")
		case a.s == "1" && i >= 0 && (i == 0 || args[i-1].s != "-s" && args[i-1].s != "-n"):
			c.rate(Irreversible, "kill", "signals the first process of the system")
			if i > 0 && (args[i-1].s == "-HUP" || args[i-1].s == "-1" || args[i-1].s == "-SIGHUP") {
				c.tier = Stateful
			}
		}
	}
	if signal == "0" && (c.tier <= Stateful || len(operandsOf(c.args)) == len(args)-1) { // no signal beside it
		c.tier, c.rule, c.why = Observe, "kill -0", "asks whether a process lives"
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
