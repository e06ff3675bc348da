package tools

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Recordings is the directory of recordings.
func Recordings(stateDir string) string { return filepath.Join(stateDir, "recordings") }

// PruneRecordings removes recordings that nobody has written to for the retention; 0 keeps them. The audit keeps their hashes.
func PruneRecordings(stateDir string, retention time.Duration) {
	dir := Recordings(stateDir)
	entries, err := os.ReadDir(dir)
	if err != nil || retention <= 0 {
		return
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && strings.HasSuffix(e.Name(), ".cast") && time.Since(info.ModTime()) > retention {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}
