package assess

import (
	"slices"
	"strings"
)

func init() { hooks["awk"] = awkHook }

// awkHook reads an awk program: it is a plain read unless it runs commands, writes files or loads code.
func awkHook(c *call, u *use) {
	ops := u.operands
	programs := []str{}
	for _, o := range u.options {
		switch o.name {
		case "-f", "--file", "-E", "--exec":
			if content := c.scriptContent(o.arg); content.known() {
				programs = append(programs, content)
			} else {
				c.rate(Stateful, "script", "runs the script "+o.arg.show()+", which cannot be seen from here")
			}
		case "-e", "--source":
			programs = append(programs, o.arg.str)
		case "-i", "--include":
			if o.arg.s == "inplace" {
				c.rate(Reversible, "awk -i", "changes files in place")
				for _, f := range ops[min(1, len(ops)):] {
					c.effect(modifies, f, "awk -i inplace")
				}
			} else {
				c.rate(Stateful, "awk -i", "reads other code")
			}
		}
	}
	if !u.has("-f", "--file", "-E", "--exec", "-e", "--source") && len(ops) > 0 {
		programs = append(programs, ops[0].str)
		ops = ops[1:]
	}
	for _, f := range ops {
		if !strings.Contains(f.s, "=") {
			c.reads(f)
		}
	}
	for _, p := range programs {
		c.awkProgram(p)
		if out, ok := awkPrints(p.s); ok && len(ops) == 0 {
			c.out = &str{out, p.t}
		}
	}
}

// awkToken is a token of an awk program: a string, or one byte or word of anything else.
type awkToken struct {
	text  string
	str   bool
	regex bool
}

func awkTokens(p string) []awkToken {
	var out []awkToken
	operand := false // a / here divides rather than opening a regular expression
	for i := 0; i < len(p); {
		ch := p[i]
		switch {
		case ch == ' ' || ch == '\t' || ch == '\r':
			i++
		case ch == '#':
			for i < len(p) && p[i] != '\n' {
				i++
			}
		case ch == '"':
			j := i + 1
			for j < len(p) && p[j] != '"' {
				if p[j] == '\\' {
					j++
				}
				j++
			}
			out = append(out, awkToken{text: unescapeC(p[i+1 : min(j, len(p))]), str: true})
			operand, i = true, j+1
		case ch == '/' && !operand:
			j := i + 1
			class := false
			for j < len(p) && (p[j] != '/' || class) && p[j] != '\n' {
				switch p[j] {
				case '\\':
					j++
				case '[':
					class = true
				case ']':
					class = false
				}
				j++
			}
			out = append(out, awkToken{text: p[i:min(j+1, len(p))], regex: true})
			operand, i = true, j+1
		case wordByte(ch) && ch != '$':
			j := i
			for j < len(p) && wordByte(p[j]) && p[j] != '$' {
				j++
			}
			out = append(out, awkToken{text: p[i:j]})
			operand, i = true, j
		default:
			n := 1
			for _, op := range []string{">>", "||", "&&", ">=", "<=", "==", "!=", "|&"} {
				if strings.HasPrefix(p[i:], op) {
					n = 2
				}
			}
			out = append(out, awkToken{text: p[i : i+n]})
			operand, i = ch == ')' || ch == ']', i+n
		}
	}
	return out
}

// awkProgram rates what a program does besides computing and printing.
func (c *call) awkProgram(p str) {
	if !p.known() {
		c.rate(Stateful, "awk", "the program is not known before it runs")
	}
	toks := awkTokens(p.s)
	printing, depth := false, 0
	for i, t := range toks {
		if t.str || t.regex {
			continue
		}
		switch t.text {
		case "print", "printf":
			printing, depth = true, 0
		case ";", "\n", "}", "{":
			printing = false
		case "(":
			depth++
		case ")":
			depth--
			if depth < 0 {
				printing = false
			}
		case "system":
			c.awkCommand(p, toks[i+1:], "system")
		case ">", ">>":
			if printing && depth <= 0 {
				c.awkFile(toks[i+1:], t.text == ">>")
			}
		case "|", "|&":
			if i+1 < len(toks) && toks[i+1].text == "getline" && !toks[i+1].str {
				c.awkCommand(p, toks[max(0, i-6):i], "getline")
			} else {
				c.awkCommand(p, toks[i+1:], "a pipe")
			}
		case "<":
			if i > 0 && toks[i-1].text == "getline" || i > 1 && toks[i-2].text == "getline" {
				if i+1 < len(toks) && toks[i+1].str {
					c.reads(word(toks[i+1].text))
					if strings.HasPrefix(toks[i+1].text, "/inet") {
						c.rate(Stateful, "awk", "opens a network connection")
					}
				}
			}
		case "@":
			c.rate(Stateful, "awk", "loads other code")
		case "ENVIRON":
			if i+2 < len(toks) && toks[i+2].str && secretName(toks[i+2].text) {
				c.secret = true
			}
		}
	}
	if slices.ContainsFunc(toks, func(t awkToken) bool { return t.str && strings.HasPrefix(t.text, "/inet") }) {
		c.rate(Stateful, "awk", "opens a network connection")
		if strings.Contains(p.s, "getline") && strings.Contains(p.s, "|&") {
			c.rate(Irreversible, "awk", "runs what comes over the network")
		}
	}
}

// awkCommand rates a command that awk builds: if it is strings alone it is read, else it is not known.
func (c *call) awkCommand(program str, toks []awkToken, how string) {
	text, known := "", true
	seen := false
	if at := slices.IndexFunc(toks, func(t awkToken) bool { return t.text == "sprintf" && !t.str }); at >= 0 && at < 3 {
		toks = awkFormat(toks[at+1:])
	}
	for _, t := range toks {
		if t.str {
			text += t.text
			seen = true
			continue
		}
		switch t.text {
		case "(":
			continue
		case ")", ";", "\n", "}", "|", "|&":
			if seen || t.text == ")" {
				goto done
			}
			continue
		case "{", "BEGIN", "END", "while", "if":
			continue
		}
		known, seen = false, true
		text += unk
	}
done:
	c.rate(Stateful, "awk", "runs a command through "+how)
	if g := lookup(base(strings.TrimSpace(text))); known && g != nil && g.attrs["hook"] == "shell" && how == "a pipe" {
		for _, l := range stringLiterals(program.s) { // what is printed into a shell is code
			c.shellText(lit(l.text))
		}
		c.rate(Irreversible, "awk", "gives data to a shell as code")
		return
	}
	if text != "" && (known || strings.Trim(text, unk) != "") {
		c.shellText(str{text, program.t})
		return
	}
	// The command comes from a variable: any string of the program may be in it.
	for _, l := range stringLiterals(program.s) {
		sub := c.m.probe(func(p *machine) { p.shell(lit(l.text), c.sc.fork()) })
		if sub.tier == Irreversible {
			c.rate(Irreversible, "awk", "may run “"+l.text+"”")
		}
	}
	if how != "getline" {
		c.rate(Irreversible, "awk", "runs data as commands")
	}
}

// awkFormat is what sprintf makes of strings: one, or the tokens as they are where others are among them.
func awkFormat(toks []awkToken) []awkToken {
	var args []arg
	for i, t := range toks {
		switch {
		case t.str:
			args = append(args, word(t.text))
		case t.text == ")" && len(args) > 0:
			return append([]awkToken{{text: format(args[0].str, args[1:]).s, str: true}}, toks[i:]...)
		case t.text != "(" && t.text != ",":
			return toks
		}
	}
	return toks
}

func (c *call) awkFile(toks []awkToken, appended bool) {
	kind := writes
	if appended {
		kind = appends
	}
	if len(toks) > 0 && toks[0].str && (len(toks) == 1 || !toks[1].str && strings.Contains(";}\n)", toks[1].text)) {
		c.effect(kind, word(toks[0].text), "awk >")
		return
	}
	if len(toks) > 0 && toks[0].str {
		c.effect(kind, arg{str: str{s: toks[0].text + unk}}, "awk >")
		return
	}
	c.rate(Stateful, "awk >", "writes to a file that is not known")
}

// awkPrints is what BEGIN{print "text"} prints.
func awkPrints(p string) (string, bool) {
	toks := awkTokens(p)
	if len(toks) < 4 || toks[0].text != "BEGIN" {
		return "", false
	}
	out := ""
	for _, t := range toks[2:] {
		if t.str {
			out += t.text
			continue
		}
		switch t.text {
		case "print", "printf":
			if out != "" {
				out += "\n"
			}
		case ";", "}", "\n", "(", ")":
		default:
			return "", false
		}
	}
	return out + "\n", true
}
