package assess

import (
	"strings"
)

func splitHook(c *call, u *use) {
	target := word("x")
	if len(u.operands) > 1 {
		target = u.operands[1]
	}
	if len(u.operands) > 0 {
		c.reads(u.operands[0])
	}
	if u.has("--filter") {
		return
	}
	c.effect(writes, target, "split")
}

// lessHook: a leading + or ++ runs commands of the pager, among them !.
func lessHook(c *call, u *use) {
	for _, a := range c.args[1:] {
		if cmd, ok := strings.CutPrefix(a.s, "+"); ok {
			cmd = strings.TrimPrefix(cmd, "+")
			if i := strings.IndexAny(cmd, "!#"); i >= 0 {
				c.rate(Stateful, "less +!", "runs a command")
				c.shellText(lit(cmd[i+1:]))
			} else if strings.HasPrefix(cmd, "|") || strings.HasPrefix(cmd, "s ") || strings.HasPrefix(cmd, "v") {
				c.rate(Stateful, "less +", "runs a command or writes a file")
			}
		}
	}
}

func manHook(c *call, u *use) {
	for _, o := range u.options {
		switch o.name {
		case "-P", "--pager", "-H", "--html":
			if o.has {
				c.program(o.arg, "man "+o.name)
			}
		case "-l", "--local-file":
			c.reads(o.arg)
		case "-C", "--config-file":
			c.rate(Stateful, "man -C", "reads other settings, which can name programs")
		}
	}
}

// makeHook: targets that only build, and those that install or clean; the makefile itself cannot be seen unless it was written
// by this text.
func makeHook(c *call, u *use) {
	dry := u.has("-n", "--just-print", "--dry-run", "--recon", "-q", "--question", "-v")
	if dry {
		c.rate(Reversible, "make -n", "shows commands, though some lines run even so")
	}
	for _, o := range u.options {
		if dry && (o.name != "--eval" || !strings.Contains(o.arg.s, "$(shell")) {
			continue
		}
		if (o.name == "-f" || o.name == "--file" || o.name == "--makefile") && o.has {
			content, ok := c.m.files[absolute(o.arg.s, c.sc)]
			if o.arg.s == "-" && c.fed {
				content, ok = c.stdin, true
			}
			if ok {
				c.makefile(content)
			} else if o.arg.s != "Makefile" && o.arg.s != "makefile" {
				c.rate(Stateful, "make -f", "runs a makefile that cannot be seen from here")
			}
		}
		if o.name == "--eval" && o.has {
			c.rate(Stateful, "make --eval", "runs code")
			c.makefile(o.arg.str)
		}
	}
	if dry {
		return
	}
	if content, ok := c.m.files["Makefile"]; ok && !u.has("-f") {
		c.makefile(content)
	}
	for _, a := range u.operands {
		if name, v, ok := strings.Cut(a.s, "="); ok {
			if name != "SHELL" && !strings.Contains(v, "$(shell") {
				c.guess(append(words("sh", "-c"), arg{str: str{v, a.t}}))
			} else {
				c.rate(Stateful, "make", "sets what make runs")
				c.shellText(str{strings.NewReplacer("$(shell ", "$(").Replace(v), a.t})
			}
			continue
		}
		switch {
		case a.s == "install" || a.s == "uninstall" || strings.Contains(a.s, "deploy") || strings.Contains(a.s, "release") || strings.Contains(a.s, "publish") || strings.Contains(a.s, "push") || strings.Contains(a.s, "install") || strings.Contains(a.s, "upload") || strings.Contains(a.s, "migrate"):
			c.rate(Stateful, "make", "the target "+a.s)
		case a.s == "distclean" || a.s == "mrproper":
			c.rate(Stateful, "make", "removes what was built and configured")
		case strings.Contains(a.s, "destroy") || strings.Contains(a.s, "nuke") || strings.Contains(a.s, "wipe"):
			c.rate(Irreversible, "make", "the target "+a.s)
		default:
			c.rate(Reversible, "make", "builds "+a.show())
		}
	}
	c.rate(Reversible, "make", "builds")
}

// makefile reads the recipes of a makefile.
func (c *call) makefile(content str) {
	if content.tainted(fromNet) {
		c.rate(Irreversible, "remote-code", "runs code fetched from the network")
		return
	}
	for _, line := range strings.Split(content.s, "\n") {
		if head, recipe, ok := strings.Cut(line, ";"); ok && !strings.HasPrefix(line, "\t") && strings.Contains(head, ":") {
			c.shellText(str{strings.TrimLeft(strings.TrimSpace(recipe), "@-+"), content.t})
		}
	}
	for _, line := range strings.FieldsFunc(content.s, func(r rune) bool { return r == '\n' || r == ';' }) {
		if recipe, ok := strings.CutPrefix(line, "\t"); ok {
			c.shellText(str{strings.TrimLeft(recipe, "@-+"), content.t})
			continue
		}
		if i := strings.Index(line, "$(shell "); i >= 0 {
			c.shellText(str{strings.TrimSuffix(line[i+8:], ")"), content.t})
		} else if strings.HasPrefix(strings.TrimSpace(line), "rm") || content.s != line && strings.HasPrefix(line, " ") {
			c.shellText(str{strings.TrimSpace(line), content.t})
		}
	}
}

// opensslHook: enc and base64 decode; -out, engines and private keys are in the tables.
func opensslHook(c *call, u *use) {
	args := join(c.args).s
	if strings.Contains(args, " -d") && (strings.Contains(args, "base64") || strings.Contains(args, "-a")) && !strings.Contains(args, "-aes") && !strings.Contains(args, "-pass") {
		c.filter(decode64)
	}
	if strings.Contains(args, "PRIVATE") {
		c.secret = true
	}
}

// bcHook: bc computes; GNU bc runs nothing, dc's ! does.
func bcHook(c *call, u *use) {
	text := c.stdin.s
	for _, o := range u.options {
		text += "\n" + o.arg.s
	}
	if base(c.args[0].s) == "dc" {
		for _, l := range strings.Split(text, "\n") {
			if i := strings.Index(l, "!"); i >= 0 && !strings.HasPrefix(l[i:], "!=") && !strings.HasPrefix(l[i:], "!<") && !strings.HasPrefix(l[i:], "!>") {
				c.rate(Stateful, "dc", "runs a command")
				c.shellText(lit(l[i+1:]))
			}
		}
		if c.fed && !c.stdin.known() {
			c.rate(Stateful, "dc", "may run commands")
		}
	}
}

// nftHook reads a command written as one word or many, or a file of them.
func nftHook(c *call, u *use) {
	if o, ok := u.option("-f", "--file"); ok {
		if u.has("-c", "--check") {
			return
		}
		c.rate(Stateful, "nft -f", "loads rules")
		content := c.m.content(o.arg, c.sc)
		if c.fed && (o.arg.s == "-" || o.arg.s == "/dev/stdin") {
			content = c.stdin
		}
		if content.known() && strings.Count(content.s, "\n") < 3 { // a longer file drops the rules to load others
			c.nftText(content.s)
		}
		return
	}
	c.nftText(join(u.operands).s)
}

func (c *call) nftText(all string) {
	text := strings.Fields(strings.NewReplacer(";", " ; ", "\n", " ; ").Replace(all))
	start := true
	for i, w := range text {
		if w == ";" {
			start = true
			continue
		}
		if !start {
			continue
		}
		start = false
		second := ""
		if i+1 < len(text) {
			second = text[i+1]
		}
		switch w {
		case "list", "describe", "get", "monitor":
			c.rate(Observe, "nft", "shows rules")
		case "flush", "destroy":
			c.rate(Irreversible, "nft", w+" "+second)
		case "delete":
			if second == "rule" || second == "element" {
				c.rate(Stateful, "nft", "removes a "+second)
			} else {
				c.rate(Irreversible, "nft", "removes a "+second)
			}
		default:
			c.rate(Stateful, "nft", "changes the firewall")
			if strings.Contains(all, "policy drop") {
				c.rate(Irreversible, "nft", "drops everything by default")
			}
		}
	}
}

func init() {
	hooks["gdb"] = gdbHook
	hooks["daemon"] = daemonHook
	hooks["yq"] = yqHook
}

// gdbHook reads the commands of -ex: shell, ! and calls of system run programs.
func gdbHook(c *call, u *use) {
	for i, a := range c.args {
		if (a.s == "--args" || a.s == "-args" || a.s == "--") && i+1 < len(c.args) {
			c.guess(c.args[i+1:])
		}
	}
	for _, o := range u.options {
		if !o.has || o.name != "-ex" && o.name != "--eval-command" && o.name != "-iex" && o.name != "-o" {
			continue
		}
		text := strings.TrimSpace(o.arg.s)
		for _, prefix := range []string{"shell ", "platform shell ", "!", "make ", "pipe ", "| "} {
			if rest, ok := strings.CutPrefix(text, prefix); ok {
				c.shellText(str{rest, o.arg.t})
			}
		}
		if strings.Contains(text, "system") || strings.HasPrefix(text, "py") || strings.HasPrefix(text, "script") {
			c.code("python", str{text, o.arg.t})
		}
	}
}

// daemonHook is start-stop-daemon --exec PROGRAM -- ARGUMENTS.
func daemonHook(c *call, u *use) {
	if u.has("-T", "--status", "-t", "--test") {
		c.tier, c.rule, c.why = Observe, "start-stop-daemon", "only looks"
		return
	}
	o, ok := u.option("-x", "--exec", "-a", "--startas")
	if ok && o.has && u.has("-S", "--start") {
		c.command(append([]arg{o.arg}, u.operands...))
	}
}

// yqHook: -i changes the files.
func yqHook(c *call, u *use) {
	if u.has("-i", "--inplace", "--in-place") && len(u.operands) > 0 {
		for _, f := range u.operands[min(1, len(u.operands)-1):] {
			c.effect(modifies, f, "yq -i")
		}
	}
}

// logrotateHook reads the scripts of a configuration that the text wrote.
func logrotateHook(c *call, u *use) {
	for _, a := range u.operands {
		content, ok := c.m.files[absolute(a.s, c.sc)]
		if !ok || c.tier == Observe {
			continue
		}
		var script []string
		inside := false
		for _, line := range strings.Split(content.s, "\n") {
			switch word := strings.TrimSpace(line); {
			case strings.HasSuffix(word, "postrotate"), strings.HasSuffix(word, "prerotate"), strings.HasSuffix(word, "firstaction"), strings.HasSuffix(word, "lastaction"), strings.HasSuffix(word, "preremove"):
				inside = true
			case word == "endscript":
				inside = false
			case inside:
				script = append(script, line)
			}
		}
		c.shellText(str{strings.Join(script, "\n"), content.t})
	}
}
