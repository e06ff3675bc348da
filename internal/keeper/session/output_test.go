package session

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"
)

// reads reads once.
func (w *world) reads(id string, r Receive) (got Received) {
	w.t.Helper()
	w.call(id, OpRecv, r, &got)
	return got
}

// TestLastLines: the last line of a program that ends is there, for who reads and in the recording, and how its terminal went away is not to be
// seen.
func TestLastLines(t *testing.T) {
	w := newWorld(t)
	var work sync.WaitGroup
	slots := make(chan struct{}, 4)
	for n := range lastLines {
		slots <- struct{}{}
		work.Go(func() {
			defer func() { <-slots }()
			w.lastLine(n)
		})
	}
	work.Wait()
}

func (w *world) lastLine(n int) {
	command := fmt.Sprintf("seq 400; echo 'last words of %d'; exit 7", n)
	info, err := w.Start(context.Background(), Kind, 64, Params{
		Argv: []string{"/bin/sh", "-c", command}, Env: []string{"PATH=/usr/bin:/bin"}, Dir: "/", Recordings: filepath.Join(w.dir, "rec"),
	})
	if err != nil {
		w.t.Error(err)
		return
	}
	var all []byte
	var got Received
	for !got.Ended {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		err := w.Call(ctx, info.ID, OpRecv, Receive{Wait: 30 * time.Second, Max: 1000, Until: `\A\z.`}, &got)
		cancel()
		if err != nil {
			w.t.Error(err)
			return
		}
		all = append(all, got.Data...)
	}
	want := fmt.Sprintf("\r\n400\r\nlast words of %d\r\n", n)
	if !strings.HasSuffix(string(all), want) || got.Status.ExitCode == nil || *got.Status.ExitCode != 7 || got.Status.RecordingError != "" {
		w.t.Errorf("session %d: %q, %+v", n, all[max(0, len(all)-80):], got.Status)
	}
	if err := w.Close(context.Background(), info.ID); err != nil {
		w.t.Error(err)
	}
	if shown, _ := w.recorded(info.ID); !strings.HasSuffix(shown, want) {
		w.t.Errorf("session %d: recorded %q", n, shown[max(0, len(shown)-80):])
	}
}

// TestReaders: one who reads on, one who asks by offsets and one who comes too late account for every byte.
func TestReaders(t *testing.T) {
	w := newWorld(t)
	id := w.spawn(Params{Argv: []string{"/bin/sh", "-c", "for n in 1 2 3 4 5 6; do read x; seq 5000; echo part $n; done; read x"}, Buffer: 64 << 10})
	var everything bytes.Buffer // what the second has
	var first, cursor, dropped int64
	for part := range 6 {
		w.call(id, OpSend, Send{Enter: true}, nil)
		end := w.reads(id, Receive{Cursor: &cursor, Wait: 30 * time.Second, Max: 64 << 10, Until: fmt.Sprintf("part %d\n", part+1)})
		if !end.Matched {
			t.Fatalf("part %d: %+v", part, end.Status)
		}
		everything.Write(end.Data)
		dropped += end.Dropped
		cursor = end.Cursor
		if part%2 == 1 { // the first reads every other time, in small pieces
			for first < cursor {
				got := w.reads(id, Receive{Max: 64 << 10})
				first += got.Dropped + int64(len(got.Data))
				if got.Cursor != first {
					t.Fatalf("at %d after %d", got.Cursor, first)
				}
			}
		}
	}
	if dropped != 0 || !strings.HasSuffix(everything.String(), "part 6\r\n") {
		t.Errorf("%d dropped, %q", dropped, everything.String()[everything.Len()-40:])
	}
	start := int64(0)
	late := w.reads(id, Receive{Cursor: &start, Max: 1 << 20})
	if late.Dropped == 0 || late.Dropped+int64(len(late.Data)) != late.Cursor || !strings.HasSuffix(everything.String(), string(late.Data)) {
		t.Errorf("%d dropped, %d read up to %d", late.Dropped, len(late.Data), late.Cursor)
	}
}

// TestCharacters: no read cuts a character in two, whoever cut it before.
func TestCharacters(t *testing.T) {
	w := newWorld(t)
	id := w.spawn(Params{Argv: []string{"/bin/sh", "-c", `stty -echo; printf 'a\346'; read x; printf '\227'; read x; printf '\245\360\237\230'; read x; printf '\200end'; read x`}})
	var all []byte
	for _, want := range []string{"a", "", "日", "😀end"} {
		start := int64(0)
		w.reads(id, Receive{Cursor: &start, Wait: 30 * time.Second, Max: 1000, Until: want}) // until it is there
		wait := 30 * time.Second
		if want == "" { // nothing comes
			wait = 500 * time.Millisecond
		}
		got := w.reads(id, Receive{Wait: wait, Max: 1000})
		if string(got.Data) != want {
			t.Errorf("%q, want %q", got.Data, want)
		}
		all = append(all, got.Data...)
		w.call(id, OpSend, Send{Enter: true}, nil)
	}
	if string(all) != "a日😀end" {
		t.Errorf("%q", all)
	}
	// Nor does a small read.
	many := w.spawn(Params{Argv: []string{"/bin/sh", "-c", `stty -echo; for i in 1 2 3 4 5 6 7 8 9; do printf 'x日é😀'; done; printf .; read x`}})
	w.until(many, `\.`)
	for limit := 4; limit < 40; limit++ {
		start := int64(0)
		got := w.reads(many, Receive{Cursor: &start, Max: limit})
		if !utf8.Valid(got.Data) || got.Dropped+int64(len(got.Data)) != got.Cursor || len(got.Data) < limit-3 || !bytes.HasSuffix(got.Data, []byte(".")) {
			t.Errorf("at most %d bytes: %q, %d dropped, cursor %d", limit, got.Data, got.Dropped, got.Cursor)
		}
	}
}
