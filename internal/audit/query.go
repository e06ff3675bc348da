package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"slices"
	"time"
)

// Filter selects results. The zero value of a field selects everything.
type Filter struct {
	// Lines is how many results at most, the newest; 0 = 50.
	Lines int
	// Tool is a tool's name; without it, the hashes of recordings (ActionRecording) are left out.
	Tool    string
	Tier    *int
	Denied  *bool
	Host    string // alias or host name
	Outcome string
	Since   time.Time
	// MaxBytes bounds how much of the log is read, from its end; 0 = 128 MiB.
	MaxBytes int64
}

const (
	defaultLines    = 50
	defaultMaxBytes = 128 << 20
)

// Joined is a result with its intent.
type Joined struct {
	Record
	// IntentSeq and Began are the intent's sequence number and time; nil for a call that was refused before it had one, and for an intent
	// too far back to be read.
	IntentSeq *int64
	Began     *time.Time
}

// MarshalJSON is the result as it stands in the log, with two fields more.
func (j Joined) MarshalJSON() ([]byte, error) {
	b, err := json.Marshal(j.Record)
	if err != nil || j.IntentSeq == nil {
		return b, err
	}
	more, err := json.Marshal(struct {
		IntentSeq *int64     `json:"intent_seq"`
		Began     *time.Time `json:"began"`
	}{j.IntentSeq, j.Began})
	if err != nil {
		return nil, err
	}
	return slices.Concat(b[:len(b)-1], []byte(","), more[1:]), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (j *Joined) UnmarshalJSON(b []byte) error {
	if err := json.Unmarshal(b, &j.Record); err != nil {
		return err
	}
	var more struct {
		IntentSeq *int64     `json:"intent_seq"`
		Began     *time.Time `json:"began"`
	}
	if err := json.Unmarshal(b, &more); err != nil {
		return err
	}
	j.IntentSeq, j.Began = more.IntentSeq, more.Began
	return nil
}

// match tells whether the filter selects a result.
func (f *Filter) match(r *Record) bool {
	switch {
	case f.Tool != "" && r.Tool != f.Tool,
		f.Tool == "" && r.Action == ActionRecording,
		f.Tier != nil && r.Tier != *f.Tier,
		f.Denied != nil && r.Denied != *f.Denied,
		f.Outcome != "" && r.Outcome != f.Outcome,
		!f.Since.IsZero() && r.TS.Before(f.Since),
		f.Host != "" && (r.Host == nil || r.Host.Alias != f.Host && r.Host.Hostname != f.Host):
		return false
	}
	return true
}

// hints are byte strings that every line that matches contains: looking for them is cheaper than decoding.
func (f *Filter) hints() [][]byte {
	hints := [][]byte{[]byte(`"phase":"result"`)}
	add := func(name string, value any) {
		if b, err := marshal(value); err == nil {
			hints = append(hints, slices.Concat([]byte(`"`+name+`":`), b))
		}
	}
	if f.Tool != "" {
		add("tool", f.Tool)
	}
	if f.Tier != nil {
		add("tier", *f.Tier)
	}
	if f.Denied != nil {
		add("denied", *f.Denied)
	}
	if f.Outcome != "" {
		add("outcome", f.Outcome)
	}
	return hints
}

// Query returns the newest results that the filter selects, oldest first, joined with their intents. It reads from the end of the log,
// beside whoever writes.
func (l *Log) Query(f Filter) ([]Joined, error) { return Query(l.opts.FS, l.opts.Path, f) }

// Query is [Log.Query] on a log that need not be open. A nil fsys is the operating system's.
func Query(fsys FS, path string, f Filter) ([]Joined, error) {
	if fsys == nil {
		fsys = osFS{}
	}
	lay, err := newLayout(path)
	if err != nil {
		return nil, err
	}
	log, err := takeSnapshot(fsys, lay, nil)
	if err != nil {
		return nil, err
	}
	defer log.close()
	orDefault(&f.Lines, defaultLines)
	orDefault(&f.MaxBytes, defaultMaxBytes)
	q := &query{filter: f, hints: f.hints(), waiting: map[string]int{}, left: f.MaxBytes}
	for i := len(log.segs) - 1; i >= 0 && !q.done(); i-- {
		if log.segs[i].compressed() {
			break // what logrotate has compressed can't be read from its end
		}
		err := q.segment(log, &log.segs[i])
		if errors.Is(err, fs.ErrNotExist) {
			break // dropped meanwhile
		}
		if err != nil {
			return nil, err
		}
	}
	slices.Reverse(q.found)
	return q.found, nil
}

// query collects results, newest first, and then their intents.
type query struct {
	filter Filter
	hints  [][]byte
	found  []Joined
	// waiting are the calls whose intents are still to come, with their places in found.
	waiting map[string]int
	left    int64
	// early is set when the records are older than anything the filter selects.
	early bool
}

// slack is how far clocks of processes on one machine, and adjustments of its clock, may put records out of order.
const slack = time.Minute

func (q *query) done() bool {
	if q.left <= 0 {
		return true
	}
	return (len(q.found) >= q.filter.Lines || q.early) && len(q.waiting) == 0
}

func (q *query) segment(log *snapshot, s *segment) error {
	f, done, err := log.openAt(s)
	if err != nil {
		return err
	}
	defer done()
	lines := newBackReader(f, s.size)
	for !q.done() {
		line, err := lines.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		q.left -= int64(len(line)) + 1
		q.take(line)
	}
	return nil
}

func (q *query) take(line []byte) {
	if len(q.waiting) > 0 && bytes.Contains(line, []byte(`"phase":"intent"`)) {
		q.intent(line)
		return
	}
	if len(q.found) >= q.filter.Lines || q.early {
		return
	}
	if !q.filter.Since.IsZero() {
		if at := timeOf(line); !at.IsZero() && at.Before(q.filter.Since.Add(-slack)) {
			q.early = true
			return
		}
	}
	for _, h := range q.hints {
		if !bytes.Contains(line, h) {
			return
		}
	}
	var r Record
	if json.Unmarshal(line, &r) != nil || r.Phase != Result || !q.filter.match(&r) {
		return
	}
	q.found = append(q.found, Joined{Record: r})
	if r.Call != "" && !r.Denied && r.Action != ActionRecording && r.Action != ActionJobEnd {
		q.waiting[r.Call] = len(q.found) - 1
	}
}

func (q *query) intent(line []byte) {
	var r Record
	if json.Unmarshal(line, &r) != nil || r.Phase != Intent {
		return
	}
	if i, ok := q.waiting[r.Call]; ok {
		q.found[i].IntentSeq, q.found[i].Began = &r.Seq, &r.TS
		delete(q.waiting, r.Call)
	}
}
