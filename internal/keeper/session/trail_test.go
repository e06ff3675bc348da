package session

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"relay-shell/internal/audit"
)

// pieces reads what the audit log has of a recording, and compares it with the file.
func (w *world) pieces(id string) (covered int64) {
	w.t.Helper()
	cast, err := os.ReadFile(filepath.Join(w.dir, "rec", id+".cast"))
	if err != nil {
		w.t.Fatal(err)
	}
	found, err := audit.Query(nil, w.log(), audit.Filter{Tool: RecordingTool, Lines: 10_000})
	if err != nil {
		return 0 // not begun
	}
	for _, p := range found {
		var at struct {
			ID     string `json:"session_id"`
			Offset int64  `json:"offset"`
		}
		if err := json.Unmarshal(p.Args, &at); err != nil {
			w.t.Fatal(err)
		}
		if at.ID != id {
			continue
		}
		if at.Offset != covered {
			w.t.Errorf("a piece at %d, want %d", at.Offset, covered)
		}
		covered += p.OutputLen
		sum := sha256.Sum256(cast[at.Offset:covered])
		if hex.EncodeToString(sum[:]) != p.OutputSHA256 || p.Principal != "me" {
			w.t.Errorf("%+v is not the file's", p.Record)
		}
	}
	return covered
}

func (w *world) log() string { return filepath.Join(w.dir, "audit", "audit.jsonl") }

func (w *world) trail() *audit.Trail { return &audit.Trail{Path: w.log(), Principal: "me"} }

// TestTrail: what was recorded is provable, also when the keeper is killed and when the log could not be written for a while.
func TestTrail(t *testing.T) {
	w := newWorld(t)
	ended := w.spawn(Params{Argv: []string{"/bin/sh", "-c", "seq 1 30000; read x"}, Recordings: filepath.Join(w.dir, "rec"), Trail: w.trail()})
	killed := w.spawn(Params{Argv: []string{"/bin/sh", "-c", "echo first; read x; seq 1 3000; read x"}, Recordings: filepath.Join(w.dir, "rec"), Trail: w.trail()})
	w.until(ended, `30000\s`)
	w.call(ended, OpSend, Send{Enter: true}, nil)
	w.ended(ended)
	w.covered(ended, true)
	w.until(killed, `first`)
	w.covered(killed, false)
	w.call(killed, OpSend, Send{Enter: true}, nil)
	w.until(killed, `3000\s`)
	info, err := w.Find(t.Context(), Kind, killed)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(info.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if w.pieces(killed) == 0 {
		t.Error("nothing is provable")
	}
	if report, err := audit.Verify(t.Context(), audit.VerifyOptions{Path: w.log()}); err != nil || !report.OK {
		t.Errorf("%+v, %v", report, err)
	}
}

// covered waits until the log has hashes of the whole file, or of some of it.
func (w *world) covered(id string, whole bool) {
	w.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		info, err := os.Stat(filepath.Join(w.dir, "rec", id+".cast"))
		if err != nil {
			w.t.Fatal(err)
		}
		if n := w.pieces(id); n > 0 && (!whole || n == info.Size()) {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("%d of %d bytes have hashes in the log", w.pieces(id), info.Size())
		}
	}
}

// TestTrailBlocked: a log that cannot be written is said, and gets what it lacks later.
func TestTrailBlocked(t *testing.T) {
	w := newWorld(t)
	if err := os.WriteFile(filepath.Join(w.dir, "audit"), nil, 0o600); err != nil { // where the log's directory should be
		t.Fatal(err)
	}
	id := w.spawn(Params{Argv: []string{"/bin/sh", "-c", "echo first; read x"}, Recordings: filepath.Join(w.dir, "rec"), Trail: w.trail()})
	for deadline := time.Now().Add(30 * time.Second); !strings.HasPrefix(w.status(id).RecordingError, "audit: "); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("not said")
		}
	}
	if err := os.Remove(filepath.Join(w.dir, "audit")); err != nil {
		t.Fatal(err)
	}
	w.covered(id, true)
	if s := w.status(id).RecordingError; s != "" {
		t.Error(s)
	}
}
