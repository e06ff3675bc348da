package redact

import "strings"

// look is what the characters of a value are.
type look struct {
	lower, upper, digit, other bool
	n                          int
}

func lookAt(v string) look {
	l := look{n: len(v)}
	for i := 0; i < len(v); i++ {
		switch c := v[i]; {
		case isLower(c):
			l.lower = true
		case isUpper(c):
			l.upper = true
		case isDigit(c):
			l.digit = true
		default:
			l.other = true
		}
	}
	return l
}

// classes counts lower case, capitals, digits and the rest.
func (l look) classes() int {
	n := 0
	for _, b := range []bool{l.lower, l.upper, l.digit, l.other} {
		if b {
			n++
		}
	}
	return n
}

func (l look) letters() bool { return l.lower || l.upper }

// tokenLike tells whether v could be a token: long enough, without white space, with digits among letters or letters in
// random case.
func tokenLike(v string, shortest int) bool {
	if len(v) < shortest || strings.ContainsAny(v, " \t") {
		return false
	}
	l := lookAt(v)
	if !l.digit {
		return l.lower && l.upper && (jumbled(v) || len(v) >= 12 && scrambled(v) || l.other && !isPlainWord(v))
	}
	return l.letters() || len(v) >= max(shortest, 10)
}

// strong tells whether v looks like a password where nothing but the place says that it is one: eight characters of three
// classes, and not a version, an address, a date, a URL or a path.
func strong(v string) bool {
	if len(v) < 6 || strings.ContainsAny(v, " \t") || isPath(v) || strings.Contains(v, "://") {
		return false
	}
	l := lookAt(v)
	return l.letters() && ((l.digit || l.other && !isPlainWord(v)) && l.classes() >= 3 || l.digit && mingled(v))
}
