package sshbin

import (
	"bytes"
	"crypto/rand"
	"io"
	"strconv"
	"sync"
)

// marker carries a number in the output: the exit status, which a forked client tells only when the session is over, and a background child
// can put that off for ever; or what the command needs and the host has not.
type marker struct {
	token string
	seen  chan struct{}

	mu     sync.Mutex
	code   int
	marked bool
}

func newMarker() *marker { return &marker{token: rand.Text(), seen: make(chan struct{})} }

// wrap makes text print the marker on standard error when it is done. A subshell, so that exit in the text ends that alone.
func (m *marker) wrap(text, shell string) string {
	return "(\n" + text + "\n" + exitStatus(shell) + "\n)\n_s=$?; " + printMarker(m.token) + "; exit $_s"
}

// printMarker prints the marker with the number that is in the shell's variable _s.
func printMarker(token string) string { return "printf '\\036" + token + " %d\\036' $_s >&2" }

// found is closed when the marker has been read.
func (m *marker) found() <-chan struct{} {
	if m == nil {
		return nil
	}
	return m.seen
}

func (m *marker) status() (int, bool) {
	if m == nil {
		return 0, false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.code, m.marked
}

// filter takes the marker out of what is written to w.
func (m *marker) filter(w io.Writer) io.Writer { return &markerWriter{m: m, to: w} }

type markerWriter struct {
	m    *marker
	to   io.Writer
	held []byte // may be the beginning of a marker
	done bool
}

func (w *markerWriter) Write(p []byte) (int, error) {
	if w.done {
		return w.to.Write(p)
	}
	data := append(w.held, p...)
	w.held = nil
	start := "\x1e" + w.m.token + " "
	at := bytes.Index(data, []byte(start))
	if at >= 0 {
		rest := data[at+len(start):]
		end := bytes.IndexByte(rest, 0x1e)
		if end < 0 && len(rest) < 12 {
			return len(p), w.hold(data, at)
		}
		if code, err := strconv.Atoi(string(rest[:max(end, 0)])); err == nil {
			w.done = true
			data = append(data[:at:at], rest[end+1:]...)
			w.m.mark(code)
		}
		return len(p), w.emit(data)
	}
	for n := min(len(data), len(start)-1); n > 0; n-- {
		if bytes.HasSuffix(data, []byte(start[:n])) {
			return len(p), w.hold(data, len(data)-n)
		}
	}
	return len(p), w.emit(data)
}

func (w *markerWriter) hold(data []byte, at int) error {
	w.held = bytes.Clone(data[at:])
	return w.emit(data[:at])
}

func (w *markerWriter) emit(data []byte) error {
	if len(data) == 0 {
		return nil
	}
	_, err := w.to.Write(data)
	return err
}

// flush writes what was held back and turned out to be no marker.
func (w *markerWriter) flush() error {
	data := w.held
	w.held = nil
	if err := w.emit(data); err != nil {
		return err
	}
	if inner, ok := w.to.(*markerWriter); ok {
		return inner.flush()
	}
	return nil
}

func (m *marker) mark(code int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.marked {
		m.code, m.marked = code, true
		close(m.seen)
	}
}
