package redact

import "strings"

// site is the place of a name with a value.
type site struct {
	kind  string
	class nameClass
	name  string
	start int  // where the name begins
	at    int  // where the value begins
	sep   byte // '=', ':', ' ', ',' or '>'
	// spaced means white space around the separator, as INI files and programs have it and shells do not.
	spaced bool
	flag   int  // how many dashes stand before the name
	quoted bool // the name stands in quotes
	// plural means that only a list of values can follow: tokens: [a, b].
	plural bool
	// compared means that the name is compared with its value: token != "…".
	compared bool
	// encoded means that the separator is percent-encoded, and so the end of the value.
	encoded bool
	first   bool // nothing but indentation or a list's dash stands before the name in its line
}

// name looks at a piece of a name: finds the whole name, judges it, finds its value and judges that.
func (sc *scanner) name(at, end int) {
	if end <= sc.nameEnd || sc.covered(at) {
		return
	}
	st, stop, ok := sc.nameAt(at, end)
	sc.nameEnd = max(sc.nameEnd, stop)
	if !ok {
		return
	}
	if sc.separator(&st, stop) && sc.value(st) || sc.goesOn(st, stop) {
		return
	}
	if st.class != queryName && st.flag == 0 && !st.quoted {
		sc.sentence(st, stop)
	}
}

// goesOn notes where a value stands in the next line: of an option in a list, of a name in a list of names and values. It
// reports whether nothing is to be found in this line.
func (sc *scanner) goesOn(st site, stop int) bool {
	s := sc.s
	i := stop + closingQuote(s, stop)
	if byteAt(s, i) == ',' {
		i++
	}
	rest := strings.TrimSpace(s[i:])
	if rest == ":" && st.first && (st.plural || st.class == strongName && strings.HasSuffix(st.name, "s")) {
		sc.expectNext(expectItems, st)
		return true
	}
	if rest == "{" && strings.HasSuffix(s[max(0, st.start-len(`variable "`)):st.start], `variable "`) {
		sc.expectNext(expectDefault, st)
		return true
	}
	if (rest == ":" || rest == "=" || rest == "=>") && (st.class == strongName || st.class == tokenName) {
		sc.expectNext(expectString, st)
		return false
	}
	if rest != "" {
		return false
	}
	if st.flag > 0 {
		sc.expectNext(expectItem, st)
		return true
	}
	head := strings.TrimRight(s[max(0, st.start-24):st.start], " \t\"'=")
	if n := len(head) - 1; n > 0 && head[n] == ':' {
		head = strings.ToLower(strings.TrimRight(head[:n], " \"'"))
		if strings.HasSuffix(head, "name") || strings.HasSuffix(head, "key") {
			sc.expectNext(expectValue, st)
		}
	}
	return true
}

// nameAt finds the name around [at, end) and its class. stop is the name's end.
func (sc *scanner) nameAt(at, end int) (st site, stop int, ok bool) {
	s := sc.s
	start := at
	for start > 0 && at-start < maxName && isNameByte(s[start-1]) {
		start--
	}
	stop = end
	if c := s[end-1]; c == '=' || c == ':' {
		stop = end - 1
	}
	for stop < len(s) && stop-at < maxName && isNameByte(s[stop]) {
		stop++
	}
	for stop > start && (s[stop-1] == '.' || s[stop-1] == '-') {
		stop--
	}
	for start < stop && s[start] == '-' {
		st.flag++
		start++
	}
	if start >= stop {
		return st, max(stop, end), false
	}
	st.name, st.start = s[start:stop], start
	if _, class := sc.classes.of(st.name); class == notSecret && st.flag == 1 && len(st.name) > 2 && (st.name[0] == 'D' || st.name[0] == 'P') && isLower(st.name[1]) {
		st.name = st.name[1:] // -Ddb.password=… of java, -Ptoken=… of gradle
	}
	if byteAt(s, start-1) == '/' && !isNameByte(byteAt(s, start-2)) && byteAt(s, stop) == ':' {
		st.flag = 1 // /password:… of Windows programs
	}
	st.kind, st.class = sc.classes.of(st.name)
	if st.class == notSecret {
		if n := pluralEnd(st.name); n > 0 {
			if st.kind, st.class = classify(st.name[:n]); st.class != tokenName {
				return st, stop, false
			}
			st.plural = true
		}
	}
	sc.joinWord(&st)
	st.first = sc.firstInLine(st.start - st.flag)
	return st, stop, st.class != notSecret && !sc.notAssigned(st.start, stop)
}

// pluralEnd is where the singular of a name in the plural ends, as in tokens and unseal_keys_b64; 0 if it is none.
func pluralEnd(name string) int {
	if strings.HasSuffix(name, "s") {
		return len(name) - 1
	}
	for _, form := range []string{"_b64", "_hex", "_base64"} {
		if strings.HasSuffix(name, "s"+form) {
			return len(name) - len(form) - 1
		}
	}
	return 0
}

// joinWord looks at the word before "key" or "secret", with a blank between them: Pre-shared key, API key, Client secret.
func (sc *scanner) joinWord(st *site) {
	s := sc.s
	if byteAt(s, st.start-1) != ' ' || st.flag > 0 || !strings.EqualFold(st.name, "key") && !strings.EqualFold(st.name, "secret") {
		return
	}
	start := st.start - 1
	for start > 0 && st.start-start < 24 && (isAlpha(s[start-1]) || s[start-1] == '-') {
		start--
	}
	owner := strings.ToLower(strings.ReplaceAll(s[start:st.start-1], "-", ""))
	if spacedOwners[owner] {
		st.name = owner + "_" + st.name
		st.start = start
		st.kind, st.class = classify(st.name)
	}
}

// spacedOwners are the words that make a secret of a following "key" or "secret" in text.
var spacedOwners = set("api", "access", "secret", "private", "shared", "preshared", "encryption", "signing", "master", "auth", "account", "client",
	"webhook", "hmac", "network", "wifi", "wpa", "security", "storage", "subscription", "session", "recovery", "unseal", "consumer", "app", "application", "license", "licence", "product", "activation", "certificate", "admin", "service", "root", "bot", "unseal")

// notAssigned tells whether what stands around a name says that no value of it follows: ${NAME:?message} of a shell, checksum/secret: of
// Kubernetes.
func (sc *scanner) notAssigned(start, stop int) bool {
	s := sc.s
	if strings.HasSuffix(s[:start], "${") && byteAt(s, stop) == ':' {
		c := byteAt(s, stop+1)
		return c == '?' || c == '+'
	}
	return strings.HasSuffix(s[max(0, start-len("checksum/")):start], "checksum/")
}

// firstInLine tells whether only indentation, quotes and list marks stand before i in its line.
func (sc *scanner) firstInLine(i int) bool {
	for i > 0 {
		switch c := sc.s[i-1]; {
		case c == '\n':
			return true
		case isBlank(c) || c == '-' || isQuote(c) || c == '{':
			i--
		default:
			return false
		}
	}
	return sc.lineStart
}
