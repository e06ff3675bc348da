package output

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

func openSpool(t testing.TB, o SpoolOptions) *Spool {
	t.Helper()
	s, err := OpenSpool(t.TempDir()+"/spool", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// readAll pages through an output.
func readAll(t testing.TB, s *Spool, id string, length int) string {
	t.Helper()
	var b strings.Builder
	for offset := int64(0); ; {
		page, err := s.Read(id, offset, length)
		if err != nil {
			t.Fatal(err)
		}
		if page.Offset != offset {
			t.Fatalf("asked for offset %d, got %d", offset, page.Offset)
		}
		b.WriteString(page.Data)
		if page.EOF {
			return b.String()
		}
		if page.Next <= offset {
			t.Fatalf("stuck at %d", offset)
		}
		offset = page.Next
	}
}

func hashOf(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(sum[:])
}

func TestCaptureWithinBudget(t *testing.T) {
	for _, test := range []struct {
		name               string
		merge              bool
		stdout, stderr     string
		wantOut, wantErr   string
		lossy              bool
		budget             int
		wantTruncated      bool
		wantShown, wantAll int64
	}{
		{name: "nothing"},
		{name: "separate", stdout: "out\n", stderr: "err\n", wantOut: "out\n", wantErr: "err\n", wantShown: 8},
		{name: "merged", merge: true, stdout: "out\n", stderr: "err\n", wantOut: "out\nerr\n", wantShown: 8},
		{name: "exactly", budget: 8, stdout: "1234", stderr: "5678", wantOut: "1234", wantErr: "5678", wantShown: 8},
		{name: "invalid bytes", stdout: "a\xffb\xc3", wantOut: "a\ufffdb\ufffd", lossy: true, wantShown: 4},
		{name: "carriage returns stay", stdout: "a\r\nb\r", wantOut: "a\r\nb\r", wantShown: 5},
		{name: "no newline at the end", stdout: "héllo", wantOut: "héllo", wantShown: 6},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := NewCapture(CaptureOptions{Budget: test.budget, Merge: test.merge, Spool: openSpool(t, SpoolOptions{})})
			io.WriteString(c.Stdout(), test.stdout)
			io.WriteString(c.Stderr(), test.stderr)
			out := c.Finish()
			if out.Stdout != test.wantOut || out.Stderr != test.wantErr || out.Lossy != test.lossy || out.Truncated || out.OutputID != "" {
				t.Errorf("got %+v", out)
			}
			if out.ShownBytes != test.wantShown || out.TotalBytes != test.wantShown {
				t.Errorf("shown %d of %d, want %d", out.ShownBytes, out.TotalBytes, test.wantShown)
			}
			if want := hashOf(test.stdout, test.stderr); out.SHA256 != want {
				t.Errorf("sha256 %s, want %s", out.SHA256, want)
			}
		})
	}
}

func TestCaptureKeepsHeadAndTail(t *testing.T) {
	spool := openSpool(t, SpoolOptions{})
	var lines strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&lines, "line %d é\n", i)
	}
	want := lines.String()
	c := NewCapture(CaptureOptions{Budget: 1000, Merge: true, Spool: spool})
	for chunk := range slicesOf(want, 7) {
		io.WriteString(c.Stdout(), chunk)
	}
	out := c.Finish()
	if len(out.Stdout) > 1000 {
		t.Errorf("%d bytes shown with a budget of 1000", len(out.Stdout))
	}
	head, rest, _ := strings.Cut(out.Stdout, "[TRUNCATED - ")
	mark, tail, _ := strings.Cut(rest, "]\n")
	if !strings.HasPrefix(want, head) || !strings.HasSuffix(want, tail) || len(head) < 300 || len(tail) < 300 {
		t.Errorf("head and tail are not those of the output:\n%s", out.Stdout)
	}
	if !strings.HasSuffix(head, "\n") || !strings.HasPrefix(tail, "line ") {
		t.Errorf("not cut between lines:\n%s", out.Stdout)
	}
	if want := fmt.Sprintf("%d bytes total, %d shown; rest: output_read id=%s", len(want), len(head)+len(tail), out.OutputID); mark != want {
		t.Errorf("mark %q, want %q", mark, want)
	}
	if !out.Truncated || out.ShownBytes != int64(len(head)+len(tail)) || out.KeptBytes != int64(len(want)) || out.SHA256 != hashOf(want) {
		t.Errorf("got %+v", out)
	}
	if got := readAll(t, spool, out.OutputID, 777); got != want {
		t.Error("the spool does not hold what was printed")
	}
}

// slicesOf yields s in pieces of n bytes, inside characters too.
func slicesOf(s string, n int) func(func(string) bool) {
	return func(yield func(string) bool) {
		for len(s) > 0 {
			k := min(n, len(s))
			if !yield(s[:k]) {
				return
			}
			s = s[k:]
		}
	}
}

func TestCaptureSeparateStreamsShareTheBudget(t *testing.T) {
	long := func(c string, n int) string { return strings.Repeat(c, n) }
	for _, test := range []struct {
		name           string
		stdout, stderr string
	}{
		{"long stdout", long("o", 9000), "error: x\n"},
		{"long stderr", "ok\n", long("e", 9000)},
		{"both", long("o", 9000), long("e", 9000)},
	} {
		t.Run(test.name, func(t *testing.T) {
			spool := openSpool(t, SpoolOptions{})
			c := NewCapture(CaptureOptions{Budget: 2000, Spool: spool})
			for i := 0; i < max(len(test.stdout), len(test.stderr)); i += 100 {
				io.WriteString(c.Stdout(), part(test.stdout, i, 100))
				io.WriteString(c.Stderr(), part(test.stderr, i, 100))
			}
			out := c.Finish()
			if n := len(out.Stdout) + len(out.Stderr); n > 2000 || n < 1800 {
				t.Errorf("%d bytes shown with a budget of 2000", n)
			}
			if got := readAll(t, spool, out.OutputID, 1000); got != test.stdout+test.stderr {
				t.Error("the spool does not hold stdout, then stderr")
			}
			if out.SHA256 != hashOf(test.stdout, test.stderr) || out.HashedBytes != out.TotalBytes {
				t.Error("the hash is not that of stdout, then stderr")
			}
			if len(test.stderr) < 100 && out.Stderr != test.stderr {
				t.Errorf("short stderr was cut: %q", out.Stderr)
			}
			if len(test.stderr) > 1000 {
				want := "output_read id=" + out.OutputID
				if len(test.stdout) > 0 {
					want += fmt.Sprintf(" offset=%d", len(test.stdout))
				}
				if !strings.Contains(out.Stderr, want+"]") {
					t.Errorf("stderr does not say %q", want)
				}
			}
		})
	}
}

func part(s string, i, n int) string { return s[min(i, len(s)):min(i+n, len(s))] }

func TestCaptureCostOfControlCharacters(t *testing.T) {
	spool := openSpool(t, SpoolOptions{})
	c := NewCapture(CaptureOptions{Budget: 6000, Merge: true, Spool: spool})
	raw := strings.Repeat("\x00", 5000)
	io.WriteString(c.Stdout(), raw)
	out := c.Finish()
	if shown, _ := Visible(out.Stdout); len(shown) > 6000 {
		t.Errorf("%d bytes as text with a budget of 6000", len(shown))
	}
	if !out.Truncated || readAll(t, spool, out.OutputID, 0) != raw {
		t.Errorf("what fits as bytes but not as text is not kept: %+v", out)
	}
}

func TestCaptureWithoutSpool(t *testing.T) {
	c := NewCapture(CaptureOptions{Budget: 1000, Merge: true})
	io.WriteString(c.Stdout(), strings.Repeat("x", 5000))
	out := c.Finish()
	if !out.Truncated || out.OutputID != "" || !strings.Contains(out.Stdout, "[TRUNCATED - 5000 bytes total") || !strings.Contains(out.Stdout, "not kept]") {
		t.Errorf("got %+v", out)
	}
}

func TestCaptureIsIdempotentAndConcurrent(t *testing.T) {
	c := NewCapture(CaptureOptions{Budget: 5000, Spool: openSpool(t, SpoolOptions{}), Progress: func(string) {}})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			w := c.Stdout()
			if i%2 == 1 {
				w = c.Stderr()
			}
			for range 500 {
				io.WriteString(w, "some words\n")
			}
			c.Snapshot()
		})
	}
	wg.Wait()
	first := c.Finish()
	io.WriteString(c.Stdout(), "late")
	if second := c.Finish(); second != first || first.TotalBytes != 8*500*11 {
		t.Errorf("first %+v, second %+v", first, second)
	}
}

func TestCaptureMergedWritersAreEqual(t *testing.T) {
	merged := NewCapture(CaptureOptions{Merge: true})
	if merged.Stdout() != merged.Stderr() {
		t.Error("merged writers differ")
	}
	if apart := NewCapture(CaptureOptions{}); apart.Stdout() == apart.Stderr() {
		t.Error("separate writers are equal")
	}
}

func TestSnapshot(t *testing.T) {
	spool := openSpool(t, SpoolOptions{})
	c := NewCapture(CaptureOptions{Budget: 1000, Merge: true, Spool: spool})
	io.WriteString(c.Stdout(), strings.Repeat("x", 5000))
	out := c.Snapshot()
	if out.OutputID != "" || !strings.Contains(out.Stdout, "; the command goes on]") {
		t.Errorf("got %+v", out)
	}
	io.WriteString(c.Stdout(), "the end")
	if out := c.Finish(); !strings.HasSuffix(out.Stdout, "the end") || out.OutputID == "" {
		t.Errorf("got %+v", out)
	}
}

// A command that prints a gigabyte needs no more memory than its budget, and the spool keeps its share.
func TestCaptureMemory(t *testing.T) {
	const budget, size = 1 << 20, 256 << 20
	spool := openSpool(t, SpoolOptions{PerCall: 8 << 20})
	c := NewCapture(CaptureOptions{Budget: budget, Merge: true, Spool: spool})
	line := bytes.Repeat([]byte("y\n"), 16<<10)
	before := heap()
	for range size / len(line) {
		c.Stdout().Write(line)
	}
	if grown := heap() - before; grown > budget+(1<<20) {
		t.Errorf("%d bytes of heap for a budget of %d", grown, budget)
	}
	out := c.Finish()
	if out.TotalBytes != size || out.KeptBytes != 8<<20 || len(out.Stdout) > budget {
		t.Errorf("total %d, kept %d, shown %d", out.TotalBytes, out.KeptBytes, len(out.Stdout))
	}
	if !strings.Contains(out.Stdout, fmt.Sprintf("id=%s, which keeps the first %d bytes]", out.OutputID, 8<<20)) {
		t.Error("the mark does not say how much was kept")
	}
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestCaptureStderrHasItsRoomInTheSpool(t *testing.T) {
	spool := openSpool(t, SpoolOptions{PerCall: 80000})
	c := NewCapture(CaptureOptions{Budget: 1000, Spool: spool})
	io.WriteString(c.Stdout(), strings.Repeat("o", 200000))
	io.WriteString(c.Stderr(), strings.Repeat("e", 5000))
	out := c.Finish()
	if got, want := readAll(t, spool, out.OutputID, 0), strings.Repeat("o", 70000)+strings.Repeat("e", 5000); got != want {
		t.Errorf("%d bytes kept, want %d", len(got), len(want))
	}
	if out.HashedBytes != out.TotalBytes {
		t.Errorf("%d of %d bytes hashed", out.HashedBytes, out.TotalBytes)
	}
}

func TestProgress(t *testing.T) {
	var lines []string
	c := NewCapture(CaptureOptions{Merge: true, Progress: func(l string) { lines = append(lines, l) }})
	for _, s := range []string{"one\n", "tw", "o\n", "\n"} {
		io.WriteString(c.Stdout(), s)
	}
	if got := strings.Join(lines, "|"); got != "one|tw|two|two" {
		t.Errorf("got %q", got)
	}
}

// Whatever is printed in whatever pieces: the text is valid, within its budget, made of the output's own beginning and
// end, and nothing is lost.
func FuzzCapture(f *testing.F) {
	f.Add([]byte("hello\nworld\n"), 5, uint64(1), true)
	f.Add([]byte("\xff\xfe\x00日本語\U0001f600"), 600, uint64(2), false)
	f.Add(bytes.Repeat([]byte("é\x1b[31m"), 900), 1000, uint64(3), true)
	f.Fuzz(func(t *testing.T, data []byte, budget int, seed uint64, merge bool) {
		if budget < 1 || budget > 1<<16 {
			return
		}
		spool := openSpool(t, SpoolOptions{})
		c := NewCapture(CaptureOptions{Budget: budget, Merge: merge, Spool: spool})
		r := rand.New(rand.NewPCG(seed, 0))
		var stdout, stderr []byte
		for rest := data; len(rest) > 0; {
			n := 1 + r.IntN(min(len(rest), 700))
			if !merge && r.IntN(2) == 0 {
				c.Stderr().Write(rest[:n])
				stderr = append(stderr, rest[:n]...)
			} else {
				c.Stdout().Write(rest[:n])
				stdout = append(stdout, rest[:n]...)
			}
			rest = rest[n:]
		}
		out := c.Finish()
		if !utf8.ValidString(out.Stdout) || !utf8.ValidString(out.Stderr) {
			t.Fatal("not UTF-8")
		}
		if n := len(out.Stdout) + len(out.Stderr); n > budget && (budget >= 2*markRoom || !out.Truncated) {
			t.Fatalf("%d bytes with a budget of %d", n, budget)
		}
		if out.SHA256 != hashOf(string(stdout), string(stderr)) {
			t.Fatal("wrong hash")
		}
		whole := strings.ToValidUTF8(strings.Join([]string{string(stdout), string(stderr)}, ""), "")
		if !out.Truncated {
			if out.ShownBytes != int64(len(data)) || !out.Lossy && out.Stdout+out.Stderr != whole {
				t.Fatalf("%q became %q and %q", data, out.Stdout, out.Stderr)
			}
			return
		}
		got, err := io.ReadAll(section(t, spool, out.OutputID))
		if err != nil || !bytes.Equal(got, append(stdout, stderr...)) {
			t.Fatalf("spool: %d bytes, %v", len(got), err)
		}
		if int64(out.ShownBytes) > out.TotalBytes {
			t.Fatal("more shown than there was")
		}
	})
}

func section(t *testing.T, s *Spool, id string) io.Reader {
	f, _, err := s.open(id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}
