package redact

import "strings"

// What echo and printf write elsewhere than to a program that asks for a secret: through a filter, into a file, behind a name of their own format.

// filters are programs that hand on what they read.
var filters = set("head", "tail", "tr", "sed", "cat", "tee", "cut", "xargs", "rev", "pv", "unbuffer")

// namedFormat masks the arguments of printf that its format puts behind the name of a secret: printf 'password=%s\n' ….
func (sc *scanner) namedFormat(words []word) bool {
	if len(words) < 3 || sc.text(words[0]) != "printf" {
		return false
	}
	any := false
	parts := strings.Split(sc.text(words[1]), "%s")
	for i, head := range parts[:len(parts)-1] {
		head = strings.TrimRight(head, " =:\"'")
		name := head[strings.LastIndexFunc(head, func(r rune) bool { return r >= 0x80 || !isNameByte(byte(r)) })+1:]
		if n := strings.LastIndex(head, `\n`); n >= 0 && strings.HasSuffix(head, "n"+name[min(1, len(name)):]) && n == len(head)-len(name)-1 {
			name = name[1:]
		}
		if kind, class := classify(name); len(name) <= maxName && (class == strongName || class == tokenName || class == mediumName) && i+2 < len(words) {
			sc.given(sc.inner(words[i+2]), kind)
			any = true
		}
	}
	return any
}

// encodes tells what echo … | base64 encodes, and echo … | tee FILE writes: a secret if it looks like one.
func (sc *scanner) encodes(consumer, words []word) appetite {
	if len(consumer) == 0 || len(words) < 2 {
		return nothingSecret
	}
	v := sc.text(words[len(words)-1])
	switch baseName(sc.text(consumer[0])) {
	case "base64":
		if len(consumer) > 1 && strings.HasPrefix(strings.ToLower(strings.TrimLeft(sc.text(consumer[1]), "-")), "d") {
			return nothingSecret // decodes
		}
		if n := strings.IndexByte(v, ':'); n > 0 && len(v)-n > 4 && !strings.ContainsAny(v, " /") {
			return wantsPairs
		}
		if l := lookAt(v); strong(v) && l.classes() > 3 || tokenLike(v, 12) && l.lower && l.upper && l.digit && !isWords(v) {
			return wantsSecret
		}
	case "tee", "sudo":
		if secretFile(sc.text(consumer[len(consumer)-1])) && (strong(v) || tokenLike(v, 12)) {
			return wantsSecret
		}
	}
	return nothingSecret
}

// writtenTo masks what echo writes to a file whose name says that it holds a secret.
func (sc *scanner) writtenTo(words []word, i int, in nesting) {
	if byteAt(sc.s, i) == '>' {
		i++
	}
	i = skipBlank(sc.s, i)
	file := innerOf(sc.s, i, wordEnd(sc.s, i, in)).text(sc.s)
	if len(words) < 2 || !secretFile(file) {
		return
	}
	if v := sc.text(words[len(words)-1]); len(v) >= 4 && !strings.ContainsAny(v, " /") {
		sc.fedWords(words, wantsSecret)
	}
}

// secretFile tells whether the name of a file says that it holds a secret and nothing else.
func secretFile(path string) bool {
	name := path[strings.LastIndexByte(path, '/')+1:]
	name = strings.TrimPrefix(name, ".")
	if len(name) > maxName {
		return false
	}
	if _, class := classify(name); class == strongName || class == mediumName || class == tokenName {
		return true // machine.token
	}
	if n := strings.LastIndexByte(name, '.'); n > 0 {
		name = name[:n]
	}
	_, class := classify(name)
	return class == strongName || class == mediumName || class == tokenName || strings.Contains(path, "/secrets/")
}
