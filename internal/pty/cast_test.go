package pty

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// events reads a whole recording.
func events(t *testing.T, text string) (Header, []Event, error) {
	t.Helper()
	c, err := NewCastReader(strings.NewReader(text))
	if err != nil {
		return Header{}, nil, err
	}
	var all []Event
	for {
		e, err := c.Next()
		if err == io.EOF {
			return c.Header(), all, nil
		}
		if err != nil {
			return c.Header(), all, err
		}
		all = append(all, e)
	}
}

func TestRecorder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.cast")
	now := time.Unix(1700000000, 0)
	tick := func(d time.Duration) { now = now.Add(d) }
	var chunks []CastChunk
	r, err := NewRecorder(path, RecorderOptions{
		Cols: 80, Rows: 24, Term: Term, Command: "sh", Now: func() time.Time { return now }, ChunkBytes: 100, OnChunk: func(c CastChunk) { chunks = append(chunks, c) },
	})
	if err != nil {
		t.Fatal(err)
	}
	tick(100 * time.Millisecond)
	r.Output([]byte("one \xe6\x97"))
	tick(50 * time.Millisecond)
	r.Output([]byte("\xa5"))
	tick(333300 * time.Microsecond)
	r.Output([]byte("bad \xff <&>\x1b[0m\n"))
	tick(333300 * time.Microsecond)
	r.Resize(100, 30)
	tick(333300 * time.Microsecond)
	r.Output([]byte("\xc3"))
	r.Exit(3)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	header, got, err := events(t, string(b))
	if err != nil {
		t.Fatal(err)
	}
	if want := (Header{Version: 3, Term: HeaderTerm{80, 24, Term}, Timestamp: 1700000000, Command: "sh"}); !cmp.Equal(header, want) {
		t.Errorf("header %+v", header)
	}
	ms := time.Millisecond
	want := []Event{
		{100 * ms, "o", "one "}, {150 * ms, "o", "日"}, {483 * ms, "o", "bad \ufffd <&>\x1b[0m\n"}, {817 * ms, "r", "100x30"}, {1150 * ms, "o", "\ufffd"}, {1150 * ms, "x", "3"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	checkChunks(t, b, chunks)
	if _, err := NewRecorder(path, RecorderOptions{}); err == nil {
		t.Error("a recording was overwritten")
	}
}

func checkChunks(t *testing.T, file []byte, chunks []CastChunk) {
	t.Helper()
	var at int64
	for i, c := range chunks {
		if c.Offset != at || at+c.Length > int64(len(file)) || sha256.Sum256(file[at:at+c.Length]) != c.SHA256 {
			t.Fatalf("chunk %d: %+v", i, c)
		}
		at += c.Length
	}
	if at != int64(len(file)) {
		t.Errorf("chunks cover %d of %d bytes", at, len(file))
	}
}

func TestRecorderChunksByTime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.cast")
	synctest.Test(t, func(t *testing.T) {
		var chunks []CastChunk
		r, err := NewRecorder(path, RecorderOptions{Cols: 80, Rows: 24, OnChunk: func(c CastChunk) { chunks = append(chunks, c) }})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(1500 * time.Millisecond)
		r.Output([]byte("text"))
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()
		if len(chunks) != 2 {
			t.Errorf("%d chunks", len(chunks))
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		checkChunks(t, b, chunks)
	})
}

func TestRecorderLimit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.cast")
	r, err := NewRecorder(path, RecorderOptions{Cols: 80, Rows: 24, MaxBytes: 2000})
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		r.Output([]byte(strings.Repeat("x", 100)))
	}
	r.Exit(0)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil || len(b) > 2200 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	_, got, err := events(t, string(b))
	if n := len(got); err != nil || got[n-1].Code != EventExit || got[n-2].Code != EventMarker {
		t.Errorf("%v, %+v", err, got[len(got)-2:])
	}
}

// cramped is a file with room for so many bytes.
type cramped struct {
	bytes.Buffer
	room int
	err  error
}

func (c *cramped) Write(p []byte) (int, error) {
	n := min(len(p), c.room)
	c.room -= n
	c.Buffer.Write(p[:n])
	if n < len(p) {
		return n, c.err
	}
	return n, nil
}

func (c *cramped) Close() error { return nil }

// TestRecorderOnAFullDisk has the disk full at every byte of a recording: it goes on when there is room again, says what is missing, and every
// line of it is whole.
func TestRecorderOnAFullDisk(t *testing.T) {
	const output = "line one\nline two\n"
	for room := 0; room < 120; room++ {
		var sum int64
		file := &cramped{room: room, err: syscall.ENOSPC}
		r, err := NewRecorder(filepath.Join(t.TempDir(), "a.cast"), RecorderOptions{Cols: 80, Rows: 24, OnChunk: func(c CastChunk) { sum += c.Length }})
		if err != nil {
			t.Fatal(err)
		}
		written := r.size
		r.file.Close()
		r.file = file
		for range 3 {
			r.Output([]byte(output))
		}
		r.Resize(100, 30)
		if file.room == 0 && codeOf(r.Err()) != "limit_reached" {
			t.Errorf("%d bytes: %v", room, r.Err())
		}
		missing := r.room.total
		file.room = 1 << 20
		r.Output([]byte("again"))
		r.Exit(3)
		if err := r.Close(); err != nil {
			t.Errorf("%d bytes: %v", room, err)
		}
		_, got, err := events(t, `{"version":3,"term":{"cols":80,"rows":24}}`+"\n"+file.String())
		if err != nil {
			t.Fatalf("%d bytes: %v in %q", room, err, file.String())
		}
		var shown, marks, sizes string
		for _, e := range got {
			switch e.Code {
			case EventOutput:
				shown += e.Data
			case EventMarker:
				marks += e.Data
			case EventResize:
				sizes += e.Data
			}
		}
		if !strings.HasSuffix(shown, "again") || int64(len(shown))+missing != int64(3*len(output)+5) || sizes != "100x30" || got[len(got)-1].Code != EventExit {
			t.Errorf("%d bytes, %d missing: %q", room, missing, file.String())
		}
		if missing > 0 && (marks != fmt.Sprintf("%d bytes are missing: there was no room", missing) || codeOf(r.Err()) != "limit_reached") || missing == 0 && (marks != "" || r.Err() != nil) {
			t.Errorf("%d bytes, %d missing: marker %q, error %v", room, missing, marks, r.Err())
		}
		if sum != written+int64(file.Len()) {
			t.Errorf("%d bytes: chunks hold %d of %d", room, sum, written+int64(file.Len()))
		}
	}
	r, err := NewRecorder(filepath.Join(t.TempDir(), "a.cast"), RecorderOptions{Cols: 80, Rows: 24})
	if err != nil {
		t.Fatal(err)
	}
	r.file.Close()
	r.file = &cramped{err: syscall.EIO}
	r.Output([]byte("lost"))
	r.Output([]byte("lost too"))
	if err := r.Err(); codeOf(err) != "internal" {
		t.Errorf("got %v", err)
	}
	if err := r.Close(); err == nil {
		t.Error("Close says nothing")
	}
}

func TestCastReader(t *testing.T) {
	const v3 = `{"version":3,"term":{"cols":80,"rows":24}}` + "\n"
	const v2 = `{"version":2,"width":90,"height":20}` + "\n"
	second := time.Second
	for _, test := range []struct {
		name, text string
		want       []Event
		err        string
	}{
		{"v3", v3 + "# a comment\n\n[1.5,\"o\",\"a\"]\n[0.5,\"o\",\"b\"]\n", []Event{{1500 * time.Millisecond, "o", "a"}, {2 * second, "o", "b"}}, ""},
		{"v2", v2 + "[1,\"o\",\"a\"]\n[2, \"i\", \"b\"]\n[1.5,\"o\",\"back\"]\n", []Event{{second, "o", "a"}, {2 * second, "i", "b"}, {2 * second, "o", "back"}}, ""},
		{"no newline at the end", v3 + "[1,\"o\",\"a\"]", []Event{{second, "o", "a"}}, ""},
		{"torn", v3 + "[1,\"o\",\"a\"]\n[1,\"o\",\"b", []Event{{second, "o", "a"}}, ErrTorn.Error()},
		{"torn header", `{"version":3,"te`, nil, ErrTorn.Error()},
		{"empty", "", nil, ErrTorn.Error()},
		{"not an event", v3 + "{}\n", nil, "invalid_argument"},
		{"too few", v3 + "[1,\"o\"]\n", nil, "invalid_argument"},
		{"negative time", v3 + "[-1,\"o\",\"a\"]\n", nil, "invalid_argument"},
		{"endless time", v3 + "[1e300,\"o\",\"a\"]\n", nil, "invalid_argument"},
		{"times that add up", v3 + strings.Repeat("[3e8,\"o\",\"\"]\n", 2), []Event{{3e8 * second, "o", ""}}, "invalid_argument"},
		{"v1", `{"version":1}` + "\n", nil, "invalid_argument"},
		{"not JSON", "hello\n", nil, "invalid_argument"},
		{"wrong types", v3 + "[1,2,3]\n", nil, "invalid_argument"},
		{"a long line", v3 + "[1,\"o\",\"" + strings.Repeat("x", maxEvent), nil, "invalid_argument"},
	} {
		_, got, err := events(t, test.text)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
		if test.err == "" && err != nil || test.err != "" && codeOf(err) != test.err {
			t.Errorf("%s: %v, want %q", test.name, err, test.err)
		}
	}
}

func FuzzCast(f *testing.F) {
	f.Add([]byte("{\"version\":3,\"term\":{\"cols\":80,\"rows\":24}}\n[1.5,\"o\",\"a\"]\n[0,\"r\",\"1x2\"]\n"))
	f.Add([]byte("{\"version\":2,\"width\":80,\"height\":24}\n[1.5,\"o\",\"a\"]\n# x\n[9,\"x\",\"0\"]"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var out bytes.Buffer
		err := Play(t.Context(), bytes.NewReader(b), &out, PlayOptions{Sleep: func(_ context.Context, d time.Duration) error {
			if d < 0 || d > maxCastTime {
				t.Fatalf("a pause of %v", d)
			}
			return nil
		}, Resize: func(cols, rows int) {
			if checkSize(cols, rows) != nil {
				t.Fatalf("a size of %dx%d", cols, rows)
			}
		}})
		if err == nil && bytes.Contains(out.Bytes(), []byte("\x1b[6n")) {
			t.Fatal("a question was shown")
		}
	})
}

// What is recorded is what is read, whatever it is and in whatever pieces it comes.
func FuzzRecorder(f *testing.F) {
	f.Add([]byte("a\xff日\x00\u2028\""), 2)
	f.Fuzz(func(t *testing.T, data []byte, n int) {
		if n < 1 {
			return
		}
		path := filepath.Join(t.TempDir(), "a.cast")
		r, err := NewRecorder(path, RecorderOptions{Cols: 80, Rows: 24})
		if err != nil {
			t.Fatal(err)
		}
		for rest := data; len(rest) > 0; rest = rest[min(n, len(rest)):] {
			r.Output(rest[:min(n, len(rest))])
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, all, err := events(t, string(b))
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		for _, e := range all {
			got.WriteString(e.Data)
		}
		if utf8.Valid(data) && got.String() != string(data) || !utf8.ValidString(got.String()) {
			t.Fatalf("%q became %q", data, got.String())
		}
	})
}

func TestPlay(t *testing.T) {
	const cast = `{"version":3,"term":{"cols":80,"rows":24}}
[1.0,"o","one "]
[10.0,"o","two\u001b[6n "]
[0.0,"i","typed"]
[0.5,"r","100x30"]
[0.5,"o","three"]
[0.0,"x","0"]
`
	for _, test := range []struct {
		name   string
		o      PlayOptions
		pauses string
		want   string
	}{
		{"as it was", PlayOptions{}, "1s 10s 500ms 500ms", "one two three"},
		{"faster", PlayOptions{Speed: 2}, "500ms 5s 250ms 250ms", "one two three"},
		{"short pauses", PlayOptions{IdleLimit: 2 * time.Second, Speed: 0.5}, "2s 4s 1s 1s", "one two three"},
		{"raw", PlayOptions{Raw: true}, "1s 10s 500ms 500ms", "one two\x1b[6n three"},
	} {
		var out bytes.Buffer
		var pauses, sizes []string
		test.o.Sleep = func(_ context.Context, d time.Duration) error { pauses = append(pauses, d.String()); return nil }
		test.o.Resize = func(c, r int) { sizes = append(sizes, fmt.Sprint(c, r)) }
		if err := Play(t.Context(), strings.NewReader(cast), &out, test.o); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(pauses, " "); got != test.pauses || out.String() != test.want || strings.Join(sizes, ",") != "80 24,100 30" {
			t.Errorf("%s: %q, %q, %v", test.name, got, out.String(), sizes)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("stop"))
	if err := Play(ctx, strings.NewReader(cast), io.Discard, PlayOptions{}); err == nil || err.Error() != "stop" {
		t.Errorf("got %v", err)
	}
	if err := Play(t.Context(), strings.NewReader(cast[:len(cast)-8]), io.Discard, PlayOptions{Speed: 1e9}); !errors.Is(err, ErrTorn) {
		t.Errorf("got %v", err)
	}
}
