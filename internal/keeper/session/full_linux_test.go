package session

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestRecordingOnAFullDisk: the session lives on, its recording is good as far as it goes, and the status says why it goes no further.
func TestRecordingOnAFullDisk(t *testing.T) {
	w := newWorld(t)
	rec := filepath.Join(w.dir, "rec")
	if err := os.Mkdir(rec, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", rec, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("needs root for a small file system: %v", err) // pty TestRecorderOnAFullDisk is the form that does not
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(rec, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	id := w.spawn(Params{Argv: []string{"/bin/sh", "-c", "read x; seq 100000; read x; echo still here; read x; echo room again; read x; exit 7"}, Recordings: rec})
	w.call(id, OpSend, Send{Enter: true}, nil)
	w.until(id, `\n100000\n`)
	for deadline := time.Now().Add(time.Minute); w.status(id).RecordingError == ""; {
		if time.Now().After(deadline) {
			t.Fatal("nothing says that the disk is full")
		}
	}
	if said := w.status(id).RecordingError; !strings.Contains(said, syscall.ENOSPC.Error()) {
		t.Error(said)
	}
	w.call(id, OpSend, Send{Enter: true}, nil)
	w.until(id, `still here`)
	if n := w.prefix(filepath.Join(rec, id+".cast")); n == 0 {
		t.Error("nothing was recorded")
	}
	// Another one begins all the same, without a header as yet.
	other := w.spawn(Params{Argv: []string{"/bin/sh", "-c", "echo other; read x; echo more; read x"}, Recordings: rec})
	w.until(other, `other`)
	if said := w.status(other).RecordingError; !strings.Contains(said, syscall.ENOSPC.Error()) {
		t.Errorf("it says %q", said)
	}
	if err := syscall.Mount("tmpfs", rec, "tmpfs", syscall.MS_REMOUNT, "size=4m"); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{id: "room again", other: "more"} {
		w.call(id, OpSend, Send{Enter: true}, nil)
		w.until(id, want)
		w.call(id, OpSend, Send{Enter: true}, nil)
	}
	w.ended(other)
	for id, want := range map[string]string{id: "room again", other: "more"} {
		for deadline := time.Now().Add(time.Minute); ; {
			shown, file := w.recorded(id)
			if strings.Contains(shown, want) && strings.Contains(file, "bytes are missing: there was no room") {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("the recording does not go on: %q", file[max(0, len(file)-300):])
			}
		}
	}
	if said := w.status(id).RecordingError; !strings.Contains(said, "are missing in the recording") {
		t.Errorf("it says %q", said)
	}
	if last := w.ended(id); last.Status.ExitCode == nil || *last.Status.ExitCode != 7 {
		t.Errorf("%+v", last.Status)
	}
}
