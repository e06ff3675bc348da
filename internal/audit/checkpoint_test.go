package audit

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func testKey(t testing.TB) *key {
	t.Helper()
	private, _, err := note.GenerateKey(rand.Reader, "relay-shell/test")
	if err != nil {
		t.Fatal(err)
	}
	k, err := parseKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func signed(t testing.TB, k *key, size int64) []byte {
	t.Helper()
	n, err := note.Sign(&note.Note{Text: checkpointText("relay-shell/test", size, tlog.RecordHash([]byte{byte(size)}), time.Unix(size, 0))}, k.signer)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestNotesSurviveTearing cuts a file of notes anywhere, as a crash does, goes on behind it, and finds all others.
func TestNotesSurviveTearing(t *testing.T) {
	k := testKey(t)
	first, torn, last := signed(t, k, 1), signed(t, k, 2), signed(t, k, 3)
	for cut := range len(torn) - 1 { // a note that lacks nothing but its newline is whole
		file := bytes.Clone(first)
		file = append(file, torn[:cut]...)
		if cut > 0 && torn[cut-1] != '\n' {
			file = append(file, '\n')
		}
		file = append(file, last...)
		var sizes []int64
		for _, n := range splitNotes(file) {
			if c, err := openNote(n, k.verifier); err == nil {
				sizes = append(sizes, c.Size)
			}
		}
		if fmt.Sprint(sizes) != "[1 3]" {
			t.Fatalf("cut at %d: found %v in %q", cut, sizes, file)
		}
	}
}

// TestCheckpointOnTimer: a checkpoint follows traffic by itself, and is C2SP's form.
func TestCheckpointOnTimer(t *testing.T) {
	path := logPath(t)
	l := open(t, Options{Path: path, CheckpointEvery: 20 * time.Millisecond})
	h := appendOK(t, l, intent("x"), false)
	name := filepath.Join(filepath.Dir(path), "audit.tree", "checkpoints")
	deadline := time.Now().Add(20 * time.Second)
	for {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		notes := splitNotes(data)
		c, err := openNote(notes[len(notes)-1], publicKey(t, path))
		if err != nil {
			t.Fatal(err)
		}
		if c.Size == h.Size {
			lines := strings.Split(string(c.Note), "\n")
			if lines[1] != "2" || lines[2] != h.Root || !strings.HasPrefix(lines[len(lines)-2], "— "+c.Origin+" ") {
				t.Errorf("%s", c.Note)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no checkpoint")
		}
		time.Sleep(5 * time.Millisecond)
	}
	for l.Head() != h { // the head follows
		if time.Now().After(deadline) {
			t.Fatalf("head %+v, want %+v", l.Head(), h)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// TestNothingInconsistentIsSigned: a tree that does not continue the last checkpoint is not signed, and the log says so.
func TestNothingInconsistentIsSigned(t *testing.T) {
	path := logPath(t)
	written(t, Options{Path: path}, 5)
	// Somebody rewrites a record and everything computed from it, but has no key.
	rewrite(t, path, func(l [][]byte) [][]byte { l[3] = bytes.Replace(l[3], []byte("nginx"), []byte("mysql"), 1); return l })
	var e edge
	var stored []byte
	for _, line := range logLines(t, path) {
		stored = e.add(leafHash(line), stored)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "audit.tree", "hashes"), stored, 0o600); err != nil {
		t.Fatal(err)
	}
	l := open(t, Options{Path: path})
	if h := l.Health(); !h.Degraded || !strings.Contains(h.Reason, "does not match its signed checkpoint") {
		t.Errorf("health: %+v", h)
	}
	h := appendOK(t, l, intent("goes on"), true)
	if _, err := l.Checkpoint(context.Background()); err == nil {
		t.Error("an inconsistent tree was signed")
	}
	if err := l.Close(); err == nil {
		t.Error("closing says nothing of it")
	}
	if r := verify(t, VerifyOptions{Path: path}); r.OK || r.Fault.Seq >= h.Seq {
		t.Errorf("%+v", r.Fault)
	}
}

// TestLostHashesAreComputedAgain: the stored hashes are a cache; the checkpoints tell whether they came out right.
func TestLostHashesAreComputedAgain(t *testing.T) {
	for _, size := range []int64{-1, 0, 100, 320} {
		path := logPath(t)
		written(t, Options{Path: path, Rotate: Rotation{Size: 3000}}, 10)
		hashes := filepath.Join(filepath.Dir(path), "audit.tree", "hashes")
		want, err := os.ReadFile(hashes)
		if err != nil {
			t.Fatal(err)
		}
		if size < 0 {
			err = os.Remove(hashes)
		} else {
			err = os.Truncate(hashes, size)
		}
		if err != nil {
			t.Fatal(err)
		}
		l := open(t, Options{Path: path})
		if h := l.Health(); h.Degraded {
			t.Errorf("cut to %d: %s", size, h.Reason)
		}
		got, err := os.ReadFile(hashes)
		if err != nil || !bytes.HasPrefix(got, want) {
			t.Errorf("cut to %d: the hashes are others now: %v", size, err)
		}
		verifyOK(t, path)
	}
}

func TestCheckpointsAreThinnedOut(t *testing.T) {
	k := testKey(t)
	c := &checkpoints{fsys: osFS{}, name: filepath.Join(t.TempDir(), "checkpoints"), key: k}
	var file []byte
	size := int64(0)
	for len(file) <= maxCheckpoints {
		size++
		file = append(file, signed(t, k, size)...)
	}
	if err := os.WriteFile(c.name, file, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.write(signed(t, k, size+1)); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(c.name)
	if err != nil {
		t.Fatal(err)
	}
	if n := int64(len(splitNotes(data))); n < size*7/10 || n > size*8/10 {
		t.Errorf("%d of %d notes are left", n, size)
	}
	if last, ok, err := c.last(); err != nil || !ok || last.Size != size+1 {
		t.Errorf("last: %d %v %v, want %d", last.Size, ok, err, size+1)
	}
}

func FuzzNotes(f *testing.F) {
	k := testKey(f)
	f.Add(append(signed(f, k, 1), signed(f, k, 2)...))
	f.Add([]byte("a\n1\nb\n\n— x\n— y\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		total := 0
		for _, n := range splitNotes(data) {
			total += len(n)
			_, _ = openNote(n, k.verifier)
		}
		if total > len(data) {
			t.Fatal("notes overlap")
		}
		for _, f := range ParseFloors(data, "") {
			if f.Size < 0 {
				t.Fatal(f)
			}
		}
		if all, own := ParseFloors(data, ""), ParseFloors(data, k.verifier.Name()); len(own) > len(all) {
			t.Fatalf("%d heads of one log among %d of all", len(own), len(all))
		}
	})
}

func FuzzCheckpoint(f *testing.F) {
	f.Add(checkpointText("relay-shell/test", 5, tlog.Hash{}, time.Unix(0, 0)))
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseCheckpoint(text)
		if err != nil {
			return
		}
		again, err := parseCheckpoint(checkpointText(c.Origin, c.Size, c.Root, c.Time))
		if err != nil || again.Size != c.Size || again.Root != c.Root {
			t.Fatalf("%q: %v", text, err)
		}
	})
}

func FuzzFloor(f *testing.F) {
	f.Add("5:" + tlog.Hash{}.String())
	f.Fuzz(func(t *testing.T, text string) {
		floor, err := ParseFloor(text)
		if err == nil && floor.Size < 0 {
			t.Fatal(floor)
		}
	})
}
