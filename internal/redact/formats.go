package redact

import "slices"

// format is the shape of one provider's tokens: a prefix and what follows it.
type format struct {
	kind   string
	prefix string          // as the provider writes it
	is     func(byte) bool // the characters after the prefix
	least  int             // of them there are at least least
	most   int             // and at most most; 0 for no limit
	// mixed asks for digits and letters after the prefix, for prefixes that words may have too.
	mixed bool
}

func isDashed(c byte) bool   { return isWordByte(c) || c == '-' }
func isDotted(c byte) bool   { return isDashed(c) || c == '.' }
func isPadded(c byte) bool   { return isB64(c) || c == '=' }
func isEncoded(c byte) bool  { return isPadded(c) || c == '.' || c == '%' || c == '~' }
func isBase32(c byte) bool   { return isUpper(c) || '2' <= c && c <= '7' }
func isCapital(c byte) bool  { return isUpper(c) || isDigit(c) }
func isHexDash(c byte) bool  { return isHex(c) || c == '-' }
func isLowerNum(c byte) bool { return isLower(c) || isDigit(c) }

// formats are the tokens that are known by their beginning. Sources: the providers' documentation, GitHub's list of
// supported secret scanning patterns, the rules of gitleaks.
var formats = slices.Concat(cloudFormats, codeFormats, modelFormats, serviceFormats)

func isEncodedWord(c byte) bool { return isPadded(c) }
func isFly(c byte) bool         { return isPadded(c) || c == ',' }
func isAirtable(c byte) bool    { return isAlnum(c) || c == '.' }
func isInfisical(c byte) bool   { return isDotted(c) }
func isEbay(c byte) bool        { return isPadded(c) || c == '^' || c == '#' }
func isClickUp(c byte) bool     { return isCapital(c) || c == '_' }
