package audit

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"time"
)

// tailEvery is how often a followed log is looked at.
const tailEvery = 200 * time.Millisecond

// Tail calls show for the newest results that the filter selects, oldest first, and with follow for every one recorded until ctx ends,
// across rotations. It returns nil when ctx ends, and what show returns when that is an error. A nil fsys is the operating system's.
func Tail(ctx context.Context, fsys FS, path string, f Filter, follow bool, show func(Joined) error) error {
	if fsys == nil {
		fsys = osFS{}
	}
	lay, err := newLayout(path)
	if err != nil {
		return err
	}
	joined, err := Query(fsys, path, f)
	if err != nil {
		return err
	}
	t := &tail{fsys: fsys, lay: lay, filter: f, show: show, intents: map[string]Joined{}}
	for _, j := range joined {
		if err := show(j); err != nil {
			return err
		}
		t.next = j.Seq + 1
	}
	if !follow {
		return nil
	}
	if len(joined) == 0 {
		if t.next, err = nextSeq(fsys, lay); err != nil {
			return err
		}
	}
	defer t.close()
	tick := time.NewTicker(tailEvery)
	defer tick.Stop()
	for {
		if err := t.look(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// tail follows a log.
type tail struct {
	fsys   FS
	lay    *layout
	filter Filter
	show   func(Joined) error

	live File
	info Info
	at   int64
	// next is the sequence number from which on results have not been shown.
	next int64
	// intents are those of calls without a result yet.
	intents map[string]Joined
}

// maxIntents bounds what is remembered of calls in flight; the oldest are not known, and their results are shown without them.
const maxIntents = 10_000

func (t *tail) close() {
	if t.live != nil {
		t.live.Close()
	}
}

// look shows what is new.
func (t *tail) look() error {
	info, err := t.fsys.Stat(t.lay.live)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // in the middle of a rotation
	}
	if err != nil {
		return err
	}
	if t.live == nil || !info.same(t.info) {
		return t.reopen()
	}
	if info.Size < t.at {
		t.at = 0
	}
	if info.Size == t.at {
		return nil
	}
	return t.read(t.live, info.Size)
}

// reopen goes over to the new live file, after what was written to others since the last look.
func (t *tail) reopen() error {
	log, err := takeSnapshot(t.fsys, t.lay, nil)
	if err != nil {
		return err
	}
	defer func() { log.close() }()
	for i := range log.segs {
		s := &log.segs[i]
		if i+1 < len(log.segs) && log.segs[i+1].first >= 0 && log.segs[i+1].first <= t.next || s.compressed() {
			continue
		}
		f, done, err := log.openAt(s)
		if errors.Is(err, fs.ErrNotExist) {
			continue // dropped meanwhile
		}
		if err != nil {
			return err
		}
		t.at, err = bisect(f, s.size, t.next)
		if err == nil {
			err = t.read(f, s.size)
		}
		done()
		if err != nil {
			return err
		}
	}
	if log.live == nil {
		return nil // logrotate has taken it and nobody has written since
	}
	info, err := log.live.Stat()
	if err != nil {
		return err
	}
	t.close()
	t.live, t.info, log.live = log.live, info, nil
	return nil
}

// read shows the whole lines up to size.
func (t *tail) read(f io.ReaderAt, size int64) error {
	lines := newLineReader(io.NewSectionReader(f, t.at, size-t.at), t.at)
	for {
		text, whole, err := lines.next()
		if errors.Is(err, io.EOF) || err == nil && !whole {
			return nil
		}
		if err != nil {
			return err
		}
		t.at = lines.at
		if err := t.line(text); err != nil {
			return err
		}
	}
}

func (t *tail) line(text []byte) error {
	var j Joined
	if json.Unmarshal(text, &j.Record) != nil {
		return nil
	}
	switch j.Phase {
	case Intent:
		if len(t.intents) < maxIntents {
			t.intents[j.Call] = Joined{IntentSeq: &j.Seq, Began: &j.TS}
		}
	case Result:
		if begun, ok := t.intents[j.Call]; ok {
			j.IntentSeq, j.Began = begun.IntentSeq, begun.Began
			delete(t.intents, j.Call)
		}
		if j.Seq < t.next || !t.filter.match(&j.Record) {
			return nil
		}
		t.next = j.Seq + 1
		return t.show(j)
	}
	return nil
}

// nextSeq is the number that the next record will have, as far as the end of the log tells.
func nextSeq(fsys FS, lay *layout) (int64, error) {
	log, err := takeSnapshot(fsys, lay, nil)
	if err != nil {
		return 0, err
	}
	defer log.close()
	if len(log.segs) == 0 {
		return 0, nil
	}
	s := &log.segs[len(log.segs)-1]
	f, done, err := log.openAt(s)
	if err != nil {
		return 0, err
	}
	defer done()
	lines := newBackReader(f, s.size)
	for {
		text, err := lines.next()
		if err != nil {
			return 0, ignoreEOF(err)
		}
		if seq, ok := parseSeq(text); ok {
			return seq + 1, nil
		}
	}
}
