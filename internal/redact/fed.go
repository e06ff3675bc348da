package redact

import "strings"

// fedWords masks the arguments of echo or printf.
func (sc *scanner) fedWords(words []word, want appetite) {
	if len(words) < 2 {
		return
	}
	args := words[1:]
	for len(args) > 0 && isEchoOption(sc.text(args[0])) {
		args = args[1:]
	}
	if sc.text(words[0]) == "printf" && len(args) > 1 && strings.Contains(sc.text(args[0]), "%") {
		args = args[1:]
	}
	if len(args) == 0 {
		return
	}
	if want == wantsPairs {
		for _, a := range args {
			if x := sc.inner(a); strings.IndexByte(x.text(sc.s), ':') >= 0 {
				sc.pairsIn(x)
			} else if len(args) < len(words)-1 {
				sc.given(x, kindPassword) // printf 'user:%s' password
			}
		}
		return
	}
	x := sc.inner(args[0])
	if len(args) > 1 {
		x = extent{start: args[0].start, end: args[len(args)-1].end}
	}
	sc.givenLines(x)
}

// givenLines masks each of the lines that printf or echo -e writes with \n between them.
func (sc *scanner) givenLines(x extent) {
	i := x.start
	for {
		n := strings.Index(sc.s[i:x.end], `\n`)
		if n < 0 {
			break
		}
		end := i + n
		for end > i && sc.s[end-1] == '\\' {
			end--
		}
		sc.given(extent{start: i, end: end, quote: x.quote}, kindPassword)
		i += n + 2
	}
	if i < x.end {
		sc.given(extent{start: i, end: x.end, quote: x.quote}, kindPassword)
	}
}

func isEchoOption(t string) bool {
	return len(t) > 1 && t[0] == '-' && strings.Trim(t[1:], "neE") == ""
}

// pairsIn masks the passwords of user:password lines, where \n may be written for a newline.
func (sc *scanner) pairsIn(x extent) {
	i := x.start
	for i < x.end {
		end := x.end
		next := end
		if n := strings.Index(sc.s[i:x.end], `\n`); n >= 0 {
			end, next = i+n, i+n+2
			for end > i && sc.s[end-1] == '\\' {
				end--
			}
		} else if n := strings.IndexByte(sc.s[i:x.end], '\n'); n >= 0 {
			end, next = i+n, i+n+1
		}
		if n := strings.IndexByte(sc.s[i:end], ':'); n > 0 {
			sc.given(extent{start: i + n + 1, end: end, quote: x.quote}, kindPassword)
		}
		i = next
	}
}
