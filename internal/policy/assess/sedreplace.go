package assess

import (
	"regexp"
	"strings"
)

// maxReplaced bounds, in bytes, the texts and patterns whose replacement is worked out.
const maxReplaced = 16 << 10

// sedOutput is what scripts of plain substitutions make of a text that is known: enough to see what a pipe hands on.
func sedOutput(u *use, scripts []str, in str) (str, bool) {
	if !in.known() || in.s == "" || len(in.s) > maxReplaced || len(scripts) == 0 || u.has("-n", "--quiet", "--silent", "-s", "-z") {
		return str{}, false
	}
	out := in
	for _, script := range scripts {
		rest := strings.Trim(script.s, " ;\n")
		for rest != "" {
			var ok bool
			if out.s, rest, ok = sedReplaces(rest, out.s, u.has("-E", "-r", "--regexp-extended")); !ok {
				return str{}, false
			}
		}
		out.t |= script.t
	}
	return out, true
}

// sedReplaces applies the first command of a script, if it is s/regex/text/g, and returns what is left of the script.
func sedReplaces(script, in string, extended bool) (out, rest string, ok bool) {
	if len(script) < 4 || script[0] != 's' || len(script) > maxReplaced {
		return "", "", false
	}
	delim := script[1]
	first := delimited(script, 2, delim)
	second := delimited(script, first, delim)
	if second <= first || script[second-1] != delim || first < 3 || second > len(script) {
		return "", "", false
	}
	flags, rest := script[second:], ""
	if end := strings.IndexAny(flags, " ;\n"); end >= 0 {
		flags, rest = flags[:end], strings.Trim(flags[end:], " ;\n")
	}
	if strings.Trim(flags, "gIi") != "" {
		return "", "", false
	}
	pattern := script[2 : first-1]
	if delim != '/' {
		pattern = strings.ReplaceAll(pattern, `\`+string(delim), string(delim))
	}
	if !extended {
		pattern = basicPattern(pattern)
	}
	if strings.ContainsAny(flags, "Ii") {
		pattern = "(?i)" + pattern
	}
	re, err := regexp.Compile(strings.ReplaceAll(pattern, `\/`, "/"))
	if err != nil || strings.Contains(pattern, unk) {
		return "", "", false
	}
	re.Longest()
	with, ok := sedTemplate(script[first:second-1], delim)
	if !ok {
		return "", "", false
	}
	lines := strings.Split(in, "\n")
	for i, l := range lines {
		if i == len(lines)-1 && l == "" {
			break
		}
		n := 0
		lines[i] = re.ReplaceAllStringFunc(l, func(found string) string {
			if n++; n > 1 && !strings.Contains(flags, "g") {
				return found
			}
			return string(re.ExpandString(nil, with, found, re.FindStringSubmatchIndex(found)))
		})
	}
	return limit(strings.Join(lines, "\n")), rest, true
}

// basicPattern writes a basic regular expression as an extended one.
func basicPattern(p string) string {
	var b strings.Builder
	for i := 0; i < len(p); i++ {
		switch ch := p[i]; {
		case ch == '\\' && i+1 < len(p):
			i++
			if strings.IndexByte("(){}|+?", p[i]) < 0 {
				b.WriteByte(ch)
			}
			b.WriteByte(p[i])
		case strings.IndexByte("(){}|+?", ch) >= 0:
			b.WriteByte('\\')
			b.WriteByte(ch)
		default:
			b.WriteByte(ch)
		}
	}
	return b.String()
}

// sedTemplate writes the text of a substitution as package regexp has it.
func sedTemplate(s string, delim byte) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch ch := s[i]; {
		case ch == '\\' && i+1 < len(s):
			i++
			switch next := s[i]; {
			case next >= '0' && next <= '9':
				b.WriteString("${" + string(next) + "}")
			case next == 'n':
				b.WriteByte('\n')
			case next == '&' || next == '\\' || next == delim || next == '\n':
				b.WriteByte(next)
			default:
				return "", false
			}
		case ch == '&':
			b.WriteString("${0}")
		case ch == '$':
			b.WriteString("$$")
		default:
			b.WriteByte(ch)
		}
	}
	return b.String(), true
}
