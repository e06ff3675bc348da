package redact

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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
		out = append(out, url.QueryEscape(line), url.PathEscape(line), html.EscapeString(line), strings.ReplaceAll(line, "'", `'\''`))
	}
	if len(value) >= 8 && len(value) <= longestKnown/2 {
		out = append(out, inBase64(value)...)
		out = append(out, hex.EncodeToString([]byte(value)), strings.ToUpper(hex.EncodeToString([]byte(value))))
	}
	return out
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
