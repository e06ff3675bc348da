package keeper

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"testing"
)

// Take reads the files that it is given and answers with what is in them.
func (e *echo) Take(_ context.Context, op string, _ json.RawMessage, files []*os.File) (any, error) {
	said := []string{op}
	for _, f := range files {
		b, err := io.ReadAll(f)
		if err != nil {
			return nil, err
		}
		f.Close()
		said = append(said, string(b))
	}
	return said, nil
}

// TestGive passes open files to a keeper.
func TestGive(t *testing.T) {
	k := testKeepers(t)
	info := start(t, k, echo{Text: "x"})
	var files []*os.File
	for _, text := range []string{"one", "two", "three"} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if _, err := w.WriteString(text); err != nil {
			t.Fatal(err)
		}
		w.Close()
		files = append(files, r)
	}
	var said []string
	if err := k.Give(t.Context(), info.ID, "take", map[string]string{}, files, &said); err != nil {
		t.Fatal(err)
	}
	if want := []string{"take", "one", "two", "three"}; len(said) != len(want) || said[0] != want[0] || said[1] != want[1] || said[3] != want[3] {
		t.Errorf("%q", said)
	}
	if err := k.Call(t.Context(), info.ID, "say", "still there", nil); err != nil {
		t.Error(err)
	}
	if err := k.Give(t.Context(), "e-../../xx", "take", nil, files, nil); err == nil {
		t.Error("gave files to no keeper")
	}
}

// TestStartAs starts a keeper under an id that is known before.
func TestStartAs(t *testing.T) {
	k := testKeepers(t)
	id := NewID("echo")
	info, err := k.StartAs(t.Context(), "echo", id, 10, echo{Text: "x"})
	if err != nil || info.ID != id {
		t.Errorf("%+v, %v", info, err)
	}
	for _, id := range []string{"", "x-abcdefgh", "e-../../xx"} {
		if _, err := k.StartAs(t.Context(), "echo", id, 10, echo{}); err == nil {
			t.Errorf("started as %q", id)
		}
	}
}
