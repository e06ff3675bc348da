package redact

import (
	"slices"
	"strings"
	"testing"
)

// TestRows: a token is recognised however the screen cuts it, once.
func TestRows(t *testing.T) {
	const token = "ghp_9aB3dE6gH1jK4mN7pQ0sT2vW5yZ8cF1bD4eG"
	r := New(Options{Key: []byte(strings.Repeat("k", 32)), Known: []string{"tr0ub4dor&3"}}).ForOutput(Keys)
	mark := r.String(token)
	if !HasMark(mark) {
		t.Fatal(mark)
	}
	line := "echo " + token + " done"
	for width := 8; width < 60; width++ {
		rows := append([]string{"$ ls", ""}, cutRows(line, width)...)
		rows = append(rows, "$ ")
		full := func(i int) bool { return len(rows[i]) == width }
		got := r.Rows(rows, full)
		if len(got) != len(rows) || got[0] != "$ ls" || got[len(got)-1] != "$ " {
			t.Errorf("width %d: %q", width, got)
		}
		if all := strings.Join(got[2:len(got)-1], ""); all != "echo "+mark+" done" {
			t.Errorf("width %d: %q", width, all)
		}
	}
	// What stands alone is found though the row before or behind it is written to its end.
	for _, rows := range [][]string{{strings.Repeat("x", len(token)), token, "y"}, {token, strings.Repeat("x", len(token)), "y"}} {
		got := r.Rows(rows, func(i int) bool { return len(rows[i]) == len(token) })
		if strings.Contains(strings.Join(got, ""), token) {
			t.Errorf("%q", got)
		}
	}
	if got := r.Rows([]string{"is tr0ub4d", "or&3 known", ""}, func(i int) bool { return i == 0 }); strings.Contains(got[0], "tr0") || got[1] != " known" {
		t.Errorf("%q", got)
	}
	key := strings.Split("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtz\nc2gtZWQyNTUxOQAAACBf\n-----END OPENSSH PRIVATE KEY-----\nafter", "\n")
	got := r.Rows(key, func(int) bool { return false })
	if want := strings.Split(r.String(strings.Join(key, "\n")), "\n"); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	plain := []string{"one", "", "two"}
	if got := r.Rows(plain, func(int) bool { return true }); !slices.Equal(got, plain) {
		t.Errorf("%q", got)
	}
	if got := r.Rows(nil, func(int) bool { return true }); len(got) != 0 {
		t.Errorf("%q", got)
	}
}

func cutRows(line string, width int) (rows []string) {
	for len(line) > width {
		rows, line = append(rows, line[:width]), line[width:]
	}
	return append(rows, line)
}
