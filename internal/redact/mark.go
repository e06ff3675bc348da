package redact

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strings"
)

// A mark stands where a secret stood: ‹secret:kind:8 hex digits›. The digits are the head of an HMAC-SHA256 of the secret
// under the installation's key: equal secrets give equal marks, and without the key a guess cannot be checked.
const (
	markOpen  = "‹secret:"
	markClose = "›"
	macDigits = 8
	// atom stands for a whole mark while a text is being scanned, so that no rule reads into one.
	atom = '\x01'
)

// HasMark tells whether s contains a placeholder of this package. Text that does has lost something and must not be
// written back to a file.
func HasMark(s string) bool {
	for {
		i := strings.Index(s, markOpen)
		if i < 0 {
			return false
		}
		if markLen(s[i:]) > 0 {
			return true
		}
		s = s[i+len(markOpen):]
	}
}

// markLen is the length of the mark that s begins with, 0 if there is none.
func markLen(s string) int {
	if !strings.HasPrefix(s, markOpen) {
		return 0
	}
	i := run(s, len(markOpen), func(c byte) bool { return isLower(c) || isDigit(c) || c == '-' })
	if i == len(markOpen) || byteAt(s, i) != ':' {
		return 0
	}
	end := i + 1 + macDigits
	if len(s) < end+len(markClose) || s[end:end+len(markClose)] != markClose {
		return 0
	}
	for _, c := range []byte(s[i+1 : end]) {
		if !isDigit(c) && (c < 'a' || c > 'f') {
			return 0
		}
	}
	return end + len(markClose)
}

// marker makes marks with one key.
type marker struct{ key []byte }

func (m marker) start() hash.Hash { return hmac.New(sha256.New, m.key) }

func (m marker) finish(kind string, mac hash.Hash) string {
	sum := mac.Sum(nil)
	return markOpen + kind + ":" + hex.EncodeToString(sum[:macDigits/2]) + markClose
}

// measure feeds a piece of a secret to mac in the form that makes equal secrets equal: without terminal escapes, and a
// private key without line breaks, indentation and the backslashes of JSON.
func measure(mac hash.Hash, kind, raw string) {
	if strings.IndexByte(raw, escape) >= 0 || strings.Contains(raw, jsonEscape) {
		raw = plain(raw).text
	}
	if kind != kindPrivateKey {
		mac.Write([]byte(raw))
		return
	}
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '\\' && (byteAt(raw, i+1) == 'n' || byteAt(raw, i+1) == 'r'):
			i++
		case isB64(c) || c == '=':
			out = append(out, c)
		}
	}
	mac.Write(out)
}
