package pty

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync"
	"time"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
)

// Screen is what a person would see.
type Screen struct {
	// Lines are the rows from top to bottom without trailing blanks; rows that are blank at the bottom are left out.
	Lines []string
	// Full are the rows, by number, that are written to their last column, after which a long line goes on in the next.
	Full []int `json:",omitempty"`
	// CursorX and CursorY count from 0 at the top left.
	CursorX, CursorY int
	CursorVisible    bool
	// Title is the window's title, as the program set it.
	Title      string
	Cols, Rows int
	// Alternate: a full-screen program has taken the screen.
	Alternate bool
}

const (
	// screenPiece is how much output is rendered at a time.
	screenPiece = 1 << 10
	// syncMax is how long rendering may take before older output is passed over, skipTo what is rendered then.
	syncMax = 500 * time.Millisecond
	skipTo  = 16 << 10
	// behindMax is how long the background rendering may take at a time. It then pauses behindPause times as long: a program
	// that floods its terminal must not cost a processor.
	behindMax   = 50 * time.Millisecond
	behindPause = 4
	// maxAnswers is how many questions of one write are answered.
	maxAnswers = 16
	// maxTitle is how much of a title is kept, in bytes.
	maxTitle = 1024
)

// screen renders the ring's output when somebody looks, when the program asks its terminal something, and before the
// ring drops what has not been rendered. When it lags behind all the same, it starts anew from what there is.
type screen struct {
	ring *Ring

	mu         sync.Mutex
	emu        *vt.Emulator
	tame       tamer
	at         int64 // offset up to which the output is rendered
	since      int64 // offset from which the emulator knows it
	answered   int64 // offset up to which it was rendered before
	resized    int64 // offset at which the size changed last
	cols, rows int
	modes      Modes // as the tracker knew them, for a start in the middle
	title      string
	hidden     bool
	replies    []byte
	asked      int
	last       *Screen // after close

	behind  sync.WaitGroup // the background rendering, at most one
	running bool
	closing chan struct{}
}

func newScreen(ring *Ring, cols, rows int) *screen {
	return &screen{ring: ring, cols: cols, rows: rows, closing: make(chan struct{})}
}

// fed says that the ring has got output. If too much of it is not rendered, that is done in the background.
func (s *screen) fed(m Modes) {
	_, end := s.ring.Bounds()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.modes = m
	size := int64(s.ring.size)
	if s.running || end-max(s.at, s.answered) < size/4 && end-s.at < size*7/8 {
		return
	}
	s.running = true
	s.behind.Go(func() { // ends after one run and its pause
		begin := time.Now()
		for time.Since(begin) < behindMax && s.locked(func() bool { return s.step(end) }) {
		}
		select {
		case <-time.After(behindPause * time.Since(begin)):
		case <-s.closing:
		}
		s.locked(func() bool { s.running = false; return true })
	})
}

func (s *screen) locked(f func() bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return f()
}

// sync renders what the ring has. If that takes too long, only the newest of it.
func (s *screen) sync() {
	_, end := s.ring.Bounds()
	begin := time.Now()
	for skipped := false; ; {
		s.mu.Lock()
		if !skipped && end-s.at > skipTo && time.Since(begin) > syncMax && s.last == nil {
			skipped = true
			s.restart(end - skipTo)
		}
		more := s.step(end)
		s.mu.Unlock()
		if !more {
			return
		}
	}
}

// restart begins anew at an offset, on the screen that the program uses now.
func (s *screen) restart(at int64) {
	s.begin()
	s.title, s.hidden = "", false
	s.at, s.since = at, at
	if s.modes.AlternateScreen {
		s.render([]byte("\x1b[?1049h"))
	}
}

// step renders a piece of the output up to end and says whether there is more.
func (s *screen) step(end int64) bool {
	if s.last != nil || s.at >= end {
		return false
	}
	if s.emu == nil {
		s.begin()
	}
	c := s.piece()
	if c.Dropped > 0 { // a flood: what is left of it now will be dropped too
		s.restart(max(c.Start, end-skipTo))
		c = s.piece()
	}
	s.render(c.Data)
	s.at = c.Next
	return s.at < end
}

// piece is what is rendered next: either all of it was before, or none.
func (s *screen) piece() Chunk {
	size := int64(screenPiece)
	if before := s.answered - s.at; before > 0 {
		size = min(size, before)
	}
	return s.ring.Raw(s.at, int(size))
}

// render feeds the emulator. Should a sequence be too much for it, it starts anew rather than taking the session with it.
func (s *screen) render(p []byte) {
	defer func() {
		if recover() != nil {
			s.begin()
			s.title, s.hidden = "", false
			s.since = s.at
		}
	}()
	_, _ = s.emu.Write(s.tame.tame(p)) // never fails before Close
}

// begin makes an empty emulator.
func (s *screen) begin() {
	s.discard()
	s.tame = tamer{cols: s.cols, rows: s.rows}
	emu := newEmulator(s.cols, s.rows)
	emu.SetScrollbackSize(1) // what scrolls away is in the ring; 0 would mean ten thousand lines
	emu.SetCallbacks(vt.Callbacks{
		Title:            func(t string) { s.title = strings.ToValidUTF8(t[:min(len(t), maxTitle)], "") },
		CursorVisibility: func(visible bool) { s.hidden = !visible },
	})
	s.intercept(emu)
	s.emu = emu
	go func() { _, _ = io.Copy(io.Discard, emu) }() // what is not intercepted would block Write; ends with discard
}

// newEmulator makes an emulator with room for what the tamer lets through; its own 4 MiB would be most of a session's memory.
func newEmulator(cols, rows int) *vt.Emulator {
	emu := vt.NewEmulator(cols, rows)
	if f := reflect.ValueOf(emu).Elem().FieldByName("parser"); f.IsValid() && f.Type() == reflect.TypeFor[*ansi.Parser]() {
		(*ansi.Parser)(f.UnsafePointer()).SetDataSize(maxSequence)
	}
	return emu
}

// discard ends the emulator. Its own Close may not be called while somebody reads from it.
func (s *screen) discard() {
	if s.emu == nil {
		return
	}
	if pipe, ok := s.emu.InputPipe().(io.Closer); ok {
		_ = pipe.Close()
	}
	s.emu = nil
}

// intercept answers the questions that programs wait for. Other answers of the emulator are dropped: some repeat what the
// program printed, and an answer is typed into the shell.
func (s *screen) intercept(emu *vt.Emulator) {
	reply := func(format string, args ...any) bool {
		if s.asked++; s.asked <= maxAnswers && s.at >= s.answered {
			s.replies = fmt.Appendf(s.replies, format, args...)
		}
		return true
	}
	emu.RegisterCsiHandler('c', func(ansi.Params) bool { return reply("\x1b[?62;22c") })                        // DA1: VT220 with colour
	emu.RegisterCsiHandler(ansi.Command('>', 0, 'c'), func(ansi.Params) bool { return reply("\x1b[>1;10;0c") }) // DA2
	emu.RegisterCsiHandler('n', func(p ansi.Params) bool {
		switch n, _, _ := p.Param(0, 0); n {
		case 5:
			return reply("\x1b[0n")
		case 6:
			at := emu.CursorPosition()
			return reply("\x1b[%d;%dR", at.Y+1, at.X+1)
		}
		return true
	})
	emu.RegisterCsiHandler(ansi.Command('?', 0, 'n'), func(p ansi.Params) bool {
		if n, _, _ := p.Param(0, 0); n == 6 {
			at := emu.CursorPosition()
			return reply("\x1b[?%d;%dR", at.Y+1, at.X+1)
		}
		return true
	})
}

// answers renders everything and returns the answers to the program's newest questions.
func (s *screen) answers() []byte {
	s.mu.Lock()
	s.replies, s.asked = nil, 0
	s.mu.Unlock()
	s.sync()
	s.mu.Lock()
	defer s.mu.Unlock()
	replies := s.replies
	s.replies = nil
	return replies
}

func (s *screen) resize(cols, rows int) {
	s.sync()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cols, s.rows = cols, rows
	s.tame.cols, s.tame.rows = cols, rows
	if s.emu == nil {
		return
	}
	defer func() {
		if recover() != nil {
			s.begin()
		}
	}()
	s.emu.Resize(cols, rows)
	s.resized = s.at
}

// snapshot renders everything and describes it.
func (s *screen) snapshot() Screen {
	s.sync()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.describe()
}

func (s *screen) describe() Screen {
	if s.last != nil {
		return *s.last
	}
	shot := Screen{Cols: s.cols, Rows: s.rows, Title: s.title, CursorVisible: !s.hidden}
	if s.emu == nil {
		return shot
	}
	at := s.emu.CursorPosition()
	shot.CursorX, shot.CursorY = min(max(at.X, 0), s.cols-1), min(max(at.Y, 0), s.rows-1)
	shot.Alternate = s.emu.IsAltScreen()
	shot.Lines, shot.Full = s.lines()
	return shot
}

func (s *screen) lines() (lines []string, full []int) {
	for y := range s.rows {
		var b strings.Builder
		for x := 0; x < s.cols; {
			cell := s.emu.CellAt(x, y)
			x += cellText(&b, cell)
		}
		line := strings.TrimRight(b.String(), " ")
		if len(line) == b.Len() {
			full = append(full, y)
		}
		lines = append(lines, line)
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines, full
}

// cellText adds what a cell shows and returns how many columns it covers.
func cellText(b *strings.Builder, c *uv.Cell) int {
	if c == nil || c.Content == "" {
		b.WriteByte(' ')
		return 1
	}
	b.WriteString(c.Content)
	return max(c.Width, 1)
}

// close keeps the last screen and gives back the emulator's memory.
func (s *screen) close() {
	close(s.closing)
	s.behind.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	shot := s.describe()
	s.last = &shot
	s.discard()
}

// Screen renders the terminal. After the program's end it is the last screen.
func (t *Terminal) Screen() Screen { return t.screen.snapshot() }
