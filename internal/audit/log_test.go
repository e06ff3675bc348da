package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// open opens a log in a directory of the test, and closes it at its end.
func open(t testing.TB, o Options) *Log {
	t.Helper()
	l, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func logPath(t testing.TB) string { return filepath.Join(t.TempDir(), "audit", "audit.jsonl") }

func intent(call string) Record {
	return Record{
		Phase: Intent, Call: call, Tool: "ssh_exec", Tier: 1, Principal: "root", Client: "test/1", Session: "s-" + call,
		Host: &Host{Alias: "web1", User: "root", Hostname: "192.0.2.1", Port: 22}, Args: json.RawMessage(`{"command":"systemctl restart nginx"}`),
		Mode: "open", Rules: "1",
	}
}

func result(call string) Record {
	r := intent(call)
	code := 0
	r.Phase, r.Outcome, r.ExitCode, r.DurationMS = Result, "ok", &code, 12
	return r
}

func appendOK(t testing.TB, l *Log, r Record, durable bool) Head {
	t.Helper()
	h, err := l.Append(context.Background(), r, durable)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// logLines reads every line of the live segment.
func logLines(t testing.TB, path string) [][]byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
}

// rootOf computes the root over lines with tlog's own functions.
func rootOf(t testing.TB, lines [][]byte) string {
	t.Helper()
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			out[i] = stored[x]
		}
		return out, nil
	})
	for i, line := range lines {
		hashes, err := tlog.StoredHashes(int64(i), line, reader)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, hashes...)
	}
	root, err := tlog.TreeHash(int64(len(lines)), reader)
	if err != nil {
		t.Fatal(err)
	}
	return root.String()
}

func TestAppendAndReopen(t *testing.T) {
	path := logPath(t)
	for round := range 3 {
		l := open(t, Options{Path: path})
		for i := range 5 {
			call := fmt.Sprintf("%d-%d", round, i)
			appendOK(t, l, intent(call), true)
			h := appendOK(t, l, result(call), false)
			if got := rootOf(t, logLines(t, path)); got != h.Root {
				t.Fatalf("root after record %d: %s, want %s", h.Seq, h.Root, got)
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if h := l.Health(); h.Degraded {
			t.Fatal(h.Reason)
		}
	}
	lines := logLines(t, path)
	if len(lines) != 1+30 {
		t.Fatalf("%d lines, want 31", len(lines))
	}
	for i, line := range lines {
		if seq, ok := parseSeq(line); !ok || seq != int64(i) {
			t.Errorf("line %d: %s", i, line)
		}
	}
	t.Logf("%s\n%s\n%s", lines[0], lines[1], lines[2])
	if left, _ := os.ReadDir(filepath.Join(filepath.Dir(path), "audit.tree", "live")); len(left) != 0 {
		t.Errorf("instances left behind: %v", left)
	}
}

func TestTwoLogsOneTree(t *testing.T) {
	path := logPath(t)
	a, b := open(t, Options{Path: path}), open(t, Options{Path: path})
	for i := range 20 {
		l := a
		if i%3 == 0 {
			l = b
		}
		h := appendOK(t, l, result(fmt.Sprint(i)), i%2 == 0)
		if got := rootOf(t, logLines(t, path)); got != h.Root {
			t.Fatalf("root after record %d: %s, want %s", h.Seq, h.Root, got)
		}
	}
}

// TestNothingStaysOpen opens and closes logs, and counts descriptors.
func TestNothingStaysOpen(t *testing.T) {
	path := logPath(t)
	o := Options{Path: path, Rotate: Rotation{Size: 2000}, Format: CEF}
	written(t, o, 5)
	count := func() int {
		names, err := os.ReadDir("/dev/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(names)
	}
	before := count()
	for range 20 {
		written(t, o, 5)
		verifyOK(t, path)
		if _, err := Query(nil, path, Filter{}); err != nil {
			t.Fatal(err)
		}
		if _, err := Prove(nil, path, 3); err != nil {
			t.Fatal(err)
		}
	}
	if after := count(); after > before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}
