package redact

import "strings"

// leastBegun is how much of a token's body, in bytes, has to be there for its beginning to be worth masking.
const leastBegun = 4

// Part returns what [Redactor.String] makes of text within before + text + after: secrets that begin in before or end in after are masked, too.
// A secret is shown as one mark in the part in which it ends and, if that is not known to be one, in both. open says that more
// is to come behind after: the beginning of a token at the end is masked then.
func (r *Redactor) Part(before, text, after string, open bool) string {
	both := r.String(before + text)
	to := len(both)
	if after != "" {
		to = common(both, r.String(before+text+after))
	}
	from := 0
	if before != "" {
		from = min(common(r.String(before), both), to)
	}
	if open && after == "" {
		if at, kind := r.begun(both); at < len(both) {
			mac := r.marker.start()
			measure(mac, kind, both[at:])
			return both[from:max(from, at)] + r.marker.finish(kind, mac)
		}
	}
	return both[from:to]
}

// common is the length of what two masked texts begin with alike: whole marks and whole characters.
func common(a, b string) int {
	n := commonPrefix(a, b)
	if n == len(a) && n == len(b) {
		return n
	}
	if i := strings.LastIndex(a[:n], markOpen); i >= 0 && markLen(a[i:]) > n-i {
		return i
	}
	for n > 0 && (n < len(a) && a[n]&0xC0 == 0x80 || n < len(b) && b[n]&0xC0 == 0x80) {
		n--
	}
	return n
}

// begun is where in s the beginning of a token stands that goes to the end of s and is not one yet, len(s) without.
func (r *Redactor) begun(s string) (at int, kind string) {
	if r.profile == Off {
		return len(s), ""
	}
	from := max(0, len(s)-behind)
	p := plain(s[from:])
	text := p.text
	if i := strings.LastIndexByte(text, escape); i >= 0 && controlLen(text[i:]) == 0 {
		text = text[:i] // an unfinished sequence
	}
	start := lastWord(text, 0)
	word := text[start:]
	if word == "" {
		return len(s), ""
	}
	first := len(word)
	for i := range formats {
		f := &formats[i]
		n := strings.LastIndex(word, f.prefix)
		if n < 0 || n >= first || isAlnum(word[n]) && insideWord(word, n) {
			continue
		}
		if body := len(word) - n - len(f.prefix); body < leastBegun || run(word, n+len(f.prefix), f.is) != len(word) {
			continue
		}
		first, kind = n, f.kind
	}
	if kind == "" {
		return len(s), ""
	}
	if p.from == nil {
		return from + start + first, kind
	}
	return from + int(p.from[start+first]), kind
}
