package redact

import (
	"strings"
)

// Pause writes what is held back except what may be a part of a secret: a word at the end that may go on, a value that is being read,
// the beginning of a known value. It is for a prompt, which no newline follows, and may be called at any time: what it has
// written stays the context of what comes, so that in the end the stream is the same as without it. Only if a secret shows itself as one by
// what follows it, after a blank, its beginning has been written.
func (w *Writer) Pause() error {
	if w.err != nil {
		return w.err
	}
	if w.pos >= len(w.buf) || w.assembler.mac != nil || w.engine.open() {
		return nil
	}
	w.wake()
	text, core := string(w.buf), w.pos
	stop := core + settled(text[core:], w.engine.known)
	var shown []byte
	a := assembler{marker: w.assembler.marker, out: func(s string) { shown = append(shown, s...) }}
	e := *w.engine // what is still coming decides, so that the engine itself must not have seen this
	e.scanner, e.found = scanner{}, nil
	for at := core; at < stop; {
		next, found, ok := e.step(text, at, true)
		if !ok {
			break
		}
		for i, f := range found {
			if f.End >= stop { // it may go on
				stop, found = min(stop, f.Start), found[:i]
				break
			}
		}
		if at < stop {
			a.unit(text[at:min(next, stop)], at, found, false)
		}
		at = next
	}
	a.close()
	n := commonPrefix(string(shown), string(w.shown))
	if n < len(w.shown) {
		return nil // what has been written says more, or something else
	}
	w.shown = append(w.shown, shown[n:]...)
	w.out = append(w.out, shown[n:]...)
	return w.send()
}

// unshown drops from what is to be written what Pause has written of it.
func (w *Writer) unshown() {
	if len(w.shown) == 0 || len(w.out) == 0 {
		return
	}
	n := commonPrefix(string(w.out), string(w.shown))
	for n > 0 && n < len(w.out) && w.out[n]&0xC0 == 0x80 {
		n-- // not from the middle of a character
	}
	if n == len(w.out) {
		w.shown = w.shown[n:]
	} else {
		w.shown = nil // all of it has been written, or a secret has shown itself as one
	}
	w.out = append(w.out[:0], w.out[n:]...)
}

func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// settled is where in the line s ends what cannot be a part of a secret because nothing has followed it yet.
func settled(s string, known *knownSet) int {
	const longest = 8 << 10
	from := max(0, len(s)-longest)
	for from > 0 && from < len(s) && s[from]&0xC0 == 0x80 {
		from++
	}
	p := plain(s[from:])
	word := wordStart(p.text)
	if i := fed(p.text); i >= 0 {
		word = min(word, i)
	}
	if known != nil {
		for _, v := range known.values {
			for n := min(len(v)-1, len(p.text)); n > len(p.text)-word; n-- {
				if strings.HasSuffix(p.text, v[:n]) {
					word = len(p.text) - n
				}
			}
		}
	}
	switch {
	case word == len(p.text):
		return len(s)
	case word == 0 && from > 0:
		return 0 // longer than any word: nothing is known
	case p.from == nil:
		return from + word
	}
	return from + int(p.from[word])
}

// wordStart is where the last word of s begins, its end if that cannot go on. An unfinished escape sequence at the end belongs to the word.
func wordStart(s string) int {
	begin := 0
	if i := strings.LastIndexByte(s, escape); i >= 0 {
		n := controlLen(s[i:])
		if n == 0 {
			s, begin = s[:i], strings.LastIndexByte(s[:i], escape) // unfinished: what stands before it may go on behind it
			if begin < 0 {
				begin = 0
			} else {
				begin += controlLen(s[begin:])
			}
			return lastWord(s, begin)
		}
		begin = i + n
	}
	start := lastWord(s, begin)
	if asks(s[start:]) {
		return len(s)
	}
	return start
}

// asks tells whether a word is the end of a prompt that no blank follows: ">>>", "Password:".
func asks(word string) bool {
	body := strings.TrimRight(word, "$#>:?)]}")
	return word != body && (body == "" || strings.TrimSuffix(word, ":") == body && run(body, 0, isAlpha) == len(body) ||
		body[len(body)-1] == '~' && strings.Contains(body, "@") && !strings.Contains(body, "/"))
}

// fed is where in s what may be fed to a program begins, -1 without: that it is a secret shows in the program, which comes later.
func fed(s string) int {
	begin := strings.LastIndexByte(s, escape) + 1
	line := strings.ToLower(s[begin:]) // of ASCII letters alone, or else it may have another length
	first := -1
	for _, word := range []string{"echo ", "printf "} {
		if i := strings.Index(line, word); i >= 0 && (first < 0 || i < first) && len(line) == len(s)-begin {
			first = i
		}
	}
	if first < 0 {
		return -1
	}
	return begin + first
}

// lastWord is where the last run of s without blanks and controls begins, at least begin.
func lastWord(s string, begin int) int {
	begin = min(begin, len(s))
	for i := len(s); i > begin; i-- {
		if c := s[i-1]; c <= ' ' || c == 0x7f {
			return i
		}
	}
	return begin
}

// controlLen is the length of the escape sequence that s begins with, 0 for one that is not complete.
func controlLen(s string) int {
	if len(s) < 2 {
		return 0
	}
	switch c := s[1]; {
	case c == '[':
		for i := 2; i < len(s); i++ {
			if s[i] >= 0x40 && s[i] <= 0x7e {
				return i + 1
			}
			if s[i] < 0x20 {
				return i
			}
		}
		return 0
	case c == ']' || c == 'P' || c == '_' || c == '^' || c == 'X': // plain takes the complete ones of the first kind out
		if i := strings.IndexAny(s[2:], "\a\n"); i >= 0 {
			return i + 3
		}
		if len(s) > 4096 {
			return 2
		}
		return 0
	case c >= 0x20 && c <= 0x2f:
		if len(s) < 3 {
			return 0
		}
		return 3
	}
	return 2
}
