package dest

import (
	"bufio"
	"strconv"
	"strings"

	"relay-shell/internal/lazyregexp"
)

// A Setting is one line of what `ssh -G` prints: a keyword of ssh_config(5) in lower case and its value.
type Setting struct{ Key, Value string }

// A Match is a Host block that applies to a destination, and where it stands.
type Match struct {
	File    string
	Line    int
	Pattern string
}

// parseSettings reads the standard output of `ssh -G`.
func parseSettings(out string) []Setting {
	var settings []Setting
	for line := range strings.Lines(out) {
		key, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		if key != "" {
			settings = append(settings, Setting{strings.ToLower(key), value})
		}
	}
	return settings
}

// trace is what `ssh -v` says while it reads its configuration.
type trace struct {
	files    []string // in the order of reading, each once
	matches  []Match
	executed bool     // a Match exec ran, so the answer depends on more than files
	words    []string // what was neither debugging output nor ours: ssh's complaints
}

var (
	readingLine  = lazyregexp.New(`^debug\d: Reading configuration data (.+)$`)
	applyingLine = lazyregexp.New(`^debug\d: (.+) line (\d+): Applying options for (.+)$`)
	execLine     = lazyregexp.New(`^debug\d: Executing command: `)
)

// parseTrace reads the standard error of `ssh -G -v`. The wording is that of readconf.c.
func parseTrace(errors string) trace {
	var t trace
	seen := map[string]bool{}
	lines := bufio.NewScanner(strings.NewReader(errors))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := strings.TrimRight(lines.Text(), "\r")
		if m := readingLine.FindStringSubmatch(line); m != nil {
			if !seen[m[1]] { // CanonicalizeHostname and Match final make ssh read everything twice
				seen[m[1]] = true
				t.files = append(t.files, m[1])
			}
			continue
		}
		if m := applyingLine.FindStringSubmatch(line); m != nil {
			if n, err := strconv.Atoi(m[2]); err == nil {
				t.matches = append(t.matches, Match{File: m[1], Line: n, Pattern: m[3]})
			}
			continue
		}
		t.executed = t.executed || execLine.MatchString(line)
		if !noiseLine(line) {
			t.words = append(t.words, line)
		}
	}
	return t
}

func noiseLine(line string) bool {
	return line == "" || strings.HasPrefix(line, "debug") || strings.HasPrefix(line, "OpenSSH_") ||
		strings.HasPrefix(line, "Pseudo-terminal will not be allocated")
}
