package policy

import (
	"net/netip"
	"strconv"
	"strings"
)

// Deny reports whether the deny pattern matches what is known before a host is resolved: the tool, the raw text, and the
// names as given. It is asked before `ssh -G` runs, because that runs the Match exec of the operator's ssh_config.
func (e *Engine) Deny(s Subject) (reason string, denied bool) {
	if e.deny == nil {
		return "", false
	}
	for _, probe := range rawProbes(s) {
		if e.deny.MatchString(probe) {
			return denyReason, true
		}
	}
	return "", false
}

// The pattern is not shown: who is denied need not learn what would pass.
const denyReason = "matches the operator's deny pattern"

// NamesHosts reports whether the policy may refuse or ask for a host by its name or address, so that the names that lead there have to be
// looked up.
func (e *Engine) NamesHosts() bool {
	return e.deny != nil || e.rules != nil && e.rules.namesHosts()
}

// denySubject searches the raw text and each simple command of the parse.
func (e *Engine) denySubject(s Subject, a Assessment) (string, bool) {
	if reason, denied := e.Deny(s); denied || e.deny == nil {
		return reason, denied
	}
	for _, r := range a.Reasons {
		for _, probe := range spellings(r.Text, r.Resolved) {
			if e.deny.MatchString(probe) || e.deny.MatchString(s.Tool+" "+probe) {
				return denyReason, true
			}
		}
	}
	return "", false
}

// rawProbes lists the texts that a deny pattern is searched in. Each stands alone and behind the tool's name, so that both
// `^rm` and `^shell_exec .*rm` mean what they say.
func rawProbes(s Subject) []string {
	texts := []string{s.Tool}
	add := func(parts ...string) {
		for _, p := range spellings(parts...) {
			texts = append(texts, p, s.Tool+" "+p)
		}
	}
	add(s.Or...)
	add(s.Text, s.Script, s.Interpreter, s.Stdin, s.Dir, strings.Join(s.Argv, " "))
	for _, v := range s.Env {
		add(v.Name + "=" + v.Value)
	}
	add(s.Names...)
	for _, whole := range append([]string{wholeText(s)}, s.Or...) {
		if whole != "" {
			texts = append(texts, s.Tool+" "+whole+" "+strings.Join(s.Names, " "))
		}
	}
	return texts
}

// wholeText is all the text that a call would run, in one string.
func wholeText(s Subject) string {
	switch {
	case s.Text != "":
		return s.Text
	case s.Script != "":
		return s.Script
	}
	return strings.Join(s.Argv, " ")
}

// spellings returns the texts that are not empty, and each again with the IP addresses in it in their usual spelling if
// they were in another.
func spellings(texts ...string) []string {
	var out []string
	for _, t := range texts {
		if t == "" {
			continue
		}
		out = append(out, t)
		if u := usualAddresses(t); u != t {
			out = append(out, u)
		}
	}
	return out
}

// usualAddresses rewrites every IP address in a text as netip prints it: 0x7f.1, 2130706433, 0177.0.0.1 and
// ::ffff:127.0.0.1 all become 127.0.0.1, as inet_aton(3) reads them.
func usualAddresses(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		n := 0
		for n < len(text) && addressByte(text[n]) {
			n++
		}
		if n == 0 {
			b.WriteByte(text[0])
			text = text[1:]
			continue
		}
		b.WriteString(usualWord(text[:n]))
		text = text[n:]
	}
	return b.String()
}

// usualWord rewrites the addresses of a word: alone, in brackets, or with ports and other hosts between colons, as in [::ffff:7f00:1]:80 and
// L:0:2130706433:80.
func usualWord(word string) string {
	if usual := usualAddress(strings.Trim(word, "[]")); usual != "" {
		return usual
	}
	if before, rest, ok := strings.Cut(word, "["); ok {
		if inner, after, ok := strings.Cut(rest, "]"); ok && usualAddress(inner) != "" {
			return usualWord(before) + usualAddress(inner) + usualWord(after)
		}
	}
	if !strings.Contains(word, ":") {
		return word
	}
	parts := strings.Split(word, ":")
	for i, p := range parts {
		if usual := usualAddress(p); usual != "" {
			parts[i] = usual
		}
	}
	return strings.Join(parts, ":")
}

func addressByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '.' || c == ':' || c == '[' || c == ']' || c == '%'
}

// usualAddress returns the usual spelling of an address, or nothing. Bare numbers below 2^24 are left alone: they are far
// more often counts and ports than addresses.
func usualAddress(word string) string {
	if a, err := netip.ParseAddr(word); err == nil {
		return a.Unmap().WithZone("").String()
	}
	parts := strings.Split(word, ".")
	if len(parts) > 4 || word == "" {
		return ""
	}
	var address uint64
	for i, p := range parts {
		v, err := strconv.ParseUint(p, 0, 32)
		if err != nil || strings.ContainsAny(p, "_bBo") && !strings.HasPrefix(strings.ToLower(p), "0x") {
			return ""
		}
		if i < len(parts)-1 {
			if v > 255 {
				return ""
			}
			address |= v << (24 - 8*i)
			continue
		}
		if v >= 1<<(8*(5-len(parts))) || len(parts) == 1 && v < 1<<24 {
			return ""
		}
		address |= v
	}
	return netip.AddrFrom4([4]byte{byte(address >> 24), byte(address >> 16), byte(address >> 8), byte(address)}).String()
}
