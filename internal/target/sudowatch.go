package target

import (
	"bytes"
	"io"
	"regexp"
	"sync"
)

// The marks of the prelude.
const (
	refusedMark = iota // sudo asked again: it has not taken the password
	triedMark          // it was given the password, and ended with status 1
	readyMark          // the terminal shows nothing: the password may come
	marks
)

// sudoWatch takes the prelude's marks, which nobody else can know, out of what a command prints, and notes that they came.
type sudoWatch struct {
	secret string
	trial  *trial
	marks  [marks]string // "" for one that does not come
	ready  chan struct{} // closed with readyMark; nil without a terminal
	ended  chan struct{}

	mu   sync.Mutex
	out  io.Writer // nil for nobody
	held []byte    // the end of what was written, if a mark may begin there
	last []byte    // the newest of what was passed on

	refused bool
	opened  sync.Once
}

// attach puts the watch between a command and who reads its messages.
func (w *sudoWatch) attach(c *Command) {
	if c.TTY || c.Stderr != nil && c.Stderr == c.Stdout {
		w.out, c.Stdout, c.Stderr = c.Stdout, w, w
		return
	}
	w.out, c.Stderr = c.Stderr, w
}

// Write passes on everything but marks.
func (w *sudoWatch) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := append(w.held, p...)
	for {
		mark, at := w.first(text)
		if at < 0 {
			break
		}
		if err := w.pass(text[:at]); err != nil {
			return len(p), err
		}
		w.see(mark)
		text = text[at+len(w.marks[mark]):]
	}
	keep := 0
	for _, m := range w.marks {
		for n := min(len(m)-1, len(text)); n > keep; n-- {
			if bytes.HasSuffix(text, []byte(m[:n])) {
				keep = n
			}
		}
	}
	w.held = bytes.Clone(text[len(text)-keep:])
	return len(p), w.pass(text[:len(text)-keep])
}

// first is the first mark in a text, with -1 for none.
func (w *sudoWatch) first(text []byte) (mark, at int) {
	at = -1
	for i, m := range w.marks {
		if m == "" {
			continue
		}
		if n := bytes.Index(text, []byte(m)); n >= 0 && (at < 0 || n < at) {
			mark, at = i, n
		}
	}
	return mark, at
}

func (w *sudoWatch) see(mark int) {
	switch mark {
	case readyMark:
		w.opened.Do(func() { close(w.ready) })
	case refusedMark:
		w.refused = true
	case triedMark:
		w.refused = w.refused || incorrect.Match(w.last)
	}
}

// newest bounds what is looked at of what came before a mark, in bytes.
const newest = 1 << 10

func (w *sudoWatch) pass(p []byte) error {
	w.last = append(w.last, p[max(0, len(p)-newest):]...)
	w.last = w.last[max(0, len(w.last)-newest):]
	if len(p) == 0 || w.out == nil {
		return nil
	}
	_, err := w.out.Write(p)
	return err
}

// incorrect is what sudo says last that may not ask again (passwd_tries=1), in English. Further up it is what the command has printed.
var incorrect = regexp.MustCompile(`(^|\n)sudo: \d+ incorrect password attempts?\r?\n$`)

// unanswered is what sudo says that has nobody to ask, in English.
var unanswered = regexp.MustCompile(`(^|\n)sudo: (a password is required|a terminal is required to read the password)`)

// gave reports whether the command was given a password.
func (w *sudoWatch) gave() bool { return w != nil && w.secret != "" }

// asked reports whether a command without a password ended with sudo asking for one.
func (w *sudoWatch) asked() bool {
	return w != nil && w.secret == "" && unanswered.Match(w.last)
}

// end passes on what was held back, and reports the refusal if there was one.
func (w *sudoWatch) end() error {
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.ended)
	err := w.pass(w.held)
	w.held = nil
	if w.refused {
		w.trial.refuse()
		return &RefusedError{Secret: w.secret}
	}
	return err
}

// gate is a password that waits until the terminal shows nothing.
type gate struct {
	ready, ended <-chan struct{}
	first        io.Reader
}

func (g *gate) Read(p []byte) (int, error) {
	select {
	case <-g.ready:
		return g.first.Read(p)
	case <-g.ended:
		return 0, io.EOF
	}
}
