package inventory

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
)

// splitLine takes one line of ssh_config apart as ssh does (readconf.c: strdelim for the keyword, misc.c: argv_split for the
// rest). The keyword is in lower case, and "" for an empty line or a comment.
func splitLine(line string) (keyword string, args []string, err error) {
	line = strings.TrimRight(line, " \t\r\n\f")
	line = strings.TrimLeft(line, " \t\r")
	if line == "" || line[0] == '#' {
		return "", nil, nil
	}
	if line[0] == '"' {
		inner, rest, ok := strings.Cut(line[1:], `"`)
		if !ok {
			return "", nil, errQuotes
		}
		keyword, line = inner, rest
	} else {
		end := strings.IndexAny(line, " \t=")
		if end < 0 {
			end = len(line)
		}
		keyword, line = line[:end], line[end:]
	}
	// One = may stand between, with or without blanks.
	line = strings.TrimLeft(line, " \t")
	line = strings.TrimLeft(strings.TrimPrefix(line, "="), " \t")
	args, err = splitArgs(line)
	return strings.ToLower(keyword), args, err
}

var errQuotes = errors.New("has unbalanced quotes")

// splitArgs splits at blanks; single and double quotes group, a backslash takes the quote, backslash or blank after it
// literally, and a word that begins with # ends the line.
func splitArgs(s string) ([]string, error) {
	var args []string
	for i := 0; i < len(s); {
		if s[i] == ' ' || s[i] == '\t' {
			i++
			continue
		}
		if s[i] == '#' {
			break
		}
		var word strings.Builder
		quote := byte(0)
		for ; i < len(s); i++ {
			c := s[i]
			escapes := c == '\\' && i+1 < len(s) && (strings.IndexByte(`"'\`, s[i+1]) >= 0 || quote == 0 && s[i+1] == ' ')
			if quote == 0 && (c == ' ' || c == '\t') {
				break
			}
			switch {
			case escapes:
				i++
				word.WriteByte(s[i])
			case quote == 0 && (c == '"' || c == '\''):
				quote = c
			case quote != 0 && c == quote:
				quote = 0
			default:
				word.WriteByte(c)
			}
		}
		if quote != 0 {
			return nil, errQuotes
		}
		args = append(args, word.String())
	}
	return args, nil
}

// literal tells a Host pattern that names one host.
func literal(pattern string) bool { return pattern != "" && !strings.ContainsAny(pattern, "*?!") }

// matchPatterns is the rule of a Host line: one pattern must match and no negated one may.
func matchPatterns(name string, patterns []string) bool {
	found := false
	for _, p := range patterns {
		if negated, ok := strings.CutPrefix(p, "!"); ok {
			if matchPattern(name, negated) {
				return false
			}
		} else if !found {
			found = matchPattern(name, p)
		}
	}
	return found
}

// matchPattern knows * and ? (ssh_config(5), PATTERNS). It takes time in the product of the lengths at most.
func matchPattern(name, pattern string) bool {
	n, p, star, mark := 0, 0, -1, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, n
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == name[n]):
			n, p = n+1, p+1
		case star >= 0:
			mark++
			n, p = mark, star+1
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// glob lists the files that a pattern of Include names, as glob(3): in lexical order, and hidden ones only where the pattern
// has the dot too.
func glob(pattern string) []string {
	names, err := filepath.Glob(pattern)
	if err != nil {
		return nil
	}
	wanted := strings.Split(pattern, "/")
	names = slices.DeleteFunc(names, func(name string) bool {
		parts := strings.Split(name, "/")
		for i := 0; i < len(parts) && i < len(wanted); i++ {
			if strings.HasPrefix(parts[i], ".") && !strings.HasPrefix(wanted[i], ".") {
				return true
			}
		}
		return false
	})
	slices.Sort(names)
	return names
}
