package pty

import (
	"bytes"
	"strconv"
	"sync"
)

// Modes are what the program has asked of its terminal (xterm's control sequences, DECSET), as far as typing and showing
// depend on it.
type Modes struct {
	// ApplicationCursor: the cursor keys send other sequences. BracketedPaste: pasted text is to be marked as such.
	// AlternateScreen: a full-screen program has taken the screen. Mouse: clicks are reported.
	ApplicationCursor, BracketedPaste, AlternateScreen, Mouse bool
}

// tracker follows the modes and notices questions to the terminal. It is fed by one goroutine and asked by others.
type tracker struct {
	scan scanner

	mu    sync.Mutex
	modes Modes
	asked bool
}

func (t *tracker) feed(p []byte) { t.scan.feed(p, t) }

// get returns the modes.
func (t *tracker) get() Modes {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.modes
}

// question says whether the program has asked its terminal something since the last call.
func (t *tracker) question() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	asked := t.asked
	t.asked = false
	return asked
}

func (t *tracker) text([]byte)      {}
func (t *tracker) control(byte)     {}
func (t *tracker) str([]byte, bool) {}

func (t *tracker) escape(seq []byte, cut bool) {
	if cut || len(seq) < 2 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case seq[1] == 'c': // RIS
		t.modes = Modes{}
	case seq[1] == '[' && isQuestion(seq):
		t.asked = true
	case bytes.HasPrefix(seq, []byte("\x1b[?")):
		if final := seq[len(seq)-1]; final == 'h' || final == 'l' {
			t.set(seq[3:len(seq)-1], final == 'h')
		}
	case string(seq) == "\x1b[!p": // DECSTR
		t.modes = Modes{AlternateScreen: t.modes.AlternateScreen}
	}
}

func (t *tracker) set(params []byte, on bool) {
	for param := range bytes.SplitSeq(params, []byte{';'}) {
		n, err := strconv.Atoi(string(param))
		if err != nil {
			continue
		}
		switch n {
		case 1:
			t.modes.ApplicationCursor = on
		case 47, 1047, 1049:
			t.modes.AlternateScreen = on
		case 9, 1000, 1002, 1003:
			t.modes.Mouse = on
		case 2004:
			t.modes.BracketedPaste = on
		}
	}
}

// isQuestion says whether a CSI asks for an answer: device attributes, status and cursor position, modes, window.
func isQuestion(csi []byte) bool {
	switch csi[len(csi)-1] {
	case 'c', 'n', 't', 'x':
		return true
	case 'p':
		return bytes.Contains(csi, []byte{'$'})
	case 'q':
		return bytes.HasPrefix(csi, []byte("\x1b[>"))
	case 'u':
		return bytes.HasPrefix(csi, []byte("\x1b[?"))
	}
	return false
}
