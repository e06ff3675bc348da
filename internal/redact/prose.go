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
	return !jumbled(v)
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
