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
