package assess

import "strings"

func init() {
	hooks["make"] = makeHook
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
