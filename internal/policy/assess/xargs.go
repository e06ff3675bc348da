package assess

import "strings"

// xargsHook runs its operands with words from the input behind them, or in place of -I's mark.
func xargsHook(c *call, u *use) {
	args := u.operands
	if len(args) == 0 {
		args = words("echo")
	}
	items := c.inputWords(u)
	mark := ""
	if o, ok := u.option("-I", "-i", "--replace", "-J"); ok {
		mark = "{}"
		if o.has && o.arg.s != "" {
			mark = o.arg.s
		}
	}
	if mark == "" {
		c.command(append(args[:len(args):len(args)], items...))
		return
	}
	for _, item := range items {
		c.command(substitute(args, mark, item))
	}
}

// inputWords are the words that the input holds, or one unknown.
func (c *call) inputWords(u *use) []arg {
	in := c.stdin
	if o, ok := u.option("-a", "--arg-file"); ok && o.has {
		in = c.m.content(o.arg, c.sc)
	} else if !c.fed {
		in = str{unk, fromData}
	}
	sep := " \t\n" + nul
	switch o, ok := u.option("-d", "--delimiter"); {
	case u.has("-0", "--null"):
		sep = nul
	case ok && o.has:
		sep = unescapeNul(o.arg.s)
	case u.has("-I", "-i", "--replace", "-L", "-l"):
		sep = "\n"
	default:
		return c.quotedWords(in)
	}
	var out []arg
	for _, f := range strings.FieldsFunc(in.s, func(r rune) bool { return strings.ContainsRune(sep, r) }) {
		known := !strings.Contains(f, unk)
		out = append(out, arg{str: str{f, in.t}, multi: !known})
		if len(out) > maxBody {
			return append(out, arg{str: str{unk, in.t}, multi: true})
		}
	}
	return out
}

// quotedWords splits what xargs reads without -0 or -d: blanks separate, quotes and backslashes protect them.
func (c *call) quotedWords(in str) []arg {
	var out []arg
	for _, f := range shellFields(in.s) {
		out = append(out, arg{str: str{f, in.t}, multi: strings.Contains(f, unk)})
		if len(out) > maxBody {
			return append(out, arg{str: str{unk, in.t}, multi: true})
		}
	}
	return out
}

// shellFields splits at blanks outside of quotes, which go.
func shellFields(s string) []string {
	var out []string
	var b strings.Builder
	quote, open := byte(0), false
	for i := 0; i < len(s) && len(out) <= maxFields; i++ {
		switch ch := s[i]; {
		case quote != 0 && ch == quote:
			quote = 0
		case quote != 0:
			b.WriteByte(ch)
		case ch == '\'' || ch == '"':
			quote, open = ch, true
		case ch == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case ch == ' ' || ch == '\t' || ch == '\n' || ch == nul[0]:
			if open || b.Len() > 0 {
				out = append(out, b.String())
			}
			b.Reset()
			open = false
		default:
			b.WriteByte(ch)
		}
	}
	if open || b.Len() > 0 {
		out = append(out, b.String())
	}
	return out
}

func substitute(args []arg, mark string, item arg) []arg {
	out := make([]arg, len(args))
	for i, a := range args {
		out[i] = a
		if strings.Contains(a.s, mark) {
			out[i] = arg{str: str{strings.ReplaceAll(a.s, mark, item.s), a.t | item.t}, glob: a.glob, multi: item.multi && a.s == mark}
		}
	}
	return out
}

// parallelHook is GNU parallel: a command, then ::: and arguments; without those the input gives them.
func parallelHook(c *call, u *use) {
	if u.has("--dry-run", "--dryrun") {
		c.tier, c.rule, c.why = Observe, "parallel --dry-run", "only shows what it would do"
		return
	}
	c.stdin.t &^= ofFile // a job may get a part of it
	args := u.operands
	cut := len(args)
	for i, a := range args {
		if strings.HasPrefix(a.s, ":::") {
			cut = i
			break
		}
	}
	command := args[:cut:cut]
	var items []arg
	switch {
	case cut < len(args):
		items = args[cut+1:]
	case len(command) == 0 && c.fed: // each line of the input is a command
		for _, line := range strings.Split(c.stdin.s, "\n") {
			items = append(items, arg{str: str{line, c.stdin.t}})
		}
	default:
		items = c.inputWords(u)
	}
	if cut < len(args) && strings.HasPrefix(args[cut].s, "::::") { // the arguments are in files
		items = []arg{{str: str{unk, fromData}}}
	}
	if u.has("--pipe", "--pipepart", "--spreadstdin") {
		c.command(command)
		return
	}
	if len(command) == 0 {
		for _, item := range items {
			c.feed(item.str)
		}
		return
	}
	text := join(command)
	if marks := strings.NewReplacer("{}", `"$_item"`, "{.}", `"$_item"`, "{/}", `"$_item"`, "{//}", `"$_item"`, "{/.}", `"$_item"`, "{1}", `"$_item"`, "{2}", `"$_item"`); strings.Contains(text.s, "{") {
		text.s = marks.Replace(text.s)
	} else {
		text.s += ` "$_item"`
	}
	for _, item := range items {
		c.queue(Reread, func() str {
			inner := c.sc.fork()
			inner.setText("_item", item.str) // it is quoted, but may be the whole command
			if strings.HasPrefix(text.s, `"$_item"`) {
				c.m.shell(str{strings.Replace(text.s, `"$_item"`, item.s, 1), text.t | item.t}, inner)
			}
			return c.m.shell(text, inner)
		})
	}
}
