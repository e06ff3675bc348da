package audit

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Mirror receives every record beside the log. What goes wrong with it is shown in Health; it never holds up or fails a call.
type Mirror interface {
	// Mirror takes a record and its line in the log, newline included. Neither may be kept or changed.
	Mirror(r *Record, line []byte) error
	Close() error
}

// openMirrors opens what the options ask for.
func (l *Log) openMirrors() ([]Mirror, error) {
	mirrors := append([]Mirror(nil), l.opts.Mirrors...)
	if l.opts.Stderr != nil {
		mirrors = append(mirrors, newQueue(&writerMirror{w: l.opts.Stderr}))
	}
	if l.opts.Format == JSONL {
		return mirrors, nil
	}
	m := &fileMirror{fsys: l.fsys, name: filepath.Join(l.lay.dir, l.lay.stem+"."+string(l.opts.Format)), form: l.opts.Format}
	if err := m.open(); err != nil {
		return nil, fmt.Errorf("the %s mirror: %w", l.opts.Format, err)
	}
	return append(mirrors, m), nil
}

// mirror passes a record on.
func (l *Log) mirror(r *Record, line []byte) {
	if len(l.mirrors) == 0 {
		return
	}
	var failed error
	for _, m := range l.mirrors {
		if err := m.Mirror(r, line); err != nil && failed == nil {
			failed = err
		}
	}
	l.state.mirror = failed
}

// rotateMirrors puts the files that go with a sealed segment beside it.
func (l *Log) rotateMirrors(first int64) {
	for _, m := range l.mirrors {
		f, ok := m.(*fileMirror)
		if !ok {
			continue
		}
		if err := f.rotate(l.lay.mirrorOf(first, f.form)); err != nil {
			l.state.mirror = err
		}
	}
}

// formed is a record in a mirror's format, newline included.
func formed(f Format, r *Record, line []byte) []byte {
	switch f {
	case CEF:
		return append(r.cef(), '\n')
	case LEEF:
		return append(r.leef(), '\n')
	}
	return line
}

// fileMirror is a file of records in a SIEM's format, for a shipper to follow. Other processes write to it under the log's lock.
type fileMirror struct {
	fsys FS
	name string
	form Format
	f    File
	info Info
}

func (m *fileMirror) open() error {
	f, err := m.fsys.OpenFile(m.name, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if m.info, err = f.Stat(); err != nil {
		f.Close()
		return err
	}
	if m.f != nil {
		m.f.Close()
	}
	m.f = f
	return nil
}

func (m *fileMirror) Mirror(r *Record, line []byte) error {
	if info, err := m.fsys.Stat(m.name); err != nil || !info.same(m.info) {
		if err := m.open(); err != nil {
			return err
		}
	}
	_, err := m.f.Write(formed(m.form, r, line))
	return err
}

func (m *fileMirror) rotate(sealed string) error {
	err := m.fsys.Rename(m.name, sealed)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (m *fileMirror) Close() error { return m.f.Close() }

// writerMirror writes lines to a stream.
type writerMirror struct{ w io.Writer }

func (m *writerMirror) Mirror(_ *Record, line []byte) error {
	_, err := m.w.Write(line)
	return err
}

func (m *writerMirror) Close() error { return nil }

// queue decouples a mirror that may block (a pipe that nobody reads, a syslog that hangs) from the log. What does not fit, or is not taken, is counted.
type queue struct {
	to    Mirror
	items chan queued
	done  chan struct{} // closed when run has ended

	mu     sync.Mutex
	missed int64
	err    error // why the last of them was
}

type queued struct {
	record Record
	line   []byte
}

const (
	// queueLength is the number of records that wait for a slow mirror.
	queueLength = 1024
	// queueClose is how long Close waits for the mirror to take them.
	queueClose = time.Second
)

func newQueue(to Mirror) *queue {
	q := &queue{to: to, items: make(chan queued, queueLength), done: make(chan struct{})}
	go q.run()
	return q
}

// run ends when Close closes items; a mirror that blocks for ever keeps it.
func (q *queue) run() {
	defer close(q.done)
	for item := range q.items {
		if err := q.to.Mirror(&item.record, item.line); err != nil {
			q.miss(err)
		}
	}
}

func (q *queue) miss(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.missed, q.err = q.missed+1, err
}

var errSlowMirror = errors.New("the mirror is too slow")

// Mirror never waits. What it returns is of all records so far: what a mirror missed it never gets.
func (q *queue) Mirror(r *Record, line []byte) error {
	select {
	case q.items <- queued{*r, append([]byte(nil), line...)}:
	default:
		q.miss(errSlowMirror)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.missed == 0 {
		return nil
	}
	return fmt.Errorf("%d records were not mirrored: %w", q.missed, q.err)
}

func (q *queue) Close() error {
	close(q.items)
	select {
	case <-q.done:
		return q.to.Close()
	case <-time.After(queueClose):
		return errors.New("a mirror does not take its records")
	}
}
