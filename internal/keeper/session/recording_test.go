package session

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"relay-shell/internal/pty"
)

// most is the most memory, in bytes, that a process has had (proc(5), VmHWM).
func most(t *testing.T, pid int) int64 {
	t.Helper()
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if rest, ok := strings.CutPrefix(s.Text(), "VmHWM:"); ok {
			kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kb << 10
		}
	}
	t.Fatal("no VmHWM")
	return 0
}

// prefix wants the recording to be whole events up to where its writer was killed, and returns how many.
func (w *world) prefix(path string) (events int) {
	w.t.Helper()
	f, err := os.Open(path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Close()
	cast, err := pty.NewCastReader(f)
	for err == nil {
		if _, err = cast.Next(); err == nil {
			events++
		}
	}
	if err != io.EOF && !errors.Is(err, pty.ErrTorn) {
		w.t.Errorf("after %d events: %v", events, err)
	}
	return events
}

// TestLongRecording records a flood: memory stays bounded, and whenever the keeper is killed, what stands in the file is a recording.
func TestLongRecording(t *testing.T) {
	w := newWorld(t)
	rec := filepath.Join(w.dir, "rec")
	flood := fmt.Sprintf(`read x; seq 1 2000000000 | head -c %d; echo; echo the end; read x`, recordedBytes)
	for _, kill := range []float64{0.01, 0.2, 0.7, 1} {
		info, err := w.Start(context.Background(), Kind, 10, Params{Argv: []string{"/bin/sh", "-c", flood}, Env: os.Environ(), Dir: "/", Recordings: rec, Trail: w.trail()})
		if err != nil {
			t.Fatal(err)
		}
		w.call(info.ID, OpSend, Send{Enter: true}, nil)
		target := int64(kill * recordedBytes)
		for deadline := time.Now().Add(20 * time.Minute); ; {
			end := w.status(info.ID).End
			if end >= target {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%d of %d bytes", end, target)
			}
			w.reads(info.ID, Receive{Cursor: &end, Wait: time.Second, Max: 1})
		}
		if kill == 1 {
			w.until(info.ID, `the end`)
		}
		memory := most(t, info.PID)
		t.Logf("killed after %.0f%%: at most %.1f MiB", kill*100, float64(memory)/(1<<20))
		if memory > mostMemory {
			t.Errorf("%d bytes of memory", memory)
		}
		if err := syscall.Kill(info.PID, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(rec, info.ID+".cast")
		if n := w.prefix(path); n == 0 {
			t.Error("nothing was recorded")
		}
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
	}
}

// TestNotRecorded: where there can be no recording, a session begins without, and says so.
func TestNotRecorded(t *testing.T) {
	w := newWorld(t)
	rec := filepath.Join(w.dir, "rec")
	if err := os.WriteFile(rec, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	id := w.spawn(Params{Argv: []string{"/bin/sh", "-c", "echo up; read x"}, Recordings: rec, Trail: w.trail()})
	w.until(id, `up`)
	if s := w.status(id); s.Recording != "" || !strings.HasPrefix(s.RecordingError, "not recorded: ") || !strings.Contains(s.RecordingError, rec) {
		t.Errorf("%+v", s)
	}
}
