package audit

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestRotationUnderWriters rotates while 64 writers append: no gap and no repetition, and every segment verifies alone.
func TestRotationUnderWriters(t *testing.T) {
	path := logPath(t)
	segment := int64(20_000) // about forty records
	logs := []*Log{open(t, Options{Path: path, Rotate: Rotation{Size: segment}}), open(t, Options{Path: path, Rotate: Rotation{Size: segment}})}
	var wg sync.WaitGroup
	each := rotations * 45 / 64 / 2
	for w := range 64 {
		wg.Go(func() {
			for i := range each {
				call := fmt.Sprintf("%d-%d", w, i)
				appendOK(t, logs[w%2], intent(call), i%5 == 0)
				appendOK(t, logs[w%2], result(call), false)
			}
		})
	}
	wg.Wait()
	for _, l := range logs {
		if h := l.Health(); h.Degraded {
			t.Error(h.Reason)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	r := verifyOK(t, path)
	calls := map[string]int{}
	for i, line := range wholeLog(t, path) {
		if seq, ok := parseSeq(line); !ok || seq != int64(i) {
			t.Fatalf("line %d of the whole log: %s", i, line)
		}
		if call, ok := callOf(line); ok && len(call) > 0 {
			calls[string(call)]++
		}
	}
	if len(calls) != 64*each {
		t.Errorf("%d calls, want %d", len(calls), 64*each)
	}
	for call, n := range calls {
		if n != 2 {
			t.Errorf("call %s has %d records", call, n)
		}
	}
	sealed, err := filepath.Glob(filepath.Join(filepath.Dir(path), "audit-*.jsonl"))
	if err != nil || len(sealed) < rotations/3 {
		t.Fatalf("%d sealed segments, %v", len(sealed), err)
	}
	if info, err := os.Stat(sealed[0]); err != nil || info.Mode().Perm() != 0o400 {
		t.Errorf("mode of a sealed segment: %v %v", info.Mode(), err)
	}
	t.Logf("%d records in %d segments", r.Size, r.Segments)
}

func TestRotationByAge(t *testing.T) {
	path := logPath(t)
	now := time.Unix(1_800_000_000, 0)
	o := Options{Path: path, Now: func() time.Time { return now }, Rotate: Rotation{Every: time.Hour}}
	written(t, o, 2)
	now = now.Add(30 * time.Minute)
	written(t, o, 2)
	if r := verifyOK(t, path); r.Segments != 1 {
		t.Fatalf("%d segments after half an hour", r.Segments)
	}
	now = now.Add(31 * time.Minute)
	written(t, o, 2)
	if r := verifyOK(t, path); r.Segments != 2 {
		t.Fatalf("%d segments after an hour", r.Segments)
	}
	if r := verify(t, VerifyOptions{Path: path, Since: now}); !r.OK || r.First == 0 || r.Segments != 1 {
		t.Errorf("verify since the last rotation: %+v %v", r, r.Fault)
	}
}

// TestRetention drops old payloads and keeps proofs; a dropped segment without its record is an attack.
func TestRetention(t *testing.T) {
	path := logPath(t)
	o := Options{Path: path, Rotate: Rotation{Size: 4000}, Retention: time.Hour}
	written(t, o, 20)
	before := verifyOK(t, path)
	heads := written(t, o, 1)
	old, err := filepath.Glob(filepath.Join(filepath.Dir(path), "audit-*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	then := time.Now().Add(-2 * time.Hour)
	for _, name := range old {
		if err := os.Chtimes(name, then, then); err != nil {
			t.Fatal(err)
		}
	}
	written(t, o, 10)
	r := verifyOK(t, path)
	if r.First == 0 || r.First > before.Size+5 {
		t.Fatalf("first record left: %d of %d", r.First, r.Size)
	}
	floor, err := ParseFloor(fmt.Sprintf("%d:%s", heads[0].Size, heads[0].Root))
	if err != nil {
		t.Fatal(err)
	}
	if r := verify(t, VerifyOptions{Path: path, Floors: []Floor{floor}}); !r.OK {
		t.Errorf("a head of dropped records does not hold: %v", r.Fault)
	}
	p, err := Prove(nil, path, r.First+1)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := CheckProof(p.Text(), publicKey(t, path)); err != nil {
		t.Error(err)
	}
	sealed, err := filepath.Glob(filepath.Join(filepath.Dir(path), "audit-*.jsonl"))
	if err != nil || len(sealed) < 2 {
		t.Fatal(sealed, err)
	}
	if err := os.Remove(sealed[0]); err != nil {
		t.Fatal(err)
	}
	if r := verify(t, VerifyOptions{Path: path}); r.OK || !strings.Contains(r.Fault.Reason, "missing") {
		t.Errorf("a removed segment was not found: %+v", r)
	}
}

func TestSwappedSegments(t *testing.T) {
	path := logPath(t)
	written(t, Options{Path: path, Rotate: Rotation{Size: 4000}}, 30)
	sealed, err := filepath.Glob(filepath.Join(filepath.Dir(path), "audit-*.jsonl"))
	if err != nil || len(sealed) < 4 {
		t.Fatal(sealed, err)
	}
	for _, pair := range [][2]string{{sealed[0], sealed[1]}, {sealed[1], sealed[3]}, {sealed[2], path}} {
		swap := func() {
			for _, step := range [][2]string{{pair[0], pair[0] + ".x"}, {pair[1], pair[0]}, {pair[0] + ".x", pair[1]}} {
				if err := os.Rename(step[0], step[1]); err != nil {
					t.Fatal(err)
				}
			}
		}
		swap()
		if r := verify(t, VerifyOptions{Path: path}); r.OK {
			t.Errorf("swapped %v: not found", pair)
		} else {
			t.Log(r.Fault)
		}
		swap()
		verifyOK(t, path)
	}
	// A copy of a segment under another number.
	data, err := os.ReadFile(sealed[1])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "audit-0000000000999999.jsonl"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := verify(t, VerifyOptions{Path: path}); r.OK {
		t.Error("a repeated segment was not found")
	}
}

// TestLogrotate has logrotate's ways of rotating, while the log is open and while it is not.
func TestLogrotate(t *testing.T) {
	for _, way := range []string{"create", "nocreate", "copytruncate", "olddir", "compress"} {
		for _, running := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s running=%v", way, running), func(t *testing.T) { logrotate(t, way, running) })
		}
	}
}

func logrotate(t *testing.T, way string, running bool) {
	path := logPath(t)
	o := Options{Path: path, Rotate: Rotation{External: true}, CheckpointEvery: time.Hour}
	l := open(t, o)
	for round := range 3 {
		for i := range 5 {
			call := fmt.Sprintf("%d-%d", round, i)
			appendOK(t, l, intent(call), true)
			appendOK(t, l, result(call), false)
		}
		if !running {
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
		}
		rotateOnce(t, way, path, round)
		if running {
			if err := l.Reopen(); err != nil { // what postrotate's SIGHUP does; without it the next record notices
				t.Fatal(err)
			}
		} else {
			l = open(t, o)
		}
	}
	appendOK(t, l, intent("last"), true)
	if h := l.Health(); h.Degraded {
		t.Error(h.Reason)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	r := verify(t, VerifyOptions{Path: path})
	if way == "olddir" {
		// Verified where the segments are together again.
		for round := range 3 {
			name := fmt.Sprintf("audit.jsonl.%d", 3-round)
			if err := os.Rename(filepath.Join(filepath.Dir(path), "old", name), filepath.Join(filepath.Dir(path), name)); err != nil {
				t.Fatal(err)
			}
		}
		r = verify(t, VerifyOptions{Path: path})
	}
	if !r.OK || r.First != 0 || r.Segments != 4 {
		t.Errorf("%+v %v", r, r.Fault)
	}
}

// rotateOnce is one run of logrotate.
func rotateOnce(t *testing.T, way, path string, round int) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	to := fmt.Sprintf("%s.%d", path, 3-round)
	switch way {
	case "create":
		must(os.Rename(path, to))
		must(os.WriteFile(path, nil, 0o600))
	case "nocreate":
		must(os.Rename(path, to))
	case "olddir":
		old := filepath.Join(filepath.Dir(path), "old")
		must(os.MkdirAll(old, 0o700))
		must(os.Rename(path, filepath.Join(old, filepath.Base(to))))
	case "copytruncate":
		data, err := os.ReadFile(path)
		must(err)
		must(os.WriteFile(to, data, 0o600))
		must(os.Truncate(path, 0))
	case "compress":
		must(os.Rename(path, to))
		in, err := os.Open(to)
		must(err)
		out, err := os.Create(to + ".gz")
		must(err)
		z := gzip.NewWriter(out)
		_, err = io.Copy(z, in)
		must(err)
		must(z.Close())
		must(out.Close())
		must(in.Close())
		must(os.Remove(to))
	}
}

// TestAppendOnly has a live file that can't be renamed (chattr +a): the log goes on in it.
func TestAppendOnly(t *testing.T) {
	fsys, path := newFaultFS(), logPath(t)
	fsys.refuseRename = true
	written(t, Options{Path: path, FS: fsys, Rotate: Rotation{Size: 2000}}, 20)
	written(t, Options{Path: path, FS: fsys, Rotate: Rotation{Size: 2000}}, 20)
	if r := verifyOK(t, path); r.Segments != 1 || r.Size != 81 {
		t.Errorf("%+v", r)
	}
}

// TestFormerLog continues a file that another program wrote before: its lines stay and are covered by the tree.
func TestFormerLog(t *testing.T) {
	path := logPath(t)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	former := "{\"ts\":\"2025-01-01T00:00:00+00:00\",\"tool\":\"shell_exec\"}\n{\"ts\":\"2025-01-01T00:00:01+00:00\",\"tool\":\"shell_exec\"}\n"
	if err := os.WriteFile(path, []byte(former), 0o600); err != nil {
		t.Fatal(err)
	}
	written(t, Options{Path: path}, 3)
	written(t, Options{Path: path}, 3)
	r := verifyOK(t, path)
	if r.Damaged != 2 || r.First != 0 || len(r.Notes) > 0 {
		t.Errorf("%+v", r)
	}
	rewrite(t, path, func(l [][]byte) [][]byte { l[1] = append(l[1], ' '); return l })
	if r := verify(t, VerifyOptions{Path: path}); r.OK || r.Fault.Line > 2 {
		t.Errorf("a change of the former log was not found: %+v", r.Fault)
	}
}
