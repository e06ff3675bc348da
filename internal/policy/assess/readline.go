package assess

import "strings"

// builtinRead sets variables from the input; read and mapfile evaluate subscripts in their names.
func builtinRead(c *call, u *use) {
	in := str{unk, fromData | c.stdin.t}
	if c.fed && c.stdin.known() {
		in = c.stdin
	}
	lines := base(c.args[0].s) != "read"
	array := u.has("-a", "-A") || lines
	names := u.operands
	if o, ok := u.option("-a", "-A"); ok && o.has {
		names = []arg{o.arg}
	}
	for _, n := range names {
		c.m.subscripts(n.str, c.sc)
	}
	if c.sc.loops > 0 && c.fed && strings.Count(in.s, "\n") > 1 { // while read: each round has another line
		c.loopRead(names, in)
		return
	}
	if o, ok := u.option("-C"); ok && o.has {
		c.shellText(o.arg.str) // mapfile's callback
	}
	end := "\n"
	if o, ok := u.option("-d"); ok && o.has {
		if end = unescapeNul(o.arg.s); end == "" {
			end = nul
		}
	}
	switch {
	case lines:
		c.readLines(names, in, end, u.has("-t"))
	case array:
		line, _, _ := strings.Cut(in.s, end)
		v := value{array: true}
		for _, f := range splitFields(line, separators(c.sc), 0) {
			v.elems = append(v.elems, str{f, in.t})
		}
		c.sc.set(names[len(names)-1].s, v)
	default:
		line, _, _ := strings.Cut(in.s, end)
		c.readWords(names, str{line, in.t})
	}
}

// readLines is mapfile: an array of lines.
func (c *call) readLines(names []arg, in str, end string, trims bool) {
	v := value{array: true}
	for _, f := range strings.SplitAfter(in.s, end) {
		if f == "" {
			continue
		}
		if trims || end == "\n" {
			f = strings.TrimSuffix(f, end)
		}
		v.elems = append(v.elems, str{strings.TrimSuffix(f, "\n"), in.t})
	}
	name := "MAPFILE"
	if len(names) > 0 {
		name = names[len(names)-1].s
	}
	c.sc.set(name, v)
}

// readWords gives each variable a word of the line, and the last one the rest.
func (c *call) readWords(names []arg, line str) {
	if len(names) == 0 {
		c.sc.setText("REPLY", line)
		return
	}
	fields := splitFields(line.s, separators(c.sc), len(names))
	for i, n := range names {
		v := str{t: line.t}
		if i < len(fields) {
			v.s = fields[i]
		}
		if strings.Contains(line.s, unk) && (i >= len(fields) || strings.Contains(v.s, unk)) && !strings.HasPrefix(v.s, "/") && !strings.HasPrefix(v.s, "./") {
			v.s = unk
		}
		c.sc.setText(n.s, v)
	}
}

// splitFields splits a line at the characters of IFS, into no more than n fields unless n is 0. Blanks among them count together.
func splitFields(line, sep string, n int) []string {
	if sep == "" {
		return []string{line}
	}
	blank := strings.Trim(sep, " \t\n") == ""
	line = strings.Trim(line, " \t\n")
	var out []string
	for line != "" && len(out) < maxFields {
		i := strings.IndexAny(line, sep)
		if i < 0 || n > 0 && len(out) == n-1 {
			return append(out, line)
		}
		out = append(out, line[:i])
		line = line[i+1:]
		if blank {
			line = strings.TrimLeft(line, sep)
		}
	}
	return out
}

func (c *call) loopRead(names []arg, in str) {
	var alts []value
	for _, l := range strings.Split(strings.TrimRight(in.s, "\n"), "\n") {
		alts = union(alts, []value{{elems: []str{{l, in.t}}}})
	}
	if len(names) == 0 {
		names = words("REPLY")
	}
	for _, n := range names {
		if len(names) == 1 {
			c.sc.vars[n.s] = alts
		} else {
			c.sc.setText(n.s, str{unk, in.t})
		}
	}
}
