package redact

import "strings"

// patiences are the lines for which something is expected, if it is not one.
var patiences = map[expectation]uint8{expectPassword: 4, expectAlone: 2, expectMember: 40, expectDefault: 6,
	expectPrinted: 2, expectSecure: 4, expectMembers: 6}

// expected reads a line in the light of the one before.
func (sc *scanner) expected() {
	c := sc.carry
	if c.expect == expectNothing || !sc.lineStart {
		return
	}
	if c.patience == 0 {
		c.patience = max(1, patiences[c.expect])
	}
	if !sc.goesOnFrom(run(sc.s, 0, isSpace)) {
		c.patience--
	}
	if c.patience == 0 {
		c.expect, c.kind, c.class = expectNothing, "", notSecret
	}
}

// goesOnFrom looks for what is expected at i, where the line's text begins. It reports whether the same is expected of another line, however
// many there were.
func (sc *scanner) goesOnFrom(i int) bool {
	s, c := sc.s, sc.carry
	carried := site{kind: c.kind, class: c.class, at: i}
	switch c.expect {
	case expectNetrc:
		if hasFoldPrefix(s[i:], "password ") {
			sc.netrcPassword(i)
		}
	case expectAlone:
		if i == len(s) {
			return true // a blank line
		}
		sc.alone(i)
	case expectPrinted:
		if i == len(s) {
			return true
		}
		sc.printed(i)
		c.patience = 1
	case expectSecure:
		sc.generated(i, "alue")
	case expectUser:
		c.expect, c.patience = expectPrinted, patiences[expectPrinted]
		return true
	case expectMembers:
		sc.accountList(i)
	case expectMember:
		sc.generated(i, "result")
	case expectDefault:
		if hasFoldPrefix(s[i:], "default") {
			sc.generated(i, "default")
		}
	case expectValue:
		sc.pairValue(i, carried)
	case expectElement:
		if carried.at, carried.sep = valueElement(s, i), '>'; carried.at > i {
			sc.value(carried)
		}
	case expectString:
		if q := byteAt(s, i); q == '"' || q == '\'' {
			carried.sep = '='
			sc.value(carried)
		} else if i > 0 && sc.lonely(i) {
			sc.add(i, sc.lineStop(i), c.kind, rankName)
		}
	case expectItems, expectItem:
		dash := strings.HasPrefix(s[i:], "- ")
		if dash {
			carried.at = skipBlank(s, i+2)
		}
		if dash || c.expect == expectItem && isQuote(byteAt(s, i)) {
			carried.sep, carried.flag = ':', 2
			return sc.value(carried) && c.expect == expectItems
		}
	}
	return false
}

// pairValue looks at "value": … at i.
func (sc *scanner) pairValue(i int, st site) {
	s := sc.s
	i += closingQuote(s, i)
	if !hasFoldPrefix(s[i:], "value") {
		return
	}
	i += len("value")
	i = skipBlank(s, i+closingQuote(s, i))
	if b := byteAt(s, i); b == ':' || b == '=' {
		st.sep, st.at, st.first = b, skipBlank(s, i+1), true
		sc.value(st)
	}
}

// expectNext notes that the value of a name is in the next line.
func (sc *scanner) expectNext(what expectation, st site) {
	sc.carry.expect, sc.carry.patience = what, 0
	sc.carry.kind, sc.carry.class = st.kind, st.class
}

// expectation is what a line lets expect of the next ones.
type expectation uint8

const (
	expectNothing  expectation = iota
	expectNetrc                // "login name" of netrc: password
	expectPassword             // expect "assword:": send
	expectValue                // "name": "DB_PASSWORD": "value": …
	expectItem                 // "--password", of a list that goes on
	expectAlone                // "Your password is:": a line that is nothing else
	expectMember               // "type": "random_password" of Terraform's state: "result": "…"
	expectDefault              // variable "db_password" { of Terraform: default = "…"
	expectElement              // <name>password</name>: <value>…</value>
	expectString               // "password": and the value in the next line
	expectItems                // passwords: with a list in the next lines
	expectPrinted              // a command that prints a secret and nothing else
	expectSecure               // "Type": "SecureString": "Value": "…"
	expectUser                 // <auth-user-pass> of OpenVPN: a name, and the password in the line after it
	expectMembers              // chpasswd: of cloud-init: list: | and lines of name:password
)
