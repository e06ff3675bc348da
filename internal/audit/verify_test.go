package audit

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func verify(t testing.TB, o VerifyOptions) *Report {
	t.Helper()
	r, err := Verify(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func verifyOK(t testing.TB, path string) *Report {
	t.Helper()
	r := verify(t, VerifyOptions{Path: path})
	if !r.OK {
		t.Fatalf("verify: %v", r.Fault)
	}
	return r
}

// written makes a closed log with n calls and returns the heads after each.
func written(t testing.TB, o Options, calls int) []Head {
	t.Helper()
	l, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	var heads []Head
	for i := range calls {
		appendOK(t, l, intent(fmt.Sprint(i)), false)
		heads = append(heads, appendOK(t, l, result(fmt.Sprint(i)), false))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return heads
}

// rewrite changes the lines of a file.
func rewrite(t testing.TB, path string, change func(lines [][]byte) [][]byte) {
	t.Helper()
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	lines := change(logLines(t, path))
	if err := os.WriteFile(path, append(bytes.Join(lines, []byte("\n")), '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
}

func copyTree(t testing.TB, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(to, "audit.tree", "key"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestVerifyFindsTampering(t *testing.T) {
	master := logPath(t)
	written(t, Options{Path: master}, 10) // records 0 to 20
	verifyOK(t, master)
	tests := []struct {
		name   string
		change func(lines [][]byte) [][]byte
		line   int64
		reason string
	}{
		{"edit", func(l [][]byte) [][]byte { l[7] = bytes.Replace(l[7], []byte("nginx"), []byte("mysql"), 1); return l }, 8, "not the one that was written"},
		{"delete", func(l [][]byte) [][]byte { return append(l[:7], l[8:]...) }, 8, "holds record 8"},
		{"swap", func(l [][]byte) [][]byte { l[7], l[8] = l[8], l[7]; return l }, 8, "holds record 8"},
		{"repeat", func(l [][]byte) [][]byte { return append(l[:8], append([][]byte{l[7]}, l[8:]...)...) }, 9, "holds record 7 again"},
		{"insert garbage", func(l [][]byte) [][]byte { return append(l[:8], append([][]byte{[]byte("x")}, l[8:]...)...) }, 9, "not a whole record"},
		{"cut the head", func(l [][]byte) [][]byte { return l[5:] }, 1, ""},
		{"cut the tail", func(l [][]byte) [][]byte { return l[:15] }, 16, "its end was cut off"},
		{"cut the last line", func(l [][]byte) [][]byte { return l[:20] }, 21, "its end was cut off"},
		{"insert with the right number", func(l [][]byte) [][]byte {
			forged := append([][]byte{}, l[:8]...)
			for i, line := range l[7:] {
				forged = append(forged, bytes.Replace(line, fmt.Appendf(nil, `"seq":%d,`, i+7), fmt.Appendf(nil, `"seq":%d,`, i+8), 1))
			}
			return forged
		}, 9, "not the one that was written"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			copyTree(t, filepath.Dir(master), dir)
			path := filepath.Join(dir, "audit.jsonl")
			rewrite(t, path, test.change)
			for _, without := range []string{"", "hashes"} {
				if without != "" {
					if err := os.Remove(filepath.Join(dir, "audit.tree", without)); err != nil {
						t.Fatal(err)
					}
				}
				r := verify(t, VerifyOptions{Path: path})
				if r.OK {
					t.Fatalf("without %q: not found", without)
				}
				t.Log(r.Fault)
				if without == "" && (r.Fault.Line != test.line || !strings.Contains(r.Fault.Reason, test.reason)) {
					t.Errorf("found %v, want line %d, reason %q", r.Fault, test.line, test.reason)
				}
			}
		})
	}
}

func TestVerifyFloor(t *testing.T) {
	path := logPath(t)
	heads := written(t, Options{Path: path}, 10)
	floor := func(h Head) Floor {
		f, err := ParseFloor(fmt.Sprintf("%d:%s", h.Size, h.Root))
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	for _, h := range heads {
		if r := verify(t, VerifyOptions{Path: path, Floors: []Floor{floor(h)}}); !r.OK {
			t.Errorf("floor %d: %v", h.Size, r.Fault)
		}
	}
	wrong := floor(heads[3])
	wrong.Root[0] ^= 1
	if r := verify(t, VerifyOptions{Path: path, Floors: []Floor{wrong}}); r.OK {
		t.Error("a floor with another root was accepted")
	}
	// The whole log as it was at an earlier checkpoint: only somebody who holds a later head can tell.
	other := logPath(t)
	written(t, Options{Path: other}, 2)
	if r := verify(t, VerifyOptions{Path: other, Floors: []Floor{floor(heads[9])}}); r.OK || !strings.Contains(r.Fault.Reason, "cut off") {
		t.Errorf("a log older than the floor was accepted: %+v", r.Fault)
	}
}

func TestVerifyPinnedKey(t *testing.T) {
	first, second := logPath(t), logPath(t)
	written(t, Options{Path: first}, 3)
	written(t, Options{Path: second}, 3)
	key, err := os.ReadFile(filepath.Join(filepath.Dir(first), "audit.tree", "key.pub"))
	if err != nil {
		t.Fatal(err)
	}
	if r := verify(t, VerifyOptions{Path: first, PublicKey: string(key)}); !r.OK {
		t.Error(r.Fault)
	}
	if r := verify(t, VerifyOptions{Path: second, PublicKey: string(key)}); r.OK {
		t.Error("a log signed with another key was accepted")
	}
}
