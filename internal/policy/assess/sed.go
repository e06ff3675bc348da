package assess

import "strings"

func init() {
	hooks["sed"] = sedHook
	hooks["ed"] = edHook
	hooks["vim"] = vimHook
}

// sedHook reads sed scripts: commands w, W, e, r and the flags of s say what they write, run and read.
func sedHook(c *call, u *use) {
	var scripts []str
	ops := u.operands
	for _, o := range u.options {
		switch o.name {
		case "-e", "--expression":
			scripts = append(scripts, o.arg.str)
		case "-f", "--file":
			if content := c.scriptContent(o.arg); content.known() {
				scripts = append(scripts, content)
			} else {
				c.rate(Stateful, "sed -f", "a script that cannot be seen from here")
			}
		}
	}
	if len(scripts) == 0 && !u.has("-f", "--file") && len(ops) > 0 {
		scripts = append(scripts, ops[0].str)
		ops = ops[1:]
	}
	inPlace := u.has("-i", "--in-place", "-I")
	deletes := false
	for _, s := range scripts {
		deletes = c.sedScript(s) || deletes
	}
	if inPlace && !u.has("-n") || inPlace && len(ops) > 0 {
		for _, f := range ops {
			old, ok := c.m.files[absolute(f.s, c.sc)]
			c.effect(modifies, f, "sed -i")
			if out, done := sedOutput(u, scripts, old); ok && done {
				c.m.files[absolute(f.s, c.sc)] = out
			}
			if at, _ := locate(f, c.sc); deletes && at == vital {
				c.rate(Irreversible, "sed -i", "deletes lines of "+f.show())
			}
		}
		if len(ops) == 0 {
			c.rate(Reversible, "sed -i", "changes files in place")
		}
	} else {
		for _, f := range ops {
			c.reads(f)
		}
		in := c.stdin
		if len(ops) == 1 {
			in = c.m.content(ops[0], c.sc)
		}
		if c.fed || len(ops) == 1 {
			if out, ok := sedOutput(u, scripts, in); ok {
				c.out = &out
			}
		}
	}
}

// sedScript rates one script and reports whether it deletes lines.
func (c *call) sedScript(script str) (deletes bool) {
	if !script.known() {
		// What is not known is most often a value inside a pattern; a newline or a delimiter in it could do more.
		script.s = strings.ReplaceAll(script.s, unk, "u")
	}
	s := script.s
	for i := 0; i < len(s); {
		i = sedAddress(s, i)
		if i >= len(s) {
			break
		}
		ch := s[i]
		i++
		switch ch {
		case 's', 'y':
			i = c.sedSubstitute(s, i, ch == 's')
		case 'w', 'W':
			end := lineEnd(s, i)
			c.effect(writes, word(strings.TrimSpace(s[i:end])), "sed w")
			i = end
		case 'r', 'R':
			end := lineEnd(s, i)
			c.reads(word(strings.TrimSpace(s[i:end])))
			i = end
		case 'e':
			end := lineEnd(s, i)
			c.rate(Stateful, "sed e", "runs a command")
			if text := strings.TrimSpace(s[i:end]); text != "" {
				c.shellText(str{text, script.t})
			} else {
				c.rate(Irreversible, "sed e", "runs every line as a command")
			}
			i = end
		case 'a', 'i', 'c':
			i = lineEnd(s, i)
		case 'b', 't', 'T', ':':
			for i < len(s) && s[i] != '\n' && s[i] != ';' && s[i] != '}' {
				i++
			}
		case 'd', 'D':
			deletes = true
		}
	}
	return deletes
}

// sedAddress skips separators, addresses and the like; it returns where a command begins.
func sedAddress(s string, i int) int {
	for i < len(s) {
		switch ch := s[i]; {
		case strings.IndexByte(" \t\n;{}!,$~+", ch) >= 0 || ch >= '0' && ch <= '9':
			i++
		case ch == 'I' || ch == 'M':
			i++
		case ch == '/':
			i = delimited(s, i+1, '/')
		case ch == '\\' && i+1 < len(s):
			i = delimited(s, i+2, s[i+1])
		case ch == '#':
			i = lineEnd(s, i)
		default:
			return i
		}
	}
	return i
}

// delimited returns the position behind the next delimiter that no backslash protects.
func delimited(s string, i int, delim byte) int {
	class := false
	for i < len(s) {
		switch {
		case s[i] == '\\':
			i++
		case s[i] == '[' && delim != '[':
			class = true
		case s[i] == ']':
			class = false
		case s[i] == delim && (!class || !strings.Contains(s[i+1:], string(delim))):
			return i + 1
		case s[i] == delim && class && strings.IndexByte(s[i:], ']') < 0:
			return i + 1
		}
		i++
	}
	return len(s)
}

func lineEnd(s string, i int) int {
	if j := strings.IndexByte(s[min(i, len(s)):], '\n'); j >= 0 {
		return i + j
	}
	return len(s)
}

// sedSubstitute reads s/regex/text/flags: flag e runs the result, flag w writes it.
func (c *call) sedSubstitute(s string, i int, flags bool) int {
	if i >= len(s) {
		return i
	}
	delim := s[i]
	i = delimited(s, i+1, delim)
	from := i
	i = delimited(s, i, delim)
	if !flags {
		return i
	}
	text := strings.TrimSuffix(s[min(from, len(s)):min(i, len(s))], string(delim))
	for i < len(s) {
		switch ch := s[i]; {
		case ch == 'e':
			c.rate(Stateful, "sed s///e", "runs what the substitution makes as a command")
			c.rate(Irreversible, "sed s///e", "runs data as commands")
			c.shellText(lit(text))
		case ch == 'w':
			end := lineEnd(s, i)
			c.effect(writes, word(strings.TrimSpace(s[i+1:end])), "sed s///w")
			return end
		case strings.IndexByte("gpiImM", ch) >= 0 || ch >= '0' && ch <= '9':
		default:
			return i
		}
		i++
	}
	return i
}
