package redact

import "strings"

// expected reads a line in the light of the one before.
func (sc *scanner) expected() {
	c := sc.carry
	if c.expect == expectNothing || !sc.lineStart {
		return
	}
	if c.patience == 0 {
		c.patience = 1
		if c.expect == expectPassword {
			c.patience = 4
		}
	}
	defer func() {
		if c.patience--; c.patience == 0 {
			c.expect, c.kind, c.class = expectNothing, "", notSecret
		}
	}()
	s := sc.s
	i := run(s, 0, isSpace)
	switch c.expect {
	case expectNetrc:
		if hasFoldPrefix(s[i:], "password ") {
			sc.netrcPassword(i)
		}
	case expectValue:
		i += closingQuote(s, i)
		if !hasFoldPrefix(s[i:], "value") {
			return
		}
		i += len("value")
		i = skipBlank(s, i+closingQuote(s, i))
		if b := byteAt(s, i); b == ':' || b == '=' {
			sc.value(site{kind: c.kind, class: c.class, sep: b, at: skipBlank(s, i+1), first: true})
		}
	case expectItem:
		dash := strings.HasPrefix(s[i:], "- ")
		if dash {
			i = skipBlank(s, i+2)
		}
		if dash || isQuote(byteAt(s, i)) {
			sc.value(site{kind: c.kind, class: c.class, sep: ':', at: i, flag: 2})
		}
	}
}

// expectNext notes that the value of a name is in the next line.
func (sc *scanner) expectNext(what expectation, st site) {
	sc.carry.expect, sc.carry.patience = what, 0
	sc.carry.kind, sc.carry.class = st.kind, st.class
}
