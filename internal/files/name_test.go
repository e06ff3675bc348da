package files

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestEscape(t *testing.T) {
	for _, name := range names {
		shown := Escape(name)
		if back, err := Unescape(shown); back != name || err != nil {
			t.Errorf("%q is shown as %q and read as %q, %v", name, shown, back, err)
		}
		if strings.ContainsAny(shown, "\n\t\r\u202e") || !utf8.ValidString(shown) {
			t.Errorf("%q is shown as %q", name, shown)
		}
	}
	for _, bad := range []string{"", "$'", "$'a", `$'\q'`, `$'\x'`, `$'\xg0'`, `$'\'`, `$'a'b'`, "a\x00b", `$'\x00'`, strings.Repeat("a/", maxPath)} {
		if got, err := Unescape(bad); Code(err) != "invalid_argument" {
			t.Errorf("%q was read as %q, %v", bad, got, err)
		}
	}
}

func FuzzEscape(f *testing.F) {
	for _, name := range names {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if strings.ContainsRune(name, 0) || name == "" {
			return
		}
		shown := Escape(name)
		if back, err := Unescape(shown); back != name || err != nil {
			t.Errorf("%q is shown as %q and read as %q, %v", name, shown, back, err)
		}
		_, _ = Unescape(name) // whatever it is, no panic
	})
}
