package mcpserver

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestFilter(t *testing.T) {
	const call = `{"jsonrpc":"2.0","id":1,"method":"ping"}`
	const old = `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-03-26"}}`
	for _, tt := range []struct {
		name, in, passed string
		codes            []int
	}{
		{"messages pass", call + "\n" + `{"jsonrpc":"2.0","method":"notifications/initialized"}` + "\n", call + "\n" + `{"jsonrpc":"2.0","method":"notifications/initialized"}` + "\n", nil},
		{"blank lines and CRLF", "\r\n\n" + call + "\r\n", call + "\n", nil},
		{"a last line without newline", call, call + "\n", nil},
		{"not JSON", "hello\n" + call + "\n", call + "\n", []int{-32700}},
		{"two values on a line", call + call + "\n", "", []int{-32700}},
		{"not JSON-RPC", `{"a":1}` + "\n" + `7` + "\n" + `{"jsonrpc":"1.0","id":1,"method":"x"}` + "\n", "", []int{-32600, -32600, -32600}},
		{"a batch of a newer revision", "[" + call + "]\n", "", []int{-32600}},
		{"a batch of an older one", old + "\n[" + call + "]\n", old + "\n[" + call + "]\n", nil},
		{"an empty batch", old + "\n[]\n", old + "\n", []int{-32600}},
		{"a batch that repeats an id", old + "\n[" + call + "," + call + "]\n", old + "\n", []int{-32600}},
		{"a line over the bound", `"` + strings.Repeat("x", maxLine) + "\"\n" + call + "\n", call + "\n", []int{-32600}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out, passed bytes.Buffer
			w := &wire{out: &out, idle: make(chan struct{}, 1)}
			answered := &answering{w: w, to: &passed}
			if err := w.filter(strings.NewReader(tt.in), answered); !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.passed, passed.String()); diff != "" {
				t.Errorf("passed on (-want +got)\n%s", diff)
			}
			var codes []int
			for line := range strings.Lines(out.String()) {
				var m struct {
					ID    *int
					Error struct{ Code int }
				}
				if json.Unmarshal([]byte(line), &m) == nil && m.Error.Code != 0 {
					codes = append(codes, m.Error.Code)
				}
			}
			if diff := cmp.Diff(tt.codes, codes); diff != "" {
				t.Errorf("codes (-want +got)\n%s", diff)
			}
		})
	}
}

// answering stands for the SDK: it answers whatever it is given, so that the filter need not wait for it.
type answering struct {
	w  *wire
	to io.Writer
}

func (a *answering) Write(p []byte) (int, error) {
	n, err := a.to.Write(p)
	a.w.mu.Lock()
	a.w.pending = 0
	a.w.mu.Unlock()
	return n, err
}

// TestDrain holds the end of input back until what was asked has been answered.
func TestDrain(t *testing.T) {
	w := &wire{out: io.Discard, idle: make(chan struct{}, 1)}
	done := make(chan error, 1)
	passed := make(chan struct{}, 1)
	go func() {
		done <- w.filter(strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"ping"}`+"\n"), writerFunc(func(p []byte) (int, error) {
			passed <- struct{}{}
			return len(p), nil
		}))
	}()
	<-passed
	select {
	case <-done:
		t.Fatal("the end of input was passed on before the answer")
	case <-time.After(100 * time.Millisecond):
	}
	if _, err := w.Write([]byte(`{"jsonrpc":"2.0","id":1,"result":{"text":",\"method\":"}}` + "\n")); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestAnswers(t *testing.T) {
	for line, want := range map[string]int{
		`{"jsonrpc":"2.0","id":1,"result":{}}`:                                        1,
		`{"jsonrpc":"2.0","id":"a","error":{"code":-1,"message":"x"}}`:                1,
		`{"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{}}`:          0,
		`{"jsonrpc":"2.0","method":"notifications/progress","params":{}}`:             0,
		`[{"jsonrpc":"2.0","id":1,"result":{}},{"jsonrpc":"2.0","id":2,"result":{}}]`: 2,
	} {
		if got := answers([]byte(line + "\n")); got != want {
			t.Errorf("%s: %d answers, want %d", line, got, want)
		}
	}
}

func FuzzFilter(f *testing.F) {
	f.Add([]byte(`{"jsonrpc":"2.0","id":1,"method":"ping"}`))
	f.Add([]byte(`[{"jsonrpc":"2.0","id":1,"method":"ping"},7]`))
	f.Add([]byte("\x00\xff\n{}"))
	f.Fuzz(func(t *testing.T, in []byte) {
		var out, passed bytes.Buffer
		w := &wire{out: &out, idle: make(chan struct{}, 1), batches: true}
		_ = w.filter(bytes.NewReader(in), &answering{w: w, to: &passed})
		// Whatever is passed on, the SDK can decode: one JSON value a line.
		scanner := bufio.NewScanner(&passed)
		scanner.Buffer(nil, maxLine+1024)
		for scanner.Scan() {
			if !json.Valid(scanner.Bytes()) {
				t.Errorf("passed on: %q", scanner.Text())
			}
		}
	})
}
