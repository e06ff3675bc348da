package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// mustFail expects Append to fail with the contract's code and a hint.
func mustFail(t *testing.T, l *Log, r Record) error {
	t.Helper()
	_, err := l.Append(context.Background(), r, true)
	var coded *UnavailableError
	if !errors.As(err, &coded) {
		t.Fatalf("append: %v, want an UnavailableError", err)
	}
	if coded.ErrorCode() != "audit_unavailable" || coded.ErrorHint() == "" {
		t.Fatalf("code %q, hint %q", coded.ErrorCode(), coded.ErrorHint())
	}
	return err
}

// TestFailedSyncIsFinal: after one failed sync nothing is acknowledged, nothing is synced again on that descriptor, and only a new segment
// starts anew.
func TestFailedSyncIsFinal(t *testing.T) {
	fsys, path := newFaultFS(), logPath(t)
	l := open(t, Options{Path: path, FS: fsys, CheckpointEvery: time.Hour})
	appendOK(t, l, intent("before"), true)
	fsys.failSync("audit.jsonl", syscall.EIO)
	mustFail(t, l, intent("failed"))
	fsys.failSync("audit.jsonl", nil)
	synced := fsys.syncCount("audit.jsonl")
	size := len(logLines(t, path))
	for i := range 100 {
		mustFail(t, l, intent(fmt.Sprint(i)))
	}
	if n := fsys.syncCount("audit.jsonl"); n != synced {
		t.Errorf("%d syncs after the failed one", n-synced)
	}
	if n := len(logLines(t, path)); n != size {
		t.Errorf("%d lines were written after the failed sync", n-size)
	}
	if h := l.Health(); !h.Degraded || !h.Poisoned || h.Lost < 100 || !strings.Contains(h.Reason, "input/output error") {
		t.Errorf("health: %+v", h)
	}
	if err := l.Reopen(); err != nil {
		t.Fatal(err)
	}
	appendOK(t, l, intent("after"), true)
	if h := l.Health(); h.Degraded {
		t.Errorf("health after reopening: %+v", h)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if r := verifyOK(t, path); r.Segments != 2 {
		t.Errorf("%d segments, want a new one after the failure", r.Segments)
	}
	if !bytes.Contains(bytes.Join(logLines(t, path), nil), []byte(`"lost":100`)) {
		t.Errorf("the log does not say how many records it lacks: %s", bytes.Join(logLines(t, path), []byte("\n")))
	}
}

func TestFullDisk(t *testing.T) {
	for _, mode := range []FailureMode{Deny, Allow} {
		t.Run(string(mode), func(t *testing.T) { fullDisk(t, mode) })
	}
}

func fullDisk(t *testing.T, mode FailureMode) {
	fsys, path := newFaultFS(), logPath(t)
	now := time.Now()
	l := open(t, Options{
		Path: path, FS: fsys, OnFailure: mode, CheckpointEvery: time.Hour, Reserve: 64 << 10, LowSpace: 1 << 20,
		Now: func() time.Time { now = now.Add(50 * time.Millisecond); return now },
	})
	appendOK(t, l, intent("running"), true)
	fsys.setQuota(700) // room for one record and a piece of the next
	appendOK(t, l, intent("fits"), true)
	appendOK(t, l, intent("from the reserve"), true)
	lines := logLines(t, path)
	if last := string(lines[len(lines)-1]); !strings.Contains(last, "the disk is full") {
		t.Errorf("the last record does not say that the disk is full: %s", last)
	}
	if h := l.Health(); !h.Degraded || h.Space != "full" {
		t.Errorf("health: %+v", h)
	}
	if mode == Deny {
		err := mustFail(t, l, intent("refused"))
		if !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%v does not say that there is no space", err)
		}
		if now := logLines(t, path); len(now) != len(lines) {
			t.Errorf("a refused call was written")
		}
	}
	appendOK(t, l, result("running"), false) // the outcome of what runs is worth the reserve
	if _, err := Query(nil, path, Filter{}); err != nil {
		t.Errorf("reading on a full disk: %v", err)
	}
	for i := range 2000 { // until the reserve is gone too
		if _, err := l.Append(context.Background(), intent(fmt.Sprint(i)), false); err != nil {
			break
		}
	}
	lost := l.Health().Lost
	if lost == 0 {
		t.Fatal("nothing was lost on a full disk")
	}
	fsys.setQuota(1 << 30)
	appendOK(t, l, intent("space again"), true)
	if h := l.Health(); h.Degraded || h.Space != "ok" {
		t.Errorf("health after the space returned: %+v", h)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	verifyOK(t, path)
	said := int64(0)
	for _, line := range logLines(t, path) {
		if r, ok := housekeeping(line); ok {
			said += r.Log.Lost
		}
	}
	if said != lost {
		t.Errorf("the log says that %d records are lost, Health %d", said, lost)
	}
}

// TestFullSmallDisk: a disk on which the whole reserve never had a place goes on with what it had.
func TestFullSmallDisk(t *testing.T) {
	fsys, path := newFaultFS(), logPath(t)
	fsys.setQuota(600 << 10)
	now := time.Now()
	l := open(t, Options{Path: path, FS: fsys, OnFailure: Deny, CheckpointEvery: time.Hour, Now: func() time.Time { now = now.Add(50 * time.Millisecond); return now }})
	appendOK(t, l, intent("fits"), true)
	fsys.setQuota(0)
	for range 3 { // the reserve is given up once, and looked for again
		_, _ = l.Append(context.Background(), result("fits"), false)
		_, _ = l.Append(context.Background(), intent("full"), false)
	}
	if h := l.Health(); h.Space != "full" {
		t.Fatalf("health: %+v", h)
	}
	fsys.setQuota(500 << 10)
	appendOK(t, l, intent("space again"), true)
	if h := l.Health(); h.Degraded || h.Space == "full" {
		t.Errorf("health after the space returned: %+v", h)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	verifyOK(t, path)
}

// TestFullDiskAtStart: the reserve is enough to start, so that an agent can look for what filled the disk.
func TestFullDiskAtStart(t *testing.T) {
	fsys, path := newFaultFS(), logPath(t)
	now := time.Now()
	o := Options{Path: path, FS: fsys, OnFailure: Deny, Reserve: 64 << 10, Now: func() time.Time { now = now.Add(50 * time.Millisecond); return now }}
	written(t, o, 3)
	fsys.setQuota(0)
	l := open(t, o)
	lines := logLines(t, path)
	if last := string(lines[len(lines)-1]); !strings.Contains(last, "the disk is full") {
		t.Errorf("the last record does not say that the disk is full: %s", last)
	}
	mustFail(t, l, intent("refused"))
	fsys.setQuota(1 << 30)
	appendOK(t, l, intent("space again"), true)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	verifyOK(t, path)
}

// TestVanishedFile: the log notices at once, and goes on when the directory is back.
func TestVanishedFile(t *testing.T) {
	path := logPath(t)
	l := open(t, Options{Path: path, CheckpointEvery: time.Hour})
	appendOK(t, l, intent("1"), true)
	away := path + ".taken"
	if err := os.Rename(filepath.Dir(path), filepath.Dir(path)+".away"); err != nil {
		t.Fatal(err)
	}
	mustFail(t, l, intent("2"))
	if h := l.Health(); !h.Degraded || h.Lost != 1 {
		t.Errorf("health without the directory: %+v", h)
	}
	if err := os.Rename(filepath.Dir(path)+".away", filepath.Dir(path)); err != nil {
		t.Fatal(err)
	}
	appendOK(t, l, intent("3"), true)
	if h := l.Health(); h.Degraded {
		t.Errorf("health with the directory back: %+v", h)
	}
	// The file alone: the sequence goes on, and verify says what is missing.
	if err := os.Rename(path, away); err != nil {
		t.Fatal(err)
	}
	h := appendOK(t, l, intent("4"), true)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if h.Seq != 5 { // head, 1, lost, 3, new head
		t.Errorf("the record after the loss has number %d", h.Seq)
	}
	if r := verify(t, VerifyOptions{Path: path}); r.OK || !strings.Contains(r.Fault.Reason, "missing") {
		t.Errorf("a removed file was not found: %+v", r)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link.jsonl")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]Options{
		"no path":          {},
		"below a file":     {Path: filepath.Join(file, "x", "audit.jsonl")},
		"a directory":      {Path: dir},
		"a device":         {Path: "/dev/null"},
		"a symbolic link":  {Path: link},
		"an unknown mode":  {Path: filepath.Join(dir, "a.jsonl"), Sync: "sometimes"},
		"an unknown form":  {Path: filepath.Join(dir, "a.jsonl"), Format: "xml"},
		"an unknown habit": {Path: filepath.Join(dir, "a.jsonl"), OnFailure: "maybe"},
	} {
		l, err := Open(o)
		if err == nil {
			l.Close()
			t.Errorf("%s: opened", name)
		} else {
			t.Logf("%s: %v", name, err)
		}
	}
}

func TestFilesArePrivate(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	path := logPath(t)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	written(t, Options{Path: path, Format: CEF, Rotate: Rotation{Size: -1}}, 1)
	onlyOurs(t, filepath.Dir(path))
	written(t, Options{Path: path, Format: CEF, Rotate: Rotation{Size: 3000}}, 10)
	onlyOurs(t, filepath.Dir(path))
}

func onlyOurs(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestTornByFullDisk: a line that the disk cut off stays torn for as long as there is no room for its newline, whoever looks at it, and is
// recorded by whoever writes first.
func TestTornByFullDisk(t *testing.T) {
	fsys, path := newFaultFS(), logPath(t)
	now := time.Now()
	o := Options{Path: path, FS: fsys, Reserve: -1, CheckpointEvery: time.Hour, Now: func() time.Time { now = now.Add(time.Second); return now }}
	a, b := open(t, o), open(t, o)
	appendOK(t, a, intent("whole"), true)
	fsys.setQuota(100)
	for range 3 {
		mustFail(t, a, intent("torn"))
		mustFail(t, b, intent("no room for a newline"))
	}
	if r := verify(t, VerifyOptions{Path: path}); !r.OK || !strings.Contains(strings.Join(r.Notes, " "), "torn") {
		t.Errorf("verify with a torn last line: %+v %v", r, r.Fault)
	}
	fsys.setQuota(1 << 30)
	appendOK(t, b, intent("space again"), true)
	appendOK(t, a, intent("and here"), true)
	for _, l := range []*Log{a, b} {
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if r := verifyOK(t, path); r.Damaged != 1 {
		t.Errorf("%d damaged lines", r.Damaged)
	}
}
