package job

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestStore writes pieces of any size and reads them back with what was dropped counted.
func TestStore(t *testing.T) {
	for _, limit := range []int64{64 << 10, 200_000, 1 << 20} {
		dir := t.TempDir()
		s, err := OpenStore(dir, limit)
		if err != nil {
			t.Fatal(err)
		}
		s.Skip(1000)
		var whole bytes.Buffer
		for n := 0; whole.Len() < 3<<20; n++ {
			piece := bytes.Repeat([]byte(fmt.Sprintf("%d ", n)), rand.IntN(2000))
			whole.Write(piece)
			if got, err := s.Write(piece); got != len(piece) || err != nil {
				t.Fatal(got, err)
			}
			if n%500 == 0 { // another process goes on
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				if n > 0 {
					if s, err = OpenStore(dir, limit); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		var got []byte
		cursor, missing := int64(0), int64(0)
		for {
			c, err := Read(dir, cursor, 1+rand.IntN(50_000))
			if err != nil {
				t.Fatal(err)
			}
			missing += c.Start - cursor
			got, cursor = append(got, c.Data...), c.Next
			if cursor >= c.Total {
				break
			}
		}
		if int64(len(got)) > limit || int64(len(got)) < limit*2/3 || missing+int64(len(got)) != int64(whole.Len())+1000 {
			t.Errorf("limit %d: %d bytes kept, %d missing of %d", limit, len(got), missing, whole.Len())
		}
		if !bytes.HasSuffix(whole.Bytes(), got) {
			t.Errorf("limit %d: what is kept is not the newest", limit)
		}
		if c, err := Read(dir, Newest, 100); err != nil || !bytes.Equal(c.Data, whole.Bytes()[whole.Len()-100:]) {
			t.Errorf("the newest: %q, %v", c.Data, err)
		}
	}
}

// TestGap counts what could not be written between two segments.
func TestGap(t *testing.T) {
	dir := t.TempDir()
	for offset, text := range map[int64]string{5: "one", 100: "two", 103: "three"} {
		if err := os.WriteFile(filepath.Join(dir, segmentName(offset)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, noise := range []string{"out.x", "out.-5", "out.", "end", "out.99999999999999999999999"} {
		if err := os.WriteFile(filepath.Join(dir, noise), []byte("noise"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		cursor, start, next int64
		data                string
	}{{0, 5, 8, "one"}, {6, 6, 8, "ne"}, {8, 100, 108, "twothree"}, {50, 100, 108, "twothree"}, {104, 104, 108, "hree"}, {108, 108, 108, ""}, {999, 108, 108, ""}} {
		c, err := Read(dir, tt.cursor, 1000)
		if err != nil || c.Start != tt.start || c.Next != tt.next || string(c.Data) != tt.data || c.First != 5 || c.Total != 108 {
			t.Errorf("%+v: %+v %q, %v", tt, c, c.Data, err)
		}
	}
}

func TestStatusLine(t *testing.T) {
	for line, want := range map[string]string{"exit 0\n": "0  true", "exit 255\n": "255  true", "signal KILL 137\n": "137 KILL true", "": "0  false", "exit\n": "0  false", "exit x\n": "0  false", "signal\n": "0  false"} {
		code, signal, ok := parseStatus(line)
		if got := fmt.Sprintf("%d %s %v", code, signal, ok); got != want {
			t.Errorf("%q: %s", line, got)
		}
	}
}

func FuzzStatusLine(f *testing.F) {
	f.Add("exit 3\n")
	f.Add("signal TERM 143\n")
	f.Fuzz(func(t *testing.T, line string) {
		if _, signal, ok := parseStatus(line); ok && !strings.Contains(line, signal) {
			t.Errorf("%q", line)
		}
	})
}

// TestEnd notes an end in the room that is there for it.
func TestEnd(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "jobs", "j")
	if err := prepare(dir); err != nil {
		t.Fatal(err)
	}
	if _, ok := readEnd(dir); ok {
		t.Error("it has ended already")
	}
	code := 3
	long := make([]string, 500)
	for i := range long {
		long[i] = "pid 4711 (sleep), state D, uid 0"
	}
	if err := writeEnd(dir, End{State: Killed, Code: &code, Survivors: long, Error: strings.Repeat("x", 5000)}); err != nil {
		t.Fatal(err)
	}
	e, ok := readEnd(dir)
	if !ok || e.State != Killed || *e.Code != 3 || len(e.Survivors) == 0 {
		t.Errorf("%+v, %v", e, ok)
	}
	if info, err := os.Stat(filepath.Join(dir, endName)); err != nil || info.Size() != endRoom {
		t.Errorf("%v, %v", info, err)
	}
}
