package pty

import "bytes"

// againMax bounds the output that is rendered once more when somebody looks, some ten milliseconds.
const againMax = 32 << 10

// Rest lets go of memory until there is more to show, or somebody looks.
func (t *Terminal) Rest() { t.screen.rest() }

// rest lets the emulator go, a megabyte and more, if little output makes the same screen once more. Questions in that stay answered.
func (s *screen) rest() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.emu == nil || s.running {
		return
	}
	from, ok := s.again()
	if !ok {
		return
	}
	s.answered = max(s.answered, s.at)
	s.at, s.since = from, from
	s.discard()
}

// again is the offset from which rendering gives the screen there is.
func (s *screen) again() (from int64, ok bool) {
	start, _ := s.ring.Bounds()
	if s.since == 0 && start == 0 && s.resized == 0 && s.at <= againMax {
		return 0, true
	}
	if s.tame.far {
		return 0, false
	}
	// Nothing has ever left its line but by newlines. What stood there before twice as many of those as the screen has rows has scrolled away.
	tail := s.ring.Raw(max(s.at-againMax, s.since, start), againMax)
	lines := 0
	for data := tail.Data[:max(0, min(int64(len(tail.Data)), s.at-tail.Start))]; ; lines++ {
		i := bytes.LastIndex(data, []byte("\r\n"))
		if i < 0 {
			return 0, false
		}
		if lines >= 2*s.rows {
			from = tail.Start + int64(i) + 2
			return from, from >= s.resized
		}
		data = data[:i]
	}
}

// near says whether a sequence changes nothing but the line that it stands in and how things look.
func near(seq []byte) bool {
	if seq[1] == ']' { // titles, links, marks
		return !bytes.Contains(seq, []byte{'\n'})
	}
	if seq[1] != '[' {
		return false
	}
	switch seq[len(seq)-1] {
	case 'm', 'K', 'C', 'D', 'G', 'P', '@', 'X', 'c', 'n': // colours, within the line, questions
		return true
	case 'h', 'l':
		switch string(seq[2 : len(seq)-1]) {
		case "?1", "?12", "?25", "?1004", "?2004", "?2026": // keys, cursor, reports, pasting, updates at once
			return true
		}
	}
	return false
}
