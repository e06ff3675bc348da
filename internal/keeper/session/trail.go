package session

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"

	"relay-shell/internal/audit"
	"relay-shell/internal/pty"
)

const (
	// trailIdle is how long the log stays open when nothing is recorded: an idle keeper holds nothing open and does nothing.
	trailIdle = 5 * time.Second
	// trailRetry is how soon a log that could not be written is tried again.
	trailRetry = 5 * time.Second
	// maxChunks bounds the hashes that wait for the log.
	maxChunks = 4096
	// trailEnd bounds the writing of the last ones.
	trailEnd = 3 * time.Second
)

// RecordingTool is what the records of recordings have as their tool. Each is about one piece of a file: session_id and offset are
// among its arguments, its length and SHA-256 where other records have those of an output.
const RecordingTool = "session:recording"

// trail writes the hashes of a recording's pieces into the audit log, so that what was recorded up to any moment can be proven later,
// whoever dies meanwhile.
type trail struct {
	opt audit.Trail
	id  string

	mu    sync.Mutex
	queue []pty.CastChunk
	lost  int
	err   error

	wake chan struct{}
	stop chan struct{}
	done chan struct{}
	once sync.Once
}

func newTrail(id string, opt audit.Trail) *trail {
	t := &trail{opt: opt, id: id, wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
	go t.run()
	return t
}

// add takes a piece. It does not wait for the log.
func (t *trail) add(c pty.CastChunk) {
	t.mu.Lock()
	if len(t.queue) == maxChunks {
		t.queue = t.queue[1:]
		t.lost++
	}
	t.queue = append(t.queue, c)
	t.mu.Unlock()
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// problem is why pieces are not in the log, "" if they are.
func (t *trail) problem() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.err != nil:
		return "audit: " + t.err.Error()
	case t.lost > 0:
		return fmt.Sprintf("audit: the hashes of %d pieces of the recording were lost while the log could not be written", t.lost)
	}
	return ""
}

// close writes what is left, at most for trailEnd. It may be called twice.
func (t *trail) close() {
	t.once.Do(func() { close(t.stop) })
	select {
	case <-t.done:
	case <-time.After(trailEnd):
	}
}

// run writes until close.
func (t *trail) run() {
	defer close(t.done)
	var log *audit.Log
	shut := func() {
		if log != nil {
			_ = log.Close() // what was appended is in the file
			log = nil
		}
	}
	defer shut()
	for {
		var idle, retry <-chan time.Time
		if t.waiting() {
			retry = time.After(trailRetry)
		} else if log != nil {
			idle = time.After(trailIdle)
		}
		select {
		case <-idle:
			shut()
			continue
		case <-t.stop:
			_ = t.write(&log)
			return
		case <-t.wake:
		case <-retry:
		}
		if t.write(&log) != nil {
			shut()
		}
	}
}

func (t *trail) waiting() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.queue) > 0
}

// write appends all that waits.
func (t *trail) write(log **audit.Log) (err error) {
	defer func() {
		t.mu.Lock()
		t.err = err
		t.mu.Unlock()
	}()
	if !t.waiting() {
		return nil
	}
	if *log == nil {
		if *log, err = t.opt.Open(); err != nil {
			return err
		}
	}
	for t.waiting() {
		t.mu.Lock()
		c := t.queue[0]
		t.mu.Unlock()
		if _, err := (*log).Append(context.Background(), t.record(c), false); err != nil {
			return err
		}
		t.mu.Lock()
		if len(t.queue) > 0 && t.queue[0] == c {
			t.queue = t.queue[1:]
		}
		t.mu.Unlock()
	}
	return nil
}

func (t *trail) record(c pty.CastChunk) audit.Record {
	args, _ := json.Marshal(map[string]any{"session_id": t.id, "offset": c.Offset}) // strings and numbers never fail
	return audit.Record{
		Phase: audit.Result, Call: ulid.MustNew(ulid.Now(), rand.Reader).String(), Tool: RecordingTool, Action: audit.ActionRecording, Principal: t.opt.Principal,
		Client: t.opt.Client, Args: args, Outcome: "ok", OutputSHA256: hex.EncodeToString(c.SHA256[:]), OutputLen: c.Length,
	}
}
