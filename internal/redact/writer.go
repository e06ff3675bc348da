package redact

import (
	"bytes"
	"errors"
	"io"
)

// Writer masks the secrets of a stream. What it writes is what [Redactor.String] makes of the whole stream, however the
// stream was cut into writes. It holds back the line that is still coming, a value of several lines as long as it goes on,
// and of a long line as much as a scanner may need to see: at most a few hundred kilobytes. It is not safe for concurrent
// use.
type Writer struct {
	w         io.Writer
	known     *knownValues
	profile   Profile
	engine    *engine
	assembler assembler
	buf       []byte // what stands before pos has been written and is kept as context
	pos       int
	out       []byte
	shown     []byte // what Pause has written of what is still to come out
	err       error
}

// NewWriter returns a writer that writes to w what it is given, with secrets masked. Close or Flush writes the rest.
func (r *Redactor) NewWriter(w io.Writer) *Writer {
	out := &Writer{w: w, known: r.known, profile: r.profile, engine: r.engine()}
	out.assembler = assembler{marker: r.marker, out: func(s string) { out.out = append(out.out, s...) }}
	return out
}

// Write takes p. An error of the writer below is returned now and by every later call.
func (w *Writer) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	written := 0
	for len(p) > 0 {
		n := min(len(p), unitMax)
		w.buf = append(w.buf, p[:n]...)
		// Only the end of a line or a full window decides anything; a line that comes in small pieces is read once.
		if len(w.buf)-w.pos >= unitMax+ahead || bytes.IndexByte(p[:n], '\n') >= 0 {
			w.scan(false)
		}
		p = p[n:]
		if err := w.emit(); err != nil {
			return written, err
		}
		written += n
	}
	return written, nil
}

// Flush writes what is held back, as if the stream ended here: for a prompt, which no newline follows. A secret that goes
// on after it may be seen only in part, so it is not for the middle of a stream that is flowing. Whether the stream is
// within a private key is remembered.
func (w *Writer) Flush() error {
	if w.err != nil {
		return w.err
	}
	w.scan(true)
	w.assembler.close()
	w.buf, w.pos = w.buf[:0], 0
	w.engine.inside, w.engine.carry.span = false, spanning{}
	err := w.emit()
	w.shown = nil
	return err
}

// Close flushes. Later writes fail. It does not close the writer below.
func (w *Writer) Close() error {
	if errors.Is(w.err, errClosed) {
		return nil
	}
	err := w.Flush()
	w.err = errClosed
	return err
}

var errClosed = errors.New("writing redacted text: closed")

// scan hands on what is complete.
func (w *Writer) scan(eof bool) {
	w.wake()
	s := string(w.buf)
	for w.pos < len(s) {
		if n := w.engine.skip(s, w.pos, eof); n > w.pos {
			w.assembler.unit(s[w.pos:n], w.pos, nil, false)
			w.pos = n
			continue
		}
		next, found, ok := w.engine.step(s, w.pos, eof)
		if !ok {
			break
		}
		w.assembler.unit(s[w.pos:next], w.pos, found, w.engine.open())
		w.pos = next
	}
	if keep := w.pos - behind; !w.engine.inside {
		w.drop(w.pos)
	} else if keep > 0 {
		w.drop(keep)
	}
}

// Rest lets go of memory that only work needs, see [Release]. What is held back and what came before stay.
func (w *Writer) Rest() {
	w.engine.rules, w.engine.scanner, w.engine.found = nil, scanner{}, nil
	w.buf, w.out = bytes.Clone(w.buf), nil
}

// wake has the engine ready to scan.
func (w *Writer) wake() {
	if w.engine.rules == nil {
		w.engine.rules = rulesFor(w.profile)
	}
	w.engine.learn(w.known.set.Load())
}

// drop forgets the first n bytes of the buffer.
func (w *Writer) drop(n int) {
	w.buf = append(w.buf[:0], w.buf[n:]...)
	w.pos -= n
}

// emit passes on what has been decided.
func (w *Writer) emit() error {
	w.unshown()
	return w.send()
}

func (w *Writer) send() error {
	if len(w.out) == 0 {
		return nil
	}
	_, err := w.w.Write(w.out)
	w.out = w.out[:0]
	if err != nil {
		w.err = err
	}
	return err
}
