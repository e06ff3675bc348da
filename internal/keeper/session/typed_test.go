package session

import (
	"strings"
	"testing"

	"errors"
	"relay-shell/internal/keeper"
)

func TestTyped(t *testing.T) {
	long := strings.Repeat("x", maxTyped)
	for _, c := range []struct {
		input string
		want  Typed
		blind bool
	}{
		{"ls", Typed{Line: "ls"}, false},
		{"ls\rpwd", Typed{Before: "ls\n", Line: "pwd"}, false},
		{"lx\x7fs ü\x08", Typed{Line: "ls "}, false},
		{"a\r\x03b", Typed{Line: "b"}, false},
		{"a\x15b", Typed{Line: "b"}, false},
		{"a\x1b[Db", Typed{Line: "a", Unknown: true}, false},
		{"a\x1b[D\rb", Typed{Before: "a\n", Line: "b"}, true},
		{"\t\x15\r", Typed{Before: "\n"}, true},
		{"\x1bOA\x03ls", Typed{Line: "ls"}, false},
		{"\x1b[200~a\rb\tc\x1b[201~\r", Typed{Before: "a\nb\tc\n"}, false},
		{"\x1b[20\r", Typed{Before: "\n"}, true},
		{"x\x0f", Typed{Before: "x\n", Unknown: true}, false},
		{"EOF\r\x04", Typed{}, false},
		{long + "x", Typed{Unknown: true}, false},
	} {
		if got, blind := (Typed{}).Type([]byte(c.input)); got != c.want || blind != c.blind {
			t.Errorf("%.40q: %+v, %v", c.input, got, blind)
		}
	}
	at := Typed{Before: "a \\\n", Line: "b"}
	if got := at.Person([]byte("c")); got != (Typed{Before: "a \\\n", Unknown: true}) {
		t.Errorf("%+v", got)
	}
	if got := at.Person([]byte("c\r")); got != (Typed{Before: "a \\\n"}) {
		t.Errorf("%+v", got)
	}
	if got := at.Person([]byte("c\r\x03")); got != (Typed{}) {
		t.Errorf("%+v", got)
	}
}

func FuzzType(f *testing.F) {
	f.Add("ls\x1b[200~\rx\x1b[201~", "\x7f\x15")
	f.Fuzz(func(t *testing.T, a, b string) {
		whole, _ := Typed{}.Type([]byte(a + b))
		if len(whole.Before)+len(whole.Line) > maxTyped {
			t.Error("too much is kept")
		}
		if strings.ContainsAny(whole.Line, "\x03\x1b\r\x7f") {
			t.Errorf("%q", whole.Line)
		}
	})
}

// TestTypedMeanwhile: what was judged is what is typed, or nothing.
func TestTypedMeanwhile(t *testing.T) {
	w := newWorld(t)
	id := w.spawn(Params{Argv: []string{"/bin/sh"}})
	w.until(id, `\$ `)
	var at Prompt
	w.call(id, OpTyped, struct{}{}, &at)
	w.call(id, OpSend, Send{Data: "echo ", After: &at.Typed}, nil)
	var e *keeper.Error
	if err := w.Call(t.Context(), id, OpSend, Send{Data: "x", Enter: true, After: &at.Typed}, nil); !errors.As(err, &e) || !strings.Contains(e.Message, "at the same time") {
		t.Error(err)
	}
	w.call(id, OpTyped, struct{}{}, &at)
	if at.Typed != (Typed{Line: "echo "}) {
		t.Errorf("%+v", at.Typed)
	}
	if err := w.Call(t.Context(), id, OpSend, Send{Data: strings.Repeat("x", 5000), Enter: true, After: &at.Typed}, nil); !errors.As(err, &e) || e.Code != "too_large" {
		t.Error(err)
	}
	w.call(id, OpSend, Send{After: &at.Typed}, nil) // nothing was typed
	w.visit(id, false, Frame{Cols: 80, Rows: 24}).types("person")
	w.until(id, `person`)
	var after Prompt
	w.call(id, OpTyped, struct{}{}, &after)
	if after.Typed != (Typed{Unknown: true}) {
		t.Errorf("what a person types is kept: %+v", after.Typed)
	}
}
