package sshbin

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"relay-shell/internal/lazyregexp"
)

// What a forced command on a host has to know of the texts that this package sends there. Each function here is the inverse of
// one that makes such a text; the tests hold them against each other.

// Sent is a command line as a host received it, taken apart.
type Sent struct {
	// Leash is the session that ends the processes of calls. It runs nothing of a caller's.
	Leash bool
	// Call marks the processes of the call, "" without a leash.
	Call string
	// Env says that [ReadEnv] has to read changes to the environment from the standard input first.
	Env bool
	// Staged is how many bytes of text follow on the standard input, behind the changes to the environment; 0 is none. They begin with
	// StagedHead.
	Staged int
	// Text is what remains: shell text. With Staged it is empty.
	Text string
	// Lead stands before Text, or before the staged text: it merges the streams and enters the directory.
	Lead string
}

var (
	leashTokenText = lazyregexp.New(`^[A-Z2-7]{26}$`)
	callText       = lazyregexp.New(`^export ` + CallVariable + `=([0-9a-f]{24})(; |\n)`)
	countText      = lazyregexp.New(`^_n=([1-9][0-9]{0,8}); `)
	takenText      = lazyregexp.New(`^ \|\| (?:exit 1|\{ _s=5; printf '\\036[A-Z2-7]{26} %d\\036' \$_s >&2; exit 1; \})(?:; |\n)`)
)

// Receive takes a command line apart. What is not of this package comes back as Text, untouched.
func Receive(line string) Sent {
	text := line
	if inner, ok := unwrapped(line); ok {
		text = inner
		if isLeash(text) {
			return Sent{Leash: true, Text: text}
		}
	}
	s := Sent{}
	if m := callText.FindStringSubmatch(text); m != nil {
		s.Call = m[1]
		text = text[len(m[0]):]
	}
	if rest, ok := strings.CutPrefix(text, "exec 2>&1; "); ok && (strings.HasPrefix(rest, readEnv) || countText.MatchString(rest)) {
		text, s.Lead = rest, "exec 2>&1\n"
	}
	if rest, ok := strings.CutPrefix(text, readEnv); ok && (strings.HasPrefix(rest, "; ") || strings.HasPrefix(rest, "\n")) {
		s.Env = true
		text = strings.TrimPrefix(strings.TrimPrefix(rest, "; "), "\n")
	}
	if n, lead, ok := taken(text); ok {
		s.Staged, s.Lead = n, s.Lead+lead
		return s
	}
	s.Text = text
	return s
}

// taken is the inverse of take, with runText behind it: how much is read, and what stands between the two.
func taken(text string) (n int, lead string, ok bool) {
	m := countText.FindStringSubmatch(text)
	if m == nil {
		return 0, "", false
	}
	rest, ok := strings.CutPrefix(text[len(m[0]):], readText)
	if !ok {
		return 0, "", false
	}
	failure := takenText.FindString(rest)
	if failure == "" {
		return 0, "", false
	}
	if lead, ok = strings.CutSuffix(rest[len(failure):], runText); !ok || lead != "" && !strings.HasSuffix(lead, "\n") {
		return 0, "", false
	}
	n, err := strconv.Atoi(m[1])
	return n, lead, err == nil
}

// unwrapped is the inverse of wrapped.
func unwrapped(line string) (text string, ok bool) {
	rest, ok := strings.CutPrefix(line, "exec sh -c 'eval \"$(printf \"")
	if !ok {
		return "", false
	}
	if rest, ok = strings.CutSuffix(rest, "\")\"'"); !ok {
		return "", false
	}
	if text, ok = unoctal(rest); !ok || wrapped(text) != line {
		return "", false
	}
	return text, true
}

// unoctal is the inverse of octal.
func unoctal(s string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		if i+3 >= len(s) {
			return "", false
		}
		n := 0
		for _, c := range []byte(s[i+1 : i+4]) {
			if c < '0' || c > '7' {
				return "", false
			}
			n = 8*n + int(c-'0')
		}
		if n > 0xff {
			return "", false
		}
		b.WriteByte(byte(n))
		i += 3
	}
	return b.String(), true
}

// isLeash tells the leash of this version, whatever its token.
func isLeash(text string) bool {
	model, _ := unwrapped(leashText("TOKEN"))
	before, _, found := strings.Cut(model, "TOKEN")
	if !found || !strings.HasPrefix(text, before) || len(text) < len(before)+26 {
		return false
	}
	token := text[len(before):][:26]
	if !leashTokenText.MatchString(token) {
		return false
	}
	expected, _ := unwrapped(leashText(token))
	return text == expected
}

// maxEnv bounds, in bytes, the changes to the environment that ReadEnv reads.
const maxEnv = 4 << 20

// ReadEnv reads what envPreamble wrote, byte by byte, so that what follows stays for the command.
func ReadEnv(r io.Reader) ([]EnvVar, error) {
	var env []EnvVar
	var text strings.Builder
	total := 0
	for {
		line, err := readEnvLine(r)
		if err != nil {
			return nil, fmt.Errorf("reading the environment: %w", err)
		}
		if total += len(line) + 1; total > maxEnv {
			return nil, fmt.Errorf("reading the environment: more than %d bytes", maxEnv)
		}
		switch {
		case line == "":
			return env, nil
		case line[0] == '+':
			piece, ok := unoctal(line[1:])
			if !ok {
				return nil, fmt.Errorf("reading the environment: %q", line)
			}
			text.WriteString(piece)
		case line == "=":
			name, value, ok := strings.Cut(text.String(), "=")
			if !ok || !isName(name) {
				return nil, fmt.Errorf("reading the environment: %q is no name", name)
			}
			env = append(env, EnvVar{Name: name, Value: &value})
			text.Reset()
		case line[0] == '-' && isName(line[1:]):
			env = append(env, EnvVar{Name: line[1:]})
		default:
			return nil, fmt.Errorf("reading the environment: %q", line)
		}
	}
}

func readEnvLine(r io.Reader) (string, error) {
	var line []byte
	one := make([]byte, 1)
	for len(line) <= 8*envLine {
		if _, err := io.ReadFull(r, one); err != nil {
			return "", err
		}
		if one[0] == '\n' {
			return string(line), nil
		}
		line = append(line, one[0])
	}
	return "", fmt.Errorf("a line of more than %d bytes", 8*envLine)
}
