package assess

import "strings"

// builtinGetopts: OPTARG becomes one of the words that are parsed.
func builtinGetopts(c *call, u *use) {
	if len(u.operands) < 2 {
		return
	}
	c.m.subscripts(u.operands[1].str, c.sc)
	parsed := u.operands[2:]
	if len(c.args) > 3 {
		parsed = c.args[3:] // with those that look like options of getopts itself
	} else if c.sc.hasArgs {
		parsed = c.sc.params
	}
	var alts []value
	for _, a := range parsed {
		alts = union(alts, []value{{elems: []str{a.str}}})
	}
	if len(alts) > 0 {
		c.sc.vars["OPTARG"] = alts
	} else {
		c.sc.setText("OPTARG", unknown)
	}
}

// builtinHash: hash -p makes a name mean another program.
func builtinHash(c *call, u *use) {
	if o, ok := u.option("-p"); ok && o.has {
		c.rate(Reversible, "hash -p", "makes a name mean another program")
		c.command([]arg{o.arg})
		for _, name := range u.operands {
			c.m.hashed(name.s, o.arg.str, c.sc)
		}
	}
}

// builtinComplete: -C names a command, -W is expanded, -F calls a function. complete runs them when somebody asks for
// completions, compgen at once.
func builtinComplete(c *call, u *use) {
	for _, o := range u.options {
		switch {
		case !o.has:
		case o.name == "-C":
			c.shellText(o.arg.str)
		case o.name == "-W":
			c.m.substitutions(o.arg.str, c.sc)
		case o.name == "-F" && base(c.args[0].s) == "compgen":
			c.command([]arg{o.arg})
		}
	}
}

// builtinFc: the editor is a command, and what it leaves is run; with -l fc only lists.
func builtinFc(c *call, u *use) {
	if o, ok := u.option("-e"); ok && o.has && o.arg.s != "-" && !u.has("-l") {
		c.shellText(o.arg.str)
	}
}

// builtinBind: bind -x runs shell text when its keys are pressed.
func builtinBind(c *call, u *use) {
	o, ok := u.option("-x")
	if !ok || !o.has {
		return
	}
	if _, text, ok := strings.Cut(o.arg.s, ":"); ok {
		text = strings.TrimSpace(text)
		if inner, quoted := strings.CutPrefix(text, `"`); quoted {
			text = strings.TrimSuffix(inner, `"`)
		}
		c.shellText(str{text, o.arg.t})
	}
}
