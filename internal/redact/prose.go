package redact

import "strings"

// isPlainWord tells whether v could be a word of a language or an identifier made of words: letters with single hyphens,
// underscores or dots between them, not mixed as random letters are.
func isPlainWord(v string) bool {
	for i := 0; i < len(v); i++ {
		c := v[i]
		if !isAlpha(c) && (c != '-' && c != '_' && c != '.' && c != ':' && c != '/' || i == 0 && c != '_') {
			return false
		}
	}
	return !jumbled(v) && !scrambled(v)
}

// scrambled tells whether v is letters whose capitals begin too many words for a name in a program: eIXvMcPq, not getUserName.
func scrambled(v string) bool {
	if len(v) < 8 || len(v) > 64 {
		return false
	}
	words, known, turns := 0, 0, 0
	for i := 0; i < len(v); {
		if !isAlpha(v[i]) {
			return false
		}
		j := i + 1
		for j < len(v) && isUpper(v[j]) && isUpper(v[j-1]) && !isLower(byteAt(v, j+1)) {
			j++
		}
		if j == i+1 || !isUpper(v[i]) {
			for j < len(v) && isLower(v[j]) {
				j++
			}
		}
		if i > 0 && isLower(v[i-1]) && isUpper(v[i]) {
			turns++
		}
		words++
		if shortWords[strings.ToLower(v[i:j])] {
			known++
		}
		i = j
	}
	return turns > 0 && known < 2 && (words*3 > len(v) || len(v) >= 20 && words*4 > len(v) && !isWords(v))
}

// shortWords are the short words that names in programs are made of.
var shortWords = set("get", "set", "db", "pwd", "pw", "id", "key", "my", "is", "to", "new", "old", "in", "of", "on", "str", "val", "ptr", "tmp", "ctx", "cfg", "env", "arg", "api", "url", "uri", "ip", "io", "os", "fs",
	"tx", "rx", "ui", "ok", "no", "by", "max", "min", "num", "len", "map", "err", "res", "req", "msg", "usr", "sha", "md", "aes", "rsa", "hex", "json", "xml", "sql", "ssh", "tls", "ssl", "jwt", "aws", "gcp", "app", "use",
	"has", "can", "raw", "def", "int", "obj", "arr", "var", "fn", "cb", "cmd", "dir", "http", "https", "dto", "dao", "vm", "pod", "pin", "csr", "crl", "ca", "dns", "ec", "dsa", "user", "pass", "auth", "name", "type")

// mingled tells whether letters and digits change often in v, as they do in what a program made at random.
func mingled(v string) bool {
	turns := 0
	for i := 1; i < len(v); i++ {
		if isDigit(v[i]) && isAlpha(v[i-1]) || isAlpha(v[i]) && isDigit(v[i-1]) {
			turns++
		}
	}
	return len(v) >= 10 && turns >= 4
}

// jumbled tells whether the letters of v change case as no words do, even without spaces between them.
func jumbled(v string) bool {
	changes := 0
	for i := 1; i < len(v); i++ {
		if isUpper(v[i-1]) && isLower(v[i]) || isLower(v[i-1]) && isUpper(v[i]) {
			changes++
		}
	}
	return len(v) >= 16 && changes*100 > len(v)*43
}

// isWords tells whether v is made of words and numbers, as names in programs are: testRSA2048PrivateKey.
func isWords(v string) bool {
	inWords, letters, numbers := 0, 0, 0
	for i := 0; i < len(v); {
		switch {
		case isAlpha(v[i]):
			j := i + 1
			for j < len(v) && isAlpha(v[j]) && !(isUpper(v[j]) && isLower(v[j-1])) {
				j++
			}
			letters += j - i
			if j-i >= 4 && strings.ContainsAny(v[i:j], "aeiouyAEIOUY") {
				inWords += j - i
			}
			i = j
		case isDigit(v[i]):
			numbers++
			i = run(v, i, isDigit)
		case v[i] == '+' || v[i] == '=' || v[i] == '/':
			return false
		default:
			i++
		}
	}
	return letters > 0 && inWords*10 >= letters*7 && numbers <= 1+len(v)/20
}

// isPhrase tells whether v is three words or more that form no sentence.
func isPhrase(v string) bool {
	words := strings.Fields(v)
	if len(words) < 3 || len(words) > 12 || isProse(v) {
		return false
	}
	for _, w := range words {
		if run(w, 0, isAlpha) != len(w) {
			return false
		}
	}
	return true
}

// isProse tells whether v is a sentence and not a passphrase: three words or more with one that only sentences have.
func isProse(v string) bool {
	words := strings.Fields(v)
	if len(words) < 3 {
		return len(words) == 2 && strings.HasSuffix(v, ".") && isPlainWord(words[0])
	}
	if strings.HasSuffix(v, ":") {
		return true
	}
	for _, w := range words {
		if sentenceWords[strings.ToLower(strings.Trim(w, ".,;:!?()'\""))] {
			return true
		}
	}
	return false
}

// sentenceWords are words that bind a sentence.
var sentenceWords = set("the", "a", "an", "is", "are", "was", "be", "been", "has", "have", "must", "should", "will", "can", "cannot",
	"may", "not", "to", "for", "of", "with", "this", "that", "your", "you", "if", "or", "and", "used", "in", "on", "at", "by", "from",
	"no", "please", "does", "did", "do", "when", "than", "least", "required", "invalid", "which", "it", "its", "we", "i", "as", "field",
	"enter", "we're", "don't", "doesn't", "can't", "isn't", "characters")
