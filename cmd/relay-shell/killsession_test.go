package main

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// typing is a session that numbers the lines that are typed at it.
type typing struct {
	host string
	id   string
	sent atomic.Int64

	mu    sync.Mutex
	acked []int64
}

func (w *typing) begin(t *testing.T, s *server) {
	const command = `i=0; while read -r x; do i=$((i+1)); echo "line $i: $x."; done`
	if w.host == "" {
		w.id = s.must(t, "shell_spawn", map[string]any{"command": command}).SessionID
	} else {
		w.id = s.must(t, "ssh_spawn", map[string]any{"command": command, "host": w.host}).SessionID
	}
}

func (w *typing) load(s *server, answered func(string)) {
	for {
		n := w.sent.Add(1)
		a, err := s.call("session_send", map[string]any{"session_id": w.id, "data": fmt.Sprint("n", n)})
		if err != nil {
			return
		}
		answered(a.RequestID)
		w.mu.Lock()
		w.acked = append(w.acked, n)
		w.mu.Unlock()
		if a, err = s.call("session_recv", map[string]any{"session_id": w.id, "timeout": 0, "cursor": a.Cursor}); err != nil {
			return
		}
		answered(a.RequestID)
	}
}

func (w *typing) check(t *testing.T, s *server) {
	t.Logf("%s on %q", w.id, w.host)
	s.must(t, "session_send", map[string]any{"session_id": w.id, "data": "last"})
	a := s.must(t, "session_recv", map[string]any{"session_id": w.id, "cursor": 0, "until": `: last\.`, "timeout": 60, "max_bytes": 1 << 20})
	if !a.Matched || a.Dropped != 0 {
		t.Errorf("%s: the last line is not there, or %d bytes are gone", w.id, a.Dropped)
	}
	numbered := regexp.MustCompile(`line (\d+): (\w+)\.`) // anywhere in a line: the echo of what was typed meanwhile may stand before it
	seen := map[string]int{}
	for i, m := range numbered.FindAllStringSubmatch(a.Data, -1) {
		if m[1] != fmt.Sprint(i+1) {
			at := strings.Index(a.Data, m[0])
			t.Fatalf("%s: line %s after %d: %q", w.id, m[1], i, a.Data[max(0, at-200):min(len(a.Data), at+50)])
		}
		seen[m[2]]++
	}
	for _, n := range w.acked {
		if seen[fmt.Sprint("n", n)] != 1 {
			t.Errorf("%s: what was acknowledged as sent came %d times", w.id, seen[fmt.Sprint("n", n)])
		}
	}
	t.Logf("%s: %d sent, %d acknowledged, %d lines", w.id, w.sent.Load(), len(w.acked), len(seen))
}

// printing is a session that counts by itself, whoever looks.
type printing struct{ id string }

func (w *printing) begin(t *testing.T, s *server) {
	w.id = s.must(t, "shell_spawn", map[string]any{"command": `i=0; while :; do i=$((i+1)); echo "n $i"; sleep 0.02; done`}).SessionID
}

func (w *printing) load(s *server, answered func(string)) {
	for {
		a, err := s.call("session_recv", map[string]any{"session_id": w.id, "timeout": 0.1})
		if err != nil {
			return
		}
		answered(a.RequestID)
	}
}

func (w *printing) check(t *testing.T, s *server) {
	a := s.must(t, "session_recv", map[string]any{"session_id": w.id, "cursor": 0, "max_bytes": 1 << 20})
	lines := strings.Split(a.Data, "\r\n")
	for i, line := range lines[:len(lines)-1] {
		if line != fmt.Sprint("n ", i+1) {
			t.Fatalf("%q is line %d", line, i+1)
		}
	}
	if a.Dropped != 0 || !a.Alive || len(lines) < 10 {
		t.Errorf("%d lines, %d bytes dropped, alive %v", len(lines), a.Dropped, a.Alive)
	}
}
