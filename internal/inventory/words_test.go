package inventory

import (
	"strings"
	"testing"
)

func TestSplitWords(t *testing.T) {
	for in, want := range map[string]string{
		"": "", " a  b\tc ": "a|b|c", `a'b c'"d e"f`: "ab cd ef", `"a\"b\c" '\'`: `a"b\c|\`, `a\ b`: "a b", `'' x`: "|x", "a#b c": "a", "a '#' #b": "a|#", "#": "",
	} {
		got, err := splitWords(in, true)
		if err != nil || strings.Join(got, "|") != want {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	if got, _ := splitWords("a#b #", false); len(got) != 2 {
		t.Errorf("%q", got)
	}
	for _, bad := range []string{`"a`, "'a", `a\`} {
		if got, err := splitWords(bad, true); err == nil {
			t.Errorf("%q: %q", bad, got)
		}
	}
}

// TestUnquote has what ansible-inventory of ansible-core 2.19 makes of the values.
func TestUnquote(t *testing.T) {
	for in, want := range map[string]string{
		"plain": "plain", "plain # c": "plain # c", `"a b"`: "a b", `'x' # c`: "x", "22 # ssh": "22", "True": "True", "None": "", `"a" "b"`: `"a" "b"`, `"`: `"`, "": "",
	} {
		if got := unquote(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestExpandHost(t *testing.T) {
	tests := []struct{ in, want, port string }{
		{"a", "a", ""}, {"a:22", "a", "22"}, {"[::1]:22", "::1", "22"}, {"::1", "::1", ""}, {"a[1:3]", "a1 a2 a3", ""}, {"a[08:10]b:99", "a08b a09b a10b", "99"},
		{"[a:c]", "a b c", ""}, {"a[0:9:3]", "a0 a3 a6 a9", ""}, {"[a:b][1:2]", "a1 a2 b1 b2", ""}, {"a[1]", "a[1]", ""},
	}
	for _, tt := range tests {
		got, port, err := expandHost(tt.in)
		if strings.Join(got, " ") != tt.want || port != tt.port || err != nil {
			t.Errorf("%q: %q %q %v", tt.in, got, port, err)
		}
	}
	for _, bad := range []string{"a[1:b]", "a[b:1]", "a[a:Z]", "a[1:2:0]", "a[1:2]:x", "a:0", "a:99999", "a:"} {
		if got, _, err := expandHost(bad); err == nil {
			t.Errorf("%q: %q", bad, got)
		}
	}
}
