// Package corpus reads labelled commands and scores an assessment against them.
//
// Start with [Read] and [Score]. A corpus is tab-separated text: expected tier, class, command and a remark that is not read.
// The command has the escapes \\ \n \t \r and \uXXXX. Lines that begin with # and a header that begins with expected_tier are
// left out. A score compares tiers only; it does not say whether the labels are right.
package corpus

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"relay-shell/internal/policy/assess"
)

// Line is one labelled command.
type Line struct {
	Number  int // in the file, from 1
	Tier    assess.Tier
	Class   string
	Command string
}

// maxLine bounds one line of a corpus in bytes; the longest command that is assessed at all is shorter.
const maxLine = 1 << 20

// Read reads a corpus. The error names the first line that is not one.
func Read(r io.Reader) ([]Line, error) {
	var out []Line
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, maxLine)
	n := 0
	for sc.Scan() {
		n++
		row := sc.Text()
		if n == 1 {
			row = strings.TrimPrefix(row, "\ufeff") // some editors begin a file with it
		}
		if row == "" || row[0] == '#' || n == 1 && strings.HasPrefix(row, "expected_tier\t") {
			continue
		}
		l, err := parse(row)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		l.Number = n
		out = append(out, l)
	}
	if err := sc.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", n+1, err)
	}
	return out, nil
}

func parse(row string) (Line, error) {
	f := strings.Split(row, "\t")
	if len(f) < 3 {
		return Line{}, fmt.Errorf("%d columns: expected tier, class and command, with tabs between", len(f))
	}
	tier, err := strconv.Atoi(f[0])
	if err != nil || tier < 0 || tier > 3 {
		return Line{}, fmt.Errorf("the expected tier is %q: 0 to 3", f[0])
	}
	command, err := Decode(f[2])
	if err != nil {
		return Line{}, err
	}
	return Line{Tier: assess.Tier(tier), Class: f[1], Command: command}, nil
}

// Decode reads the escapes of a command in one pass from left to right, so that an escaped backslash never joins what follows.
func Decode(s string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		i++
		if i == len(s) {
			return "", fmt.Errorf("a backslash at the end")
		}
		switch s[i] {
		case '\\':
			b.WriteByte('\\')
		case 'n':
			b.WriteByte('\n')
		case 't':
			b.WriteByte('\t')
		case 'r':
			b.WriteByte('\r')
		case 'u':
			n, err := strconv.ParseUint(s[i+1:min(i+5, len(s))], 16, 16)
			if err != nil || i+5 > len(s) {
				return "", fmt.Errorf(`\u without four hexadecimal digits`)
			}
			b.WriteRune(rune(n))
			i += 4
		default:
			return "", fmt.Errorf(`unknown escape \%c: \\ \n \t \r \uXXXX`, s[i])
		}
	}
	return b.String(), nil
}

// Encode is the inverse of Decode: one line of plain text, without tabs.
func Encode(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '\\':
			b.WriteString(`\\`)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r < ' ' || r == 0x7f || r > '~' && r <= 0xffff && !(r == utf8.RuneError && size == 1):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	return b.String()
}
