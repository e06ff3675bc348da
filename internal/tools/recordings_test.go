package tools

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestPruneRecordings: what is older than RECORD_RETENTION goes, and nothing else.
func TestPruneRecordings(t *testing.T) {
	state := t.TempDir()
	dir := Recordings(state)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-2 * time.Hour)
	for name, aged := range map[string]bool{"s-aaaaaaaa.cast": true, "s-bbbbbbbb.cast": false, "notes.txt": true} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if aged {
			if err := os.Chtimes(file, old, old); err != nil {
				t.Fatal(err)
			}
		}
	}
	count := func() int {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	if PruneRecordings(state, 0); count() != 3 {
		t.Error("0 does not keep them")
	}
	if PruneRecordings(state, time.Hour); count() != 2 {
		t.Errorf("%d left, want 2", count())
	}
	if _, err := os.Stat(filepath.Join(dir, "s-aaaaaaaa.cast")); !os.IsNotExist(err) {
		t.Error(err)
	}
}
