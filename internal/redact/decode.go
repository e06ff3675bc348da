package redact

import (
	"encoding/base64"
	"strings"
)

// decode is the text that v encodes in base64, if it encodes printable text.
func decode(v string) (string, bool) {
	v = strings.TrimRight(v, "=")
	if len(v) < 4 || len(v) > 4096 {
		return "", false
	}
	b, err := base64.RawStdEncoding.DecodeString(v)
	if err != nil {
		if b, err = base64.RawURLEncoding.DecodeString(v); err != nil {
			return "", false
		}
	}
	for _, c := range b {
		if c < ' ' || c == 0x7f {
			return "", false
		}
	}
	return string(b), true
}
