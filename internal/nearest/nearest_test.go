package nearest

import (
	"strings"
	"testing"
)

func TestName(t *testing.T) {
	names := []string{"MAX_OUTPUT", "MAX_OUTPUT_HARD", "MAX_CONNS", "AUTH", "command", "timeout", "host"}
	for in, want := range map[string]string{
		"MAX_OUPTUT": "MAX_OUTPUT", "max_output": "MAX_OUTPUT", "MAXOUTPUTHARD": "MAX_OUTPUT_HARD", "AUHT": "AUTH", "comand": "command", "commnad": "command",
		"tiemout": "timeout", "hots": "host", "": "", "X": "", "zzz": "", "SOMETHING_ELSE": "", "comm": "", strings.Repeat("command", 10): "",
	} {
		if got := Name(in, names); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestEdits(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "acb", 1}, {"abcd", "badc", 2}, {"kitten", "sitting", 3}, {"ca", "abc", 3}} {
		if got := edits(tt.a, tt.b); got != tt.want {
			t.Errorf("%q to %q: %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}
