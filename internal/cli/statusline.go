package cli

import (
	"io"
	"sync"
	"unicode/utf8"

	"relay-shell/internal/mcpserver"
)

// statusLine shows one changing line at the bottom of a terminal, and lets output scroll by above it.
type statusLine struct {
	out io.Writer
	// visible: out is a terminal, which what a host prints must not control.
	visible  bool
	terminal io.Writer // for the line; nil: there is none, and only the output passes
	width    func() int

	mu   sync.Mutex
	text string
}

// eraseLine goes to the first column and erases the line (ECMA-48, EL).
const eraseLine = "\r\x1b[K"

// set shows another line.
func (s *statusLine) set(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = mcpserver.Visible(text)
	s.draw()
}

// draw is called with mu held. A line that would wrap could not be erased again.
func (s *statusLine) draw() {
	if s.terminal == nil {
		return
	}
	text := s.text
	if width := s.width(); width > 1 && utf8.RuneCountInString(text) >= width {
		text = string([]rune(text)[:width-2]) + "…"
	}
	_, _ = io.WriteString(s.terminal, eraseLine+text) // a terminal that is gone is noticed by the output
}

// Write lets output pass. It comes in whole lines.
func (s *statusLine) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.terminal != nil && s.text != "" {
		_, _ = io.WriteString(s.terminal, eraseLine)
		defer s.draw()
	}
	if s.visible {
		if _, err := io.WriteString(s.out, mcpserver.Visible(string(p))); err != nil {
			return 0, err
		}
		return len(p), nil
	}
	return s.out.Write(p)
}

// clear removes the line for good.
func (s *statusLine) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.terminal != nil && s.text != "" {
		_, _ = io.WriteString(s.terminal, eraseLine)
	}
	s.text = ""
}
