package redact

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf16"
)

// knownValues are the values that have been made known, and the table that finds them.
type knownValues struct {
	mu     sync.Mutex
	values []string
	set    atomic.Pointer[knownSet]
}

type knownSet struct {
	values   []string
	literals *automaton[uint32]
}

// longestKnown bounds one literal: longer lines are masked piece by piece, so that a piece always fits what a window sees.
const longestKnown = 4096

func (k *knownValues) add(values []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	all := slices.Clone(k.values)
	for _, v := range values {
		for _, form := range forms(v) {
			if strings.TrimSpace(form) != "" {
				all = append(all, form)
			}
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	if len(all) == len(k.values) {
		return
	}
	k.values = all
	k.set.Store(&knownSet{values: all, literals: newAutomaton[uint32](all, false)})
}

// forms are the literals by which a value is found.
func forms(value string) []string {
	var out []string
	for line := range strings.Lines(value) {
		line = strings.TrimRight(line, "\r\n")
		for len(line) > longestKnown {
			out = append(out, line[:longestKnown])
			line = line[longestKnown:]
		}
		out = append(out, line)
		if len(line) < 4 {
			continue
		}
		for _, escapeHTML := range []bool{false, true} {
			var b strings.Builder
			enc := json.NewEncoder(&b)
			enc.SetEscapeHTML(escapeHTML)
			if enc.Encode(line) == nil {
				quoted := strings.TrimSuffix(b.String(), "\n")
				out = append(out, quoted[1:len(quoted)-1])
			}
		}
		out = append(out, html.EscapeString(line), strings.ReplaceAll(line, "'", `'\''`), strings.ReplaceAll(line, "'", `'"'"'`), backslashed(line), asciiJSON(line))
		out = append(out, literals(line)...)
		// Python's quote leaves slashes, JavaScript's encodeURIComponent and encodeURI leave these.
		for _, kept := range []string{"", "/", "!'()*", ";,/?:@&=+$!'()*#", "$&+:=@"} {
			escaped := percents(line, kept)
			out = append(out, escaped, lowerPercents(escaped), strings.ReplaceAll(escaped, "%20", "+"))
		}
	}
	if len(value) >= 8 && len(value) <= longestKnown/2 {
		out = append(out, inBase64(value)...)
		out = append(out, hex.EncodeToString([]byte(value)), strings.ToUpper(hex.EncodeToString([]byte(value))))
	}
	return out
}

// backslashed is a value as printf %q of bash writes it.
func backslashed(value string) string {
	var b strings.Builder
	for i := range len(value) {
		if c := value[i]; c < 0x80 && !isAlnum(c) && strings.IndexByte("_./:=@%+-", c) < 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(value[i])
	}
	return b.String()
}

// literals are a value in the quotes of programs: of Python and of bash, which writes bytes that are no ASCII in octal.
func literals(value string) []string {
	single := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value)
	var octal strings.Builder
	for i := range len(single) {
		if c := single[i]; c >= 0x80 {
			fmt.Fprintf(&octal, `\%03o`, c)
		} else {
			octal.WriteByte(c)
		}
	}
	return []string{single, octal.String(), strings.ReplaceAll(value, `\`, `\\`)}
}

// asciiJSON is a value in a string of JSON of nothing but ASCII, as Python writes it.
func asciiJSON(value string) string {
	var b strings.Builder
	for _, r := range value {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ':
			return value // JSON has short forms for these, and no two programs write the same
		case r < 0x80:
			b.WriteRune(r)
		default:
			for _, u := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&b, `\u%04x`, u)
			}
		}
	}
	return b.String()
}

// percents is a value percent-encoded, but for what RFC 3986 calls unreserved and what is kept.
func percents(value, kept string) string {
	var b strings.Builder
	for i := range len(value) {
		if c := value[i]; isAlnum(c) || strings.IndexByte("-._~", c) >= 0 || strings.IndexByte(kept, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// lowerPercents writes the hexadecimal digits of percent-encoded text small.
func lowerPercents(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			b[i+1], b[i+2] = lower(b[i+1]), lower(b[i+2])
		}
	}
	return string(b)
}

// inBase64 is what a value looks like in the base64 of a text that holds it: one literal for each of the three places where a value can begin
// in a group of three bytes, without the characters at both ends that depend on what stands around it.
func inBase64(value string) []string {
	var out []string
	for before := range 3 {
		text := base64.StdEncoding.EncodeToString([]byte("\x00\x00"[:before] + value))
		from, to := (before*4+2)/3, (before+len(value))*8/6
		if s := text[from:to]; len(s) >= 10 {
			out = append(out, s, strings.NewReplacer("+", "-", "/", "_").Replace(s))
		}
	}
	return out
}

// knownValues adds the places of known values.
func (sc *scanner) knownValues(set *knownSet) {
	if set == nil {
		return
	}
	set.literals.each(sc.s, func(id int32, end int) {
		v := set.values[id]
		at := end - len(v)
		if len(v) < 4 && (isWordByte(byteAt(sc.s, at-1)) || isWordByte(byteAt(sc.s, end))) {
			return
		}
		sc.add(at, end, kindKnown, rankKnown)
	})
}
