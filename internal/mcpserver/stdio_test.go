package mcpserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
)

func TestFilter(t *testing.T) {
	const call = `{"jsonrpc":"2.0","id":1,"method":"ping"}`
	const old = `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-03-26"}}`
	long := strings.Repeat("x", maxLine)
	for _, tt := range []struct {
		name, in, passed string
		answers          []string // id and code
	}{
		{"messages pass", call + "\n" + `{"jsonrpc":"2.0","method":"notifications/initialized"}` + "\n", call + "\n" + `{"jsonrpc":"2.0","method":"notifications/initialized"}` + "\n", nil},
		{"blank lines and CRLF", "\r\n\n" + call + "\r\n", call + "\n", nil},
		{"a last line without newline", call, call + "\n", nil},
		{"not JSON", "hello\n" + call + "\n", call + "\n", []string{"null -32700"}},
		{"two values on a line", call + call + "\n", "", []string{"null -32700"}},
		{"not JSON-RPC", `{"a":1}` + "\n" + `7` + "\n" + `null` + "\n", "", []string{"null -32600", "null -32600", "null -32600"}},
		{"another version", `{"jsonrpc":"1.0","id":"a","method":"x"}` + "\n" + `{"id":5,"method":"x"}` + "\n", "", []string{`"a" -32600`, "5 -32600"}},
		{"a method that is no string", `{"jsonrpc":"2.0","id":6,"method":7}` + "\n" + `{"jsonrpc":"2.0","id":6,"method":null}` + "\n" + `{"jsonrpc":"2.0","id":6,"method":""}` + "\n", "", []string{"6 -32600", "6 -32600", "6 -32600"}},
		{"no method and no result", `{"jsonrpc":"2.0","id":6}` + "\n" + `{"jsonrpc":"2.0"}` + "\n", "", []string{"6 -32600", "null -32600"}},
		{"ids that are none", `{"jsonrpc":"2.0","id":null,"method":"ping"}` + "\n" + `{"jsonrpc":"2.0","id":1.5,"method":"ping"}` + "\n" + `{"jsonrpc":"2.0","id":{},"method":"ping"}` + "\n" + `{"jsonrpc":"2.0","id":true,"method":"ping"}` + "\n", "", []string{"null -32600", "1.5 -32600", "null -32600", "null -32600"}},
		{"an id over the bound", `{"jsonrpc":"2.0","id":"` + strings.Repeat("i", maxID) + `","method":"ping"}` + "\n" + `{"jsonrpc":"2.0","id":"` + "\xff" + `","method":"ping"}` + "\n", "", []string{"null -32600", "null -32600"}},
		{"a response of the client", `{"jsonrpc":"2.0","id":1,"result":{}}` + "\n", `{"jsonrpc":"2.0","id":1,"result":{}}` + "\n", nil},
		{"no UTF-8", `{"jsonrpc":"2.0","id":6,"method":"ping","params":{"x":"` + "\xff" + `"}}` + "\n" + call + "\n", call + "\n", []string{"6 -32600"}},
		{"a large id", `{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}` + "\n", `{"id":"relay-shell/id:n9007199254740993","jsonrpc":"2.0","method":"ping"}` + "\n", nil},
		{"its cancellation", `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":9007199254740993}}` + "\n", `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"relay-shell/id:n9007199254740993"}}` + "\n", nil},
		{"no params", `{"jsonrpc":"2.0","id":2,"method":"tools/call"}` + "\n" + `{"jsonrpc":"2.0","id":3,"method":"tools/call","params":null}` + "\n" + `{"jsonrpc":"2.0","id":4,"method":"ping","params":[1]}` + "\n", "", []string{"2 -32602", "3 -32602", "4 -32602"}},
		{"a batch of a newer revision", "[" + call + "]\n", "", []string{"null -32600"}},
		{"a batch of an older one", old + "\n[" + call + "]\n", old + "\n[" + call + "]\n", nil},
		{"an empty batch", old + "\n[]\n", old + "\n", []string{"null -32600"}},
		{"a batch that repeats an id", old + "\n[" + call + "," + call + "]\n", old + "\n", []string{"1 -32600", "1 -32600"}},
		{"a batch with something else in it", old + "\n[" + call + `,7,{"jsonrpc":"2.0","method":"x"},{"jsonrpc":"2.0","id":3,"result":{}}]` + "\n", old + "\n", []string{"1 -32600", "null -32600"}},
		{"a line over the bound", `"` + long + "\"\n" + call + "\n", call + "\n", []string{"null -32600"}},
		{"its id at the beginning", `{"jsonrpc":"2.0","id":8,"params":"` + long + "\"}\n", "", []string{"8 -32600"}},
		{"its id at the end", `{"method":"x","params":{"a":"` + long + `\"id\":7}"},"jsonrpc":"2.0","id":"z"}` + "\n" + call + "\n", call + "\n", []string{`"z" -32600`}},
		{"an id of something else at the end", `{"method":"x","params":{"a":"` + long + `","id":7}}` + "\n", "", []string{"null -32600"}},
		{"a line over the bound without an end", `{"jsonrpc":"2.0","id":8,"params":"` + long, "", []string{"8 -32600"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out, passed bytes.Buffer
			w := newWire(&out)
			answered := &answering{w: w, to: &passed}
			if err := w.filter(strings.NewReader(tt.in), answered); !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.passed, passed.String()); diff != "" {
				t.Errorf("passed on (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(tt.answers, refusalsIn(t, out.Bytes())); diff != "" {
				t.Errorf("answers (-want +got)\n%s", diff)
			}
		})
	}
}

// refusalsIn lists the errors in what was answered.
func refusalsIn(t *testing.T, out []byte) (all []string) {
	t.Helper()
	type answer struct {
		ID    json.RawMessage
		Error struct{ Code int }
	}
	for line := range bytes.Lines(out) {
		list := []answer{{}}
		into := any(&list[0])
		if line[0] == '[' {
			into = &list
		}
		if err := json.Unmarshal(line, into); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		for _, a := range list {
			all = append(all, fmt.Sprintf("%s %d", a.ID, a.Error.Code))
		}
	}
	return all
}

// TestIDsInFlight: an id can be used again once its request is answered, not before.
func TestIDsInFlight(t *testing.T) {
	var out bytes.Buffer
	w := newWire(&out)
	admit := func(line string) bool {
		pass, refused := w.admit([]byte(line))
		if refused != nil {
			w.reply(refused)
		}
		return pass != nil
	}
	const one, text, cancel = `{"jsonrpc":"2.0","id":1,"method":"ping"}`, `{"jsonrpc":"2.0","id":"1","method":"ping"}`, `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`
	if !admit(one) || !admit(text) {
		t.Fatal("a number and a string are different ids")
	}
	if admit(one) || admit(`{"jsonrpc":"2.0","id":1.0,"method":"ping"}`) {
		t.Error("an id in flight was taken again")
	}
	if got := refusalsIn(t, out.Bytes()); !slices.Equal(got, []string{"1 -32600", "1 -32600"}) {
		t.Errorf("%q", got)
	}
	if _, err := w.Write([]byte(`{"jsonrpc":"2.0","id":1,"result":{}}` + "\n")); err != nil || !admit(one) {
		t.Error("an answered id was refused", err)
	}
	if !admit(cancel) || admit(one) {
		t.Error("the id of a request that was cancelled and still runs was taken again")
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
	clear(a.w.inFlight)
	a.w.mu.Unlock()
	return n, err
}

// TestDrain holds the end of input back until what was asked has been answered.
func TestDrain(t *testing.T) {
	w := newWire(io.Discard)
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
	for line, want := range map[string]struct {
		keys []string
		text string // "" = as it was
	}{
		`{"jsonrpc":"2.0","id":1,"result":{}}`:                                        {[]string{"n1"}, ""},
		`{"jsonrpc":"2.0","id":"a","error":{"code":-1,"message":"x"}}`:                {[]string{"sa"}, ""},
		`{"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{}}`:          {nil, ""},
		`{"jsonrpc":"2.0","method":"notifications/progress","params":{}}`:             {nil, ""},
		`[{"jsonrpc":"2.0","id":1,"result":{}},{"jsonrpc":"2.0","id":2,"result":{}}]`: {[]string{"n1", "n2"}, ""},
		`{"jsonrpc":"2.0","id":"relay-shell/id:n9007199254740993","result":{}}`:       {[]string{"n9007199254740993"}, `{"jsonrpc":"2.0","id":9007199254740993,"result":{}}`},
		`{"jsonrpc":"2.0","id":"relay-shell/id:srelay-shell/id:x","result":{}}`:       {[]string{"srelay-shell/id:x"}, `{"jsonrpc":"2.0","id":"relay-shell/id:x","result":{}}`},
		`{"jsonrpc":"2.0","id":4,"error":{"code":0,"message":"method x is invalid"}}`: {[]string{"n4"}, `{"jsonrpc":"2.0","id":4,"error":{"code":-32600,"message":"method x is invalid"}}`},
		`{"jsonrpc":"2.0","id":4,"error":{"code":-32602,"message":"handling 'tools/call': invalid params: unmarshaling \"{\\\"name\\\":5}\" into a *mcp.X: y"}}`: {
			[]string{"n4"}, `{"jsonrpc":"2.0","id":4,"error":{"code":-32602,"message":"invalid params: tools/call takes them in another form: one is missing, or of a type or kind that it does not know"}}`},
		`{"jsonrpc":"2.0","id":4,"error":{"code":0,"message":"context canceled"}}`:    {[]string{"n4"}, ""},
		`{"jsonrpc":"2.0","id":4,"error":{"code":-32602,"message":"unknown tool"}}`:   {[]string{"n4"}, ""},
		`[{"jsonrpc":"2.0","id":"relay-shell/id:n-9007199254740993","result":"<&>"}]`: {[]string{"n-9007199254740993"}, `[{"jsonrpc":"2.0","id":-9007199254740993,"result":"<&>"}]`},
	} {
		if want.text == "" {
			want.text = line
		}
		keys, text := answers([]byte(line + "\n"))
		if !slices.Equal(keys, want.keys) || string(text) != want.text {
			t.Errorf("%s: %q %s", line, keys, text)
		}
	}
}

// FuzzID: whatever id the SDK gets to see, the client gets its own back.
func FuzzID(f *testing.F) {
	for _, seed := range []string{"1", "-0", "9007199254740993", `"relay-shell/id:n1"`, `"\u0000<&>"`, "1e3", "1.5", "null"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !json.Valid(raw) {
			return
		}
		key, ok := idKey(raw)
		if !ok || len(raw) > maxID {
			return
		}
		if again, ok := idKey(rawID(key)); !ok || again != key {
			t.Fatalf("%s became %s", raw, rawID(key))
		}
		shown, ok := disguised(key)
		if !ok {
			return
		}
		keys, text := answers([]byte(`{"jsonrpc":"2.0","id":` + string(marshal(shown)) + `,"result":{}}`))
		if len(keys) != 1 || keys[0] != key || string(text) != `{"jsonrpc":"2.0","id":`+string(rawID(key))+`,"result":{}}` {
			t.Fatalf("%s: %q %s", raw, keys, text)
		}
	})
}

func FuzzFilter(f *testing.F) {
	f.Add([]byte(`{"jsonrpc":"2.0","id":1,"method":"ping"}`))
	f.Add([]byte(`[{"jsonrpc":"2.0","id":1,"method":"ping"},7]`))
	f.Add([]byte("\x00\xff\n{}"))
	f.Fuzz(func(t *testing.T, in []byte) {
		var out, passed bytes.Buffer
		w := newWire(&out)
		w.batches = true
		_ = w.filter(bytes.NewReader(in), &answering{w: w, to: &passed})
		// Whatever is passed on, the SDK can decode: one message or batch a line.
		for line := range bytes.Lines(passed.Bytes()) {
			batch := []json.RawMessage{line}
			if line[0] == '[' && json.Unmarshal(line, &batch) != nil {
				t.Fatalf("passed on: %q", line)
			}
			for _, m := range batch {
				if _, err := jsonrpc.DecodeMessage(m); err != nil {
					t.Errorf("passed on: %q: %v", m, err)
				}
			}
		}
		for line := range bytes.Lines(out.Bytes()) {
			if !json.Valid(line) {
				t.Errorf("answered: %q", line)
			}
		}
	})
}
