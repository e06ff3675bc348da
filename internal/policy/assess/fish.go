package assess

import "strings"

// fishScript is a text for fish that is written over, word by word, into what bash would be given to run the same commands.
type fishScript struct {
	out     strings.Builder
	closers []string // what "end" means, innermost last
	sets    []int    // f.set of the commands around the substitution that is being read
	after   string   // what the next separator is followed by: then, do
	start   bool     // a command begins here
	feeds   bool     // a pipe ends here
	otherwise,
	naming, // the name of a function comes next
	dropping bool // its options
	name string // that name
	set  int    // how far the words of set are read: 0 none, 1 options, 2 the name, 3 values
}

// fishReads are builtins that only compute and print.
var fishReads = setOf("string contains count math status random path argparse isatty set_color")

// fromFish writes a text for fish as one for bash.
func fromFish(text string) string {
	f := &fishScript{start: true}
	for i := 0; i < len(text); {
		from := i
		switch ch := text[i]; {
		case ch == '\'' || ch == '"':
			i = quoteEnd(text, i)
			f.word(fishQuoted(text[from:i]))
		case ch == '#' && (i == 0 || strings.IndexByte(" \t\n;", text[i-1]) >= 0):
			i = lineEnd(text, i)
		case strings.IndexByte(" \t", ch) >= 0:
			i = len(text) - len(strings.TrimLeft(text[i:], " \t"))
			f.blank(text[i:])
		case strings.IndexByte("\n;&|", ch) >= 0:
			for i++; i < len(text) && strings.IndexByte("&|", text[i]) >= 0; i++ {
			}
			f.separator(text[from:i])
		case ch == '(':
			f.open(i > 0 && text[i-1] == '$')
			i++
		case ch == ')':
			f.endCommand(")")
			if n := len(f.sets); n > 0 {
				f.set, f.sets = f.sets[n-1], f.sets[:n-1]
			}
			f.start = false
			i++
		default:
			for i < len(text) && strings.IndexByte(" \t\n;&|()'\"", text[i]) < 0 {
				if text[i] == '\\' {
					i++
				}
				i++
			}
			i = min(i, len(text))
			f.word(text[from:i])
		}
	}
	f.separator("\n")
	return f.out.String()
}

// fishQuoted writes a quoted string as bash has it: in single quotes fish takes \' and \\.
func fishQuoted(q string) string {
	if q[0] != '\'' || !strings.Contains(q, `\`) {
		return q
	}
	s := strings.NewReplacer(`\'`, `'`, `\\`, `\`).Replace(strings.TrimSuffix(q[1:], "'"))
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func quoteEnd(text string, i int) int {
	for j := i + 1; j < len(text); j++ {
		switch text[j] {
		case '\\':
			j++
		case text[i]:
			return j + 1
		}
	}
	return len(text)
}

func (f *fishScript) open(dollar bool) {
	if !dollar {
		f.out.WriteByte('$')
	}
	f.out.WriteByte('(')
	f.sets = append(f.sets, f.set)
	f.start, f.set = true, 0
}

// blank is what lies between two words; the values of set become one text.
func (f *fishScript) blank(rest string) {
	switch {
	case f.set == 0:
		f.out.WriteByte(' ')
	case f.set == 2:
		f.set = 3
	case f.set == 3 && rest != "" && strings.IndexByte(";\n&|)", rest[0]) < 0:
		f.out.WriteString(`" "`)
	}
}

func (f *fishScript) endCommand(sep string) {
	if f.set == 1 {
		f.out.WriteString("set")
	}
	f.set, f.feeds, f.otherwise, f.naming, f.dropping = 0, sep == "|" || sep == "&|", false, false, false
	f.out.WriteString(sep)
}

func (f *fishScript) separator(sep string) {
	if f.start && sep[0] == ';' {
		return
	}
	if f.dropping {
		sep = "\n"
	}
	f.endCommand(sep)
	if f.after != "" && sep != "|" {
		f.out.WriteString(" " + f.after + " ")
		f.after = ""
	}
	f.start = true
}

// block opens a block: what stands for its first word, what ends it, and what follows its head.
func (f *fishScript) block(opens, closes, after string) {
	f.out.WriteString(opens)
	f.closers, f.after = append(f.closers, closes), after
}

func (f *fishScript) word(w string) {
	switch {
	case f.dropping:
		if n := len(f.closers); n > 0 && f.name != "" && (strings.HasPrefix(w, "--on-") || w == "-e" || w == "-j" || w == "-p" || w == "-v") {
			f.closers[n-1], f.name = "}; "+f.name, "" // something else calls it
		}
	case f.set > 0:
		f.setWord(w)
	case f.naming:
		f.out.WriteString(w + "() { ")
		f.naming, f.dropping, f.name = false, true, w
	case f.start:
		f.start = false
		f.command(w)
	default:
		f.out.WriteString(w)
	}
}

// command is the first word of a command, or a keyword before it.
func (f *fishScript) command(w string) {
	fed, otherwise := f.feeds, f.otherwise
	f.feeds, f.otherwise = false, false
	switch w {
	case "begin", "if", "while":
		f.start = true
		switch {
		case w == "begin":
			f.block("{ ", "}", "")
		case w == "while":
			f.block("while ", "done", "do")
		case otherwise && len(f.closers) > 0: // one end ends both
			f.out.WriteString("if ")
			f.closers[len(f.closers)-1] += "; fi"
			f.after = "then"
		default:
			f.block("if ", "fi", "then")
		}
	case "for":
		f.block("for ", "done", "do")
	case "switch":
		f.block("{ : ", "}", "")
	case "case":
		f.out.WriteString(": ")
	case "function":
		f.block("", "}", "")
		f.naming = true
	case "else":
		f.out.WriteString("else ")
		f.start, f.otherwise = true, true
	case "end":
		if n := len(f.closers); n > 0 {
			f.out.WriteString(f.closers[n-1])
			f.closers = f.closers[:n-1]
		}
	case "and", "or", "not", "!":
		f.start = true // whether the command runs depends; that it may does not
	case "set":
		f.set = 1
	case "source", ".":
		f.out.WriteString(w)
		if fed {
			f.out.WriteString(" /dev/stdin")
		}
	default:
		if fishReads[w] {
			w = "expr"
		}
		f.out.WriteString(w)
	}
}

// setWord is a word of set: an option, the name of a variable, or one of its values.
func (f *fishScript) setWord(w string) {
	switch {
	case f.set == 1 && strings.HasPrefix(w, "-"):
		if strings.Trim(w, "-gUlfxu") != "" && !strings.HasPrefix(w, "--") { // asks or erases
			f.out.WriteString("expr ")
			f.set = 0
		}
	case f.set == 1:
		f.out.WriteString(strings.Trim(w, `'"`) + "=")
		f.set = 2
	default:
		f.out.WriteString(w)
	}
}
