package audit

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestTornTail cuts the log at every byte of its last three records, as a crash does, and opens it again: the torn line is terminated and
// recorded, nothing before it is touched, and the log verifies.
func TestTornTail(t *testing.T) {
	master := logPath(t)
	// A server that dies has signed nothing since the last checkpoint: take the files from under a living one.
	l := open(t, Options{Path: master, CheckpointEvery: time.Hour})
	for i := range 3 {
		appendOK(t, l, intent(fmt.Sprint(i)), true)
	}
	data, err := os.ReadFile(master)
	if err != nil {
		t.Fatal(err)
	}
	for cut := bytes.IndexByte(data, '\n') + 1; cut <= len(data); cut++ {
		if cut%tornStep == 0 || bytes.ContainsAny(data[cut-1:min(cut+1, len(data))], "\n{}") {
			tornAt(t, filepath.Dir(master), data, cut)
		}
	}
}

func tornAt(t *testing.T, master string, data []byte, cut int) {
	dir, err := os.MkdirTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	copyTree(t, master, dir)
	path := filepath.Join(dir, "audit.jsonl")
	if err := os.Truncate(path, int64(cut)); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(dir, "audit.tree", "hashes"), 32); err != nil {
		t.Fatal(err)
	}
	l, err := Open(Options{Path: path})
	if err != nil {
		t.Fatalf("cut at %d: %v", cut, err)
	}
	appendOK(t, l, intent("after"), true)
	if err := l.Close(); err != nil {
		t.Fatalf("cut at %d: %v", cut, err)
	}
	now, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(now, data[:cut]) {
		t.Fatalf("cut at %d: what was there was changed", cut)
	}
	torn := data[cut-1] != '\n' && (cut == len(data) || data[cut] != '\n') // a record that lacks nothing but its newline is whole
	if got := bytes.Contains(now, []byte(`"action":"recovery"`)); got != torn {
		t.Fatalf("cut at %d: recovery record: %v, want %v", cut, got, torn)
	}
	if r := verifyOK(t, path); (r.Damaged == 1) != torn {
		t.Fatalf("cut at %d: %d damaged lines", cut, r.Damaged)
	}
}

// TestEveryBitFlipIsFound flips random bits anywhere in a log.
func TestEveryBitFlipIsFound(t *testing.T) {
	path := logPath(t)
	written(t, Options{Path: path}, bitFlips/20+20)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for range bitFlips {
		at := rand.IntN(len(data))
		if _, err := f.WriteAt([]byte{data[at] ^ 1<<rand.IntN(8)}, int64(at)); err != nil {
			t.Fatal(err)
		}
		r := verify(t, VerifyOptions{Path: path})
		if r.OK {
			t.Fatalf("a flipped bit in byte %d was not found", at)
		}
		begin := bytes.LastIndexByte(data[:at], '\n') + 1
		line := int64(bytes.Count(data[:at], []byte("\n"))) + 1
		if r.Fault.Line != line || r.Fault.Offset != int64(begin) {
			t.Fatalf("a flipped bit in byte %d (line %d at %d) was reported as %+v", at, line, begin, r.Fault)
		}
		if _, err := f.WriteAt(data[at:at+1], int64(at)); err != nil {
			t.Fatal(err)
		}
	}
	verifyOK(t, path)
}
