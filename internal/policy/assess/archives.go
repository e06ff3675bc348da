package assess

import "strings"

func init() {
	hooks["tar"] = tarHook
	hooks["zip"] = zipHook
}

// tarHook finds the mode of tar, also in its old form without a dash.
func tarHook(c *call, u *use) {
	mode := byte(0)
	args := c.args[1:]
	ops := u.operands
	if len(args) > 0 && !strings.HasPrefix(args[0].s, "-") && args[0].known() {
		mode, ops = c.oldTar(args[0].s, ops)
	}
	for _, o := range u.options {
		switch o.name {
		case "-c", "--create":
			mode = 'c'
		case "-x", "--extract", "--get":
			mode = 'x'
		case "-t", "--list":
			mode = 't'
		case "-r", "--append", "-u", "--update", "-A", "--delete":
			mode = 'r'
		case "-d", "--diff", "--compare":
			mode = 'd'
		case "--checkpoint-action":
			if text, ok := strings.CutPrefix(o.arg.s, "exec="); ok {
				c.rate(Stateful, "tar --checkpoint-action", "runs a command")
				c.program(arg{str: str{text, o.arg.t}}, "tar --checkpoint-action")
			}
		}
	}
	file, hasFile := u.option("-f", "--file")
	c.tarMode(mode, file.arg, hasFile || c.out != nil, ops, u)
}

// oldTar reads `tar czf FILE …`.
func (c *call) oldTar(letters string, ops []arg) (byte, []arg) {
	mode := byte(0)
	ops = ops[min(1, len(ops)):]
	for i := 0; i < len(letters); i++ {
		switch ch := letters[i]; ch {
		case 'c', 'x', 't', 'r', 'u', 'd':
			mode = ch
		case 'f', 'b', 'C', 'T', 'X', 'I', 'F':
			if len(ops) == 0 {
				break
			}
			switch ch {
			case 'f':
				for _, a := range ops[1:] {
					c.reads(a)
				}
				c.tarFile(mode, letters, ops[0])
			case 'C':
				c.effect(changesDirectory, ops[0], "tar")
			case 'I', 'F':
				c.program(ops[0], "tar")
			}
			ops = ops[1:]
		}
	}
	return mode, ops
}

func (c *call) tarFile(mode byte, letters string, f arg) {
	if strings.ContainsAny(letters, "cru") && f.s != "-" {
		c.effect(writes, f, "tar -f")
		c.secretCopy(f, nil)
	}
	if strings.Contains(letters, "c") && f.s == "-" {
		c.out = &str{unk, fromData}
	}
}

func (c *call) tarMode(mode byte, file arg, hasFile bool, ops []arg, u *use) {
	switch mode {
	case 'c', 'r':
		for _, a := range ops {
			c.reads(a)
		}
		if hasFile && file.s != "" && file.s != "-" {
			c.effect(writes, file, "tar -f")
			c.secretCopy(file, nil)
		}
		if u.has("--remove-files") {
			for _, a := range ops {
				tier, why := pathEffect(removesAll, a, c.sc)
				c.rate(max(tier, Stateful), "tar --remove-files", why)
			}
		}
		if hasFile && (file.s == "-" || file.s == "") {
			c.out = &str{unk, fromData}
		}
	case 'x':
		if u.has("-O", "--to-stdout") {
			return
		}
		into := word(".")
		if o, ok := u.option("-C", "--directory"); ok && o.has {
			into = o.arg
		} else if c.sc.dir.s != "" {
			into = word(c.sc.dir.s)
		}
		tier, why := pathEffect(creates, into, c.sc)
		if into.s == "." {
			tier, why = Reversible, "unpacks here"
		}
		c.rate(max(tier, Reversible), "tar -x", why)
		for _, member := range ops {
			if member.known() && !member.glob && into.known() && into.s != "." {
				c.effect(writes, word(strings.TrimSuffix(into.s, "/")+"/"+strings.TrimPrefix(member.s, "./")), "tar -x")
			}
		}
		if u.has("-P", "--absolute-names") {
			c.rate(Stateful, "tar -P", "may write anywhere")
		}
	}
}

func zipHook(c *call, u *use) {
	if len(u.operands) == 0 {
		return
	}
	if !u.has("-sf", "--show-files", "-T") || u.has("-TT") || len(u.operands) > 1 {
		c.effect(writes, u.operands[0], "zip")
	}
	for _, a := range u.operands[1:] {
		c.reads(a)
	}
	c.secretCopy(u.operands[0], nil)
	if u.has("-m", "--move") {
		for _, a := range u.operands[1:] {
			tier, why := pathEffect(removesAll, a, c.sc)
			c.rate(max(tier, Stateful), "zip -m", why)
		}
	}
}
