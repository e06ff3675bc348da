package pty

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// The defaults of RecorderOptions.
const (
	DefaultRecording  = 64 << 20
	DefaultChunk      = 64 << 10
	DefaultChunkEvery = time.Second
	// maxOutput bounds the output of one event in bytes; escaped, it is far below what readers take.
	maxOutput = 64 << 10
	// DefaultHold is short enough for a replay to look like what was.
	DefaultHold = 250 * time.Millisecond
)

// RecorderOptions describe a recording.
type RecorderOptions struct {
	Cols, Rows int
	// Term, Command and Title are for the header; Env is what of the environment it tells, by name.
	Term, Command, Title string
	Env                  map[string]string
	// MaxBytes is the longest file; then the recording ends with a marker that says so. 0 is DefaultRecording.
	MaxBytes int64
	// Filter makes what the output goes through when there is some, nil for nothing. What it holds back for Hold (0 is DefaultHold) it is asked
	// to let go.
	Filter func(io.Writer) Filter
	Hold   time.Duration
	// OnChunk is called for each piece of the file once it is written, in order and without gaps: after ChunkBytes (0 is
	// DefaultChunk), after ChunkEvery (0 is DefaultChunkEvery), and at the end. It must return soon.
	OnChunk    func(CastChunk)
	ChunkBytes int64
	ChunkEvery time.Duration
	// Now is the clock, time.Now if nil.
	Now func() time.Time
}

// CastChunk is a piece of a recording's file.
type CastChunk struct {
	// Offset and Length say where it stands in the file.
	Offset, Length int64
	SHA256         [sha256.Size]byte
}

// Recorder writes what a terminal shows into a file (asciicast v3), each event as it happens, so that the file is a good
// recording up to the moment its writer is killed. It is safe for concurrent use. Input can't be recorded.
type Recorder struct {
	o RecorderOptions

	mu    sync.Mutex
	file  io.WriteCloser
	last  time.Time // of the last event, as written
	rest  []byte    // the beginning of a character
	mask  Filter    // nil until there is output, and after the end
	pause *time.Timer
	// paused: the timer is running.
	paused bool
	size   int64
	err    error
	full   bool
	room   shortage
	hash   hash.Hash
	chunk  CastChunk
	timer  *time.Timer
}

// NewRecorder creates the file, mode 0600; it must not exist.
func NewRecorder(path string, o RecorderOptions) (*Recorder, error) {
	if o.MaxBytes <= 0 {
		o.MaxBytes = DefaultRecording
	}
	if o.ChunkBytes <= 0 {
		o.ChunkBytes = DefaultChunk
	}
	if o.ChunkEvery <= 0 {
		o.ChunkEvery = DefaultChunkEvery
	}
	if o.Hold <= 0 {
		o.Hold = DefaultHold
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, wrap(err, "internal", "look at the recordings' directory: permissions and free space", "creating the recording")
	}
	r := &Recorder{o: o, file: f, last: o.Now(), hash: sha256.New()}
	header, err := encode(Header{
		Version: 3, Term: HeaderTerm{Cols: o.Cols, Rows: o.Rows, Type: o.Term}, Timestamp: r.last.Unix(), Command: o.Command, Title: o.Title, Env: o.Env,
	})
	if err != nil {
		f.Close()
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.write(header)
	if r.err != nil {
		f.Close()
	}
	return r, r.err
}

// encode is a line of JSON. Strings become valid UTF-8.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

// Output records what the program printed. A character that is not whole waits for its rest; bytes that are none become U+FFFD.
func (r *Recorder) Output(p []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.full || r.err != nil || r.file == nil:
		r.mask = nil // for its memory
	case r.o.Filter == nil:
		r.output(p)
	default:
		r.masked(p)
	}
}

// output records what may be seen. The caller holds the mutex.
func (r *Recorder) output(p []byte) {
	data := append(r.rest, p...)
	n := unfinished(data)
	if n == len(data) {
		r.rest = data
		return
	}
	for text := data[:len(data)-n]; len(text) > 0; {
		part := text[:min(len(text), maxOutput)]
		if len(part) < len(text) {
			part = part[:len(part)-unfinished(part)]
		}
		r.event(EventOutput, string(part))
		text = text[len(part):]
	}
	r.rest = append([]byte(nil), data[len(data)-n:]...)
}

// Resize records a new size.
func (r *Recorder) Resize(cols, rows int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.letGo()
	r.event(EventResize, fmt.Sprintf("%dx%d", cols, rows))
}

// Marker records a remark.
func (r *Recorder) Marker(label string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.letGo()
	r.event(EventMarker, label)
}

// Exit records the end of the program.
func (r *Recorder) Exit(code int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.flush()
	r.full = false // the end is worth a few bytes more
	r.event(EventExit, strconv.Itoa(code))
}

// flush records what is held back, and what is left of a character that will not be whole.
func (r *Recorder) flush() {
	r.unmask()
	if len(r.rest) > 0 {
		r.event(EventOutput, string(r.rest))
		r.rest = nil
	}
}

// event writes one event. The caller holds the mutex.
func (r *Recorder) event(code, data string) {
	if r.full || r.err != nil || r.file == nil || !r.resume(code, data) {
		return
	}
	// Milliseconds, counted from the time written last, so that rounding does not add up.
	interval := r.o.Now().Sub(r.last).Round(time.Millisecond)
	interval = max(interval, 0)
	line, err := encode([]any{json.RawMessage(strconv.FormatFloat(interval.Seconds(), 'f', 3, 64)), code, data})
	if err != nil {
		r.err = err
		return
	}
	if r.size+int64(len(line)) > r.o.MaxBytes && code != EventExit {
		r.full = true
		line, err = encode([]any{json.RawMessage(strconv.FormatFloat(interval.Seconds(), 'f', 3, 64)), EventMarker, "the recording has reached its limit"})
		if err != nil {
			r.err = err
			return
		}
	}
	r.last = r.last.Add(interval)
	r.write(line)
}

// write adds a line to the file. Where there is no room the rest of it waits; after any other failure nothing more is written.
func (r *Recorder) write(line []byte) {
	n, err := r.file.Write(line)
	r.size += int64(n)
	r.hash.Write(line[:n])
	r.chunk.Length += int64(n)
	if r.room.why = nil; isFull(err) {
		r.room.why, r.room.owed = err, bytes.Clone(line[n:])
	} else if err != nil {
		r.err = wrap(err, "internal", "look at the recordings' directory", "recording")
	}
	switch {
	case r.o.OnChunk == nil:
	case r.chunk.Length >= r.o.ChunkBytes || err != nil:
		r.endChunk()
	case r.timer == nil && r.chunk.Length > 0:
		r.timer = time.AfterFunc(r.o.ChunkEvery, func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.endChunk()
		})
	}
}

// endChunk reports the bytes since the last chunk. The caller holds the mutex.
func (r *Recorder) endChunk() {
	if r.timer != nil {
		r.timer.Stop()
		r.timer = nil
	}
	if r.o.OnChunk == nil || r.chunk.Length == 0 {
		return
	}
	r.hash.Sum(r.chunk.SHA256[:0])
	r.o.OnChunk(r.chunk)
	r.hash.Reset()
	r.chunk = CastChunk{Offset: r.size}
}

// Err is why the recording stopped before its end or lacks something, nil if it does not.
func (r *Recorder) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return r.err
	}
	return r.room.err()
}

// Close ends the recording. It may be called twice.
func (r *Recorder) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file == nil {
		return r.err
	}
	r.flush()
	if r.err == nil {
		r.resume("", "")
	}
	r.endChunk()
	if err := r.file.Close(); r.err == nil && err != nil {
		r.err = err
	}
	r.file = nil
	return r.err
}
