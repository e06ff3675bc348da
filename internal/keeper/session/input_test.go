package session

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"relay-shell/internal/keeper"
)

// TestLongInput: a line that the terminal would cut is refused as a whole; all others arrive as they are, of any length where the program reads
// bytes.
func TestLongInput(t *testing.T) {
	w := newWorld(t)
	file := filepath.Join(w.dir, "lines")
	id := w.spawn(Params{Argv: []string{"/bin/sh", "-c", `stty -echo; echo ready; cat >"$0"; echo done; read x`, file}})
	w.until(id, `ready`)
	fits, tooLong := strings.Repeat("f", 4095), strings.Repeat("t", 4096)
	refused := func(data string) {
		t.Helper()
		var e *keeper.Error
		if err := w.Call(t.Context(), id, OpSend, Send{Data: data, Enter: true}, nil); !errors.As(err, &e) || e.Code != "too_large" || e.Hint == "" {
			t.Errorf("%d bytes: %v", len(data), err)
		}
	}
	w.call(id, OpSend, Send{Data: fits, Enter: true}, nil)
	refused(tooLong)
	refused("short\n" + tooLong)
	w.call(id, OpSend, Send{Data: fits[:4000]}, nil)
	refused(fits[:96])
	w.call(id, OpSend, Send{Data: fits[:95], Enter: true}, nil)
	for range 30 { // more than the terminal holds at a time
		w.call(id, OpSend, Send{Data: fits[:1000] + "\n" + fits[:2000], Enter: true}, nil)
	}
	w.call(id, OpSend, Send{Keys: []string{"C-d"}}, nil)
	w.until(id, `done`)
	want := fits + "\n" + fits + "\n" + strings.Repeat(fits[:1000]+"\n"+fits[:2000]+"\n", 30)
	if got, err := os.ReadFile(file); err != nil || string(got) != want {
		t.Errorf("%d bytes, want %d; %v", len(got), len(want), err)
	}

	var long strings.Builder
	for i := 0; long.Len() < 100_000; i++ {
		fmt.Fprintf(&long, "%d,", i)
	}
	raw := filepath.Join(w.dir, "raw")
	reader := w.spawn(Params{Argv: []string{"/bin/sh", "-c", `stty raw -echo; echo ready; head -c "$1" >"$0"; echo done; read x`, raw, fmt.Sprint(long.Len())}})
	w.until(reader, `ready`)
	w.call(reader, OpSend, Send{Data: long.String()}, nil)
	w.until(reader, `done`)
	if got, err := os.ReadFile(raw); err != nil || string(got) != long.String() {
		t.Errorf("%d bytes, want %d; %v", len(got), long.Len(), err)
	}
}
