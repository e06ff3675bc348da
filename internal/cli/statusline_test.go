package cli

import (
	"bytes"
	"testing"
)

// TestStatusLine interleaves output and the line on one terminal.
func TestStatusLine(t *testing.T) {
	var screen bytes.Buffer
	s := &statusLine{out: &screen, terminal: &screen, visible: true, width: func() int { return 12 }}
	s.set("0/2 done")
	_, _ = s.Write([]byte("web1: a\x1b[2J\n"))
	s.set("1/2 done, 1 failed: web1")
	s.clear()
	s.clear()
	const want = "\r\x1b[K0/2 done" + "\r\x1b[Kweb1: a\\x1b[2J\n" + "\r\x1b[K0/2 done" + "\r\x1b[K1/2 done, …" + "\r\x1b[K"
	if got := screen.String(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	var file bytes.Buffer
	s = &statusLine{out: &file}
	s.set("0/2 done")
	_, _ = s.Write([]byte("web1: a\x1b[2J\xff\n"))
	s.clear()
	if got := file.String(); got != "web1: a\x1b[2J\xff\n" {
		t.Errorf("%q", got)
	}
}
