package dest

import (
	"os"
	"path/filepath"
	"strings"
)

// A configLine is one line of an ssh_config file: its keyword in lower case and its arguments as written.
type configLine struct {
	text, key, args string
}

// readConfigLines reads a file of ssh_config(5).
func readConfigLines(path string) ([]configLine, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var lines []configLine
	for text := range strings.Lines(string(data)) {
		lines = append(lines, parseConfigLine(strings.TrimRight(text, "\r\n")))
	}
	return lines, nil
}

// parseConfigLine splits a line as strdelim(3) of OpenSSH's misc.c does: blanks or one "=" after the keyword, which
// may stand in double quotes.
func parseConfigLine(text string) configLine {
	rest := strings.TrimLeft(text, " \t\f\r")
	if rest == "" || rest[0] == '#' {
		return configLine{text: text}
	}
	var key string
	if rest[0] == '"' {
		key, rest, _ = strings.Cut(rest[1:], `"`)
	} else {
		i := strings.IndexAny(rest, " \t\f=")
		if i < 0 {
			i = len(rest)
		}
		key, rest = rest[:i], rest[i:]
	}
	rest = strings.TrimLeft(rest, " \t\f")
	if strings.HasPrefix(rest, "=") {
		rest = strings.TrimLeft(rest[1:], " \t\f")
	}
	return configLine{text: text, key: strings.ToLower(key), args: rest}
}

// splitArgs splits arguments at blanks; double and single quotes keep blanks together. A # begins a comment.
func splitArgs(args string) []string {
	var words []string
	for {
		args = strings.TrimLeft(args, " \t\f\r")
		if args == "" || args[0] == '#' {
			return words
		}
		var word string
		if q := args[0]; q == '"' || q == '\'' {
			word, args, _ = strings.Cut(args[1:], string(q))
		} else if i := strings.IndexAny(args, " \t\f\r"); i >= 0 {
			word, args = args[:i], args[i:]
		} else {
			word, args = args, ""
		}
		words = append(words, word)
	}
}

// includePattern makes an argument of Include absolute: ~ is the home, and a relative path lies beside the user's or
// the system's configuration (ssh_config(5), Include). Without tokens only; others give "".
func includePattern(arg, home, base string) string {
	switch {
	case arg == "" || strings.Contains(arg, "%") || strings.Contains(arg, "${"):
		return ""
	case strings.HasPrefix(arg, "~/"):
		return filepath.Join(home, arg[2:])
	case strings.HasPrefix(arg, "~"):
		return ""
	case filepath.IsAbs(arg):
		return arg
	}
	return filepath.Join(base, arg)
}

// includePatterns lists the patterns that the Include lines of a file name.
func includePatterns(path, home, base string) []string {
	lines, err := readConfigLines(path)
	if err != nil {
		return nil // gone meanwhile: the signature of the files says so
	}
	var patterns []string
	for _, line := range lines {
		if line.key != "include" {
			continue
		}
		for _, arg := range splitArgs(line.args) {
			if p := includePattern(arg, home, base); p != "" {
				patterns = append(patterns, p)
			}
		}
	}
	return patterns
}
