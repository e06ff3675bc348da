package jobs

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"time"

	"relay-shell/internal/keeper/job"
)

// WaitOptions say what to wait for. The end of the job always ends the waiting.
type WaitOptions struct {
	// Until is searched in the output from Cursor on, what is there already included; nil waits for no text. Nothing that stands before
	// Cursor comes with the answer; one beyond the end is the end.
	Until  *regexp.Regexp
	Cursor int64
	// Quiet ends the waiting when there was no output for so long, 0 never does. Timeout ends it in any case.
	Quiet, Timeout time.Duration
	// Max bounds the newest output that comes with the answer, in bytes.
	Max int
	// Progress, if set, is told the newest output.
	Progress func(data []byte)
}

// The reasons for the end of a wait.
const (
	ReasonEnd     = "end"
	ReasonUntil   = "until"
	ReasonQuiet   = "quiet"
	ReasonTimeout = "timeout"
)

// Waited is how a wait ended: with the newest output, up to the match of Until.
type Waited struct {
	Info   Info
	Chunk  job.Chunk
	Reason string
}

const (
	// page is how much output is looked at in one piece, overlap how much of it can be part of a match in the next.
	page    = 256 << 10
	overlap = 64 << 10
	// longPoll is how long one question to the place waits.
	longPoll = 10 * time.Second
	// mendPause is how long a lost connection is left alone before it is tried again.
	mendPause = time.Second
)

// waiting is a wait under way.
type waiting struct {
	place    Place
	id       string
	o        WaitOptions
	deadline time.Time
	answered bool      // the place has
	heard    time.Time // the newest output, or the beginning

	cursor int64
	window []byte // the output before cursor
}

// Wait waits for a job. A connection that is lost meanwhile is made again.
func Wait(ctx context.Context, p Place, id string, o WaitOptions) (Waited, error) {
	w := &waiting{place: p, id: id, o: o, deadline: time.Now().Add(o.Timeout), heard: time.Now(), cursor: o.Cursor}
	if o.Until == nil || o.Cursor > 0 {
		info, c, err := w.newest(ctx)
		if err != nil {
			return Waited{}, err
		}
		w.o.Cursor = min(o.Cursor, c.Next)
		switch {
		case o.Until != nil:
			w.cursor = w.o.Cursor
		case info.State != job.Running:
			return Waited{info, from(c, w.o.Cursor), ReasonEnd}, nil
		default:
			w.cursor = c.Next
		}
	}
	for {
		info, c, err := w.read(ctx, func() (Info, job.Chunk, error) { return p.Read(ctx, id, w.cursor, page, w.patience()) })
		if err != nil {
			return Waited{}, err
		}
		if reason, at := w.look(info, c); reason != "" {
			return w.answer(ctx, info, reason, at)
		}
	}
}

// newest reads the newest output.
func (w *waiting) newest(ctx context.Context) (Info, job.Chunk, error) {
	return w.read(ctx, func() (Info, job.Chunk, error) { return w.place.Read(ctx, w.id, job.Newest, max(w.o.Max, 1), 0) })
}

// read asks the place, again when the connection was lost meanwhile. A host that has never answered is not waited for.
func (w *waiting) read(ctx context.Context, ask func() (Info, job.Chunk, error)) (Info, job.Chunk, error) {
	for {
		info, c, err := ask()
		if err == nil {
			w.answered = true
			return info, c, nil
		}
		code := errorCode(err)
		if code != "connection_lost" && (!w.answered || !slices.Contains(passing, code)) || !w.pause(ctx) {
			return info, c, err
		}
	}
}

// patience is how long the next question may wait.
func (w *waiting) patience() time.Duration {
	d := min(longPoll, time.Until(w.deadline))
	if w.o.Quiet > 0 {
		d = min(d, time.Until(w.heard.Add(w.o.Quiet)))
	}
	return max(d, 0)
}

// passing are the codes of what may be over in a moment.
var passing = []string{"connection_lost", "unreachable", "connect_timeout", "dns"}

// errorCode is an error's code, "" for none.
func errorCode(err error) string {
	var coded interface{ ErrorCode() string }
	if !errors.As(err, &coded) {
		return ""
	}
	return coded.ErrorCode()
}

// pause lets a connection come back, as long as there is time for that.
func (w *waiting) pause(ctx context.Context) bool {
	if time.Until(w.deadline) < mendPause {
		return false
	}
	t := time.NewTimer(mendPause)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// look takes what was read and says whether the waiting is over, and up to where the answer goes, -1 for the newest.
func (w *waiting) look(info Info, c job.Chunk) (reason string, at int64) {
	if c.Start != w.cursor {
		w.window = nil
	}
	w.cursor = c.Next
	if len(c.Data) > 0 {
		w.heard = time.Now()
		w.window = append(w.window[max(0, len(w.window)-overlap):], c.Data...)
		if w.o.Progress != nil {
			w.o.Progress(c.Data)
		}
	}
	if w.o.Until != nil && len(c.Data) > 0 {
		if m := w.o.Until.FindIndex(w.window); m != nil {
			return ReasonUntil, w.cursor - int64(len(w.window)-lineEnd(w.window, m[1]))
		}
	}
	switch {
	case c.Next < c.Total:
		return "", 0 // there is more already
	case info.State != job.Running:
		return ReasonEnd, -1
	case w.o.Quiet > 0 && time.Since(w.heard) >= w.o.Quiet:
		return ReasonQuiet, -1
	case !time.Now().Before(w.deadline):
		return ReasonTimeout, -1
	}
	return "", 0
}

// from is what a piece holds from an offset on.
func from(c job.Chunk, offset int64) job.Chunk {
	if skip := min(offset, c.Next) - c.Start; skip > 0 {
		c.Data, c.Start = c.Data[skip:], c.Start+skip
	}
	return c
}

// lineEnd is the end of the line in which a match ends, if it is complete.
func lineEnd(b []byte, at int) int {
	if at > 0 && b[at-1] == '\n' {
		return at
	}
	for i := at; i < len(b); i++ {
		if b[i] == '\n' {
			return i + 1
		}
	}
	return at
}

// answer reads the newest output up to at.
func (w *waiting) answer(ctx context.Context, info Info, reason string, at int64) (Waited, error) {
	if at < 0 {
		latest, c, err := w.newest(ctx)
		return Waited{latest, from(c, w.o.Cursor), reason}, err
	}
	have := w.window[:int64(len(w.window))-(w.cursor-at)]
	have = have[max(0, len(have)-w.o.Max):]
	return Waited{info, job.Chunk{Data: have, Start: at - int64(len(have)), Next: at, First: info.First, Total: info.Total}, reason}, nil
}
