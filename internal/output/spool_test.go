package output

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// spooled puts text into the spool.
func spooled(t testing.TB, s *Spool, text string) string {
	t.Helper()
	c := NewCapture(CaptureOptions{Budget: 1, Merge: true, Spool: s})
	io.WriteString(c.Stdout(), text)
	out := c.Finish()
	if out.OutputID == "" {
		t.Fatalf("not kept: %v", out.SpoolErr)
	}
	return out.OutputID
}

func code(err error) string {
	var coded interface{ ErrorCode() string }
	if errors.As(err, &coded) {
		return coded.ErrorCode()
	}
	return fmt.Sprint(err)
}

func TestSpoolIsPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state", "spool")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s, err := OpenSpool(dir, SpoolOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	id := spooled(t, s, "text")
	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, id): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want %v", path, info.Mode(), err, want)
		}
	}
	if err := os.Symlink(dir, dir+".link"); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenSpool(dir+".link", SpoolOptions{}); err == nil {
		t.Error("a symbolic link was accepted")
	}
}

func TestSpoolUnknownIDs(t *testing.T) {
	s := openSpool(t, SpoolOptions{})
	outside := filepath.Join(filepath.Dir(s.dir), "secret")
	if err := os.WriteFile(outside, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := newID()
	if err := os.Symlink(outside, filepath.Join(s.dir, link)); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"", "x", "../secret", "o/../../secret", newID(), newID() + "\x00", newID() + partSuffix, strings.Repeat("o", 5000), "\x1b[31m"} {
		if _, err := s.Read(id, 0, 0); code(err) != "not_found" || strings.ContainsAny(err.Error(), "\x1b\x00") || len(err.Error()) > 300 {
			t.Errorf("Read(%q): %v", id, err)
		}
		if _, err := s.Grep(t.Context(), id, "x", 0, 0); code(err) != "not_found" {
			t.Errorf("Grep(%q): %v", id, err)
		}
	}
	if page, err := s.Read(link, 0, 0); err == nil {
		t.Errorf("followed a symbolic link: %+v", page)
	}
}

func TestSpoolExpires(t *testing.T) {
	now := time.Now()
	s := openSpool(t, SpoolOptions{TTL: time.Hour, Now: func() time.Time { return now }})
	id := spooled(t, s, "text")
	now = now.Add(59 * time.Minute)
	if _, err := s.Read(id, 0, 0); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{id}, s.IDs()); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
	now = now.Add(2 * time.Minute)
	if got := s.IDs(); len(got) > 0 {
		t.Errorf("expired, but listed: %v", got)
	}
	if _, err := s.Read(id, 0, 0); code(err) != "not_found" {
		t.Errorf("read after expiry: %v", err)
	}
	if _, err := os.Lstat(filepath.Join(s.dir, id)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is still there: %v", err)
	}
}

func TestSpoolEvictsTheOldest(t *testing.T) {
	now := time.Now()
	s := openSpool(t, SpoolOptions{Total: 4 << 20, Now: func() time.Time { now = now.Add(2 * time.Second); return now }})
	text := strings.Repeat("x", 1<<20)
	var ids []string
	for range 10 {
		ids = append(ids, spooled(t, s, text))
	}
	var living int
	for i, id := range ids {
		_, err := s.Read(id, 0, 0)
		if err == nil {
			living++
		} else if i == len(ids)-1 || code(err) != "not_found" {
			t.Errorf("output %d: %v", i, err)
		}
	}
	if living < 3 || living > 4 {
		t.Errorf("%d of 10 outputs of 1 MiB live under a total of 4 MiB", living)
	}
}

func TestSpoolFullOfRunningCalls(t *testing.T) {
	s := openSpool(t, SpoolOptions{Total: 2 << 20})
	var captures []*Capture
	for range 3 {
		c := NewCapture(CaptureOptions{Budget: 1000, Merge: true, Spool: s})
		io.WriteString(c.Stdout(), strings.Repeat("x", 900<<10))
		captures = append(captures, c)
	}
	var failed int
	for _, c := range captures {
		out := c.Finish()
		if out.SpoolErr != nil {
			failed++
			if !strings.Contains(out.Stdout, "not kept: the spool is full") {
				t.Errorf("got %q", out.Stdout[400:600])
			}
		}
	}
	if failed != 1 {
		t.Errorf("%d of 3 could not be kept, want 1", failed)
	}
}

func TestSpoolDirectoryRemoved(t *testing.T) {
	s := openSpool(t, SpoolOptions{})
	if err := os.RemoveAll(s.dir); err != nil {
		t.Fatal(err)
	}
	if id := spooled(t, s, "text"); readAll(t, s, id, 0) != "text" {
		t.Error("not kept")
	}
}

// TestHelperWriter is the other process of TestSpoolAfterKill.
func TestHelperWriter(t *testing.T) {
	dir := os.Getenv("OUTPUT_TEST_SPOOL")
	if dir == "" {
		return // run by itself it has nothing to do
	}
	s, err := OpenSpool(dir, SpoolOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c := NewCapture(CaptureOptions{Budget: 10, Spool: s})
	io.WriteString(c.Stdout(), "more than the budget")
	fmt.Println("ready")
	select {}
}

func TestSpoolAfterKill(t *testing.T) {
	now := time.Now()
	s := openSpool(t, SpoolOptions{Now: func() time.Time { return now }})
	cmd := exec.Command(os.Args[0], "-test.run=^TestHelperWriter$")
	cmd.Env = append(os.Environ(), "OUTPUT_TEST_SPOOL="+s.dir)
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(pipe, make([]byte, len("ready\n"))); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Hour / 2)
	count := func() int {
		s.mu.Lock()
		defer s.mu.Unlock()
		if err := s.sweep(0); err != nil {
			t.Fatal(err)
		}
		entries, err := os.ReadDir(s.dir)
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	if n := count(); n != 2 {
		t.Errorf("%d files of a living writer, want 2", n)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if n := count(); n != 0 {
		t.Errorf("%d files left of a dead writer", n)
	}
}

// Several servers share a directory: nobody sees another's output half, or removes it, and the bound holds.
func TestSpoolShared(t *testing.T) {
	dir := t.TempDir()
	var kept atomic.Int64
	var wg sync.WaitGroup
	for n := range 4 {
		s, err := OpenSpool(dir, SpoolOptions{Total: 16 << 20})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		wg.Go(func() {
			for i := range 20 {
				text := strings.Repeat(fmt.Sprintf("%d %d\n", n, i), 20000)
				id := spooled(t, s, text)
				page, err := s.Read(id, 0, MaxPage)
				switch {
				case err == nil && page.Data == text:
					kept.Add(1)
				case code(err) != "not_found":
					t.Errorf("read: %v", err)
				}
			}
		})
	}
	wg.Wait()
	if kept.Load() < 40 {
		t.Errorf("only %d of 80 outputs lived long enough to be read", kept.Load())
	}
	var size int64
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if info, err := f.Info(); err == nil {
			size += info.Size()
		}
	}
	if size > (16+4)<<20 {
		t.Errorf("%d bytes with a total of 16 MiB", size)
	}
}

func TestReadInsideCharacters(t *testing.T) {
	s := openSpool(t, SpoolOptions{})
	id := spooled(t, s, "aé日\U0001f600z\xff\xc3")
	for _, test := range []struct {
		offset int64
		length int
		want   Page
	}{
		{0, 1, Page{Data: "a", Next: 1}},
		{0, 2, Page{Data: "a", Next: 1}},
		{1, 1, Page{Data: "é", Offset: 1, Next: 3}},
		{2, 3, Page{Data: "日", Offset: 3, Next: 6}},
		{4, 8, Page{Data: "\U0001f600z\ufffd", Offset: 6, Next: 12, Lossy: true}},
		{9, 1, Page{Data: "z", Offset: 10, Next: 11}},
		{12, 100, Page{Data: "\ufffd", Offset: 12, Next: 13, Lossy: true, EOF: true}},
		{13, 1, Page{Offset: 13, Next: 13, EOF: true}},
		{99, 1, Page{Offset: 13, Next: 13, EOF: true}},
	} {
		test.want.Total = 13
		got, err := s.Read(id, test.offset, test.length)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("Read(%d, %d) (-want +got):\n%s", test.offset, test.length, diff)
		}
	}
	if _, err := s.Read(id, -1, 1); code(err) != "invalid_argument" {
		t.Errorf("negative offset: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("aé日\U0001f600"), int64(2), 3)
	f.Add([]byte("\xff\x80\x80\x80\x80\xf0\x9f"), int64(1), 1)
	f.Fuzz(func(t *testing.T, data []byte, offset int64, length int) {
		if len(data) < 2 || offset < 0 {
			return
		}
		s := openSpool(t, SpoolOptions{})
		id := spooled(t, s, string(data))
		page, err := s.Read(id, offset, length)
		if err != nil {
			t.Fatal(err)
		}
		if !utf8.ValidString(page.Data) || page.Next < page.Offset || page.EOF != (page.Next == page.Total) || !page.EOF && page.Next == page.Offset {
			t.Fatalf("%+v", page)
		}
		if !page.Lossy && page.Data != string(data[page.Offset:page.Next]) {
			t.Fatalf("%+v is not %q", page, data[page.Offset:page.Next])
		}
	})
}

func TestGrep(t *testing.T) {
	s := openSpool(t, SpoolOptions{})
	var b strings.Builder
	for i := 1; i <= 3000; i++ {
		fmt.Fprintf(&b, "line %d\r\n", i)
	}
	b.WriteString("bad \xff end")
	id := spooled(t, s, b.String())

	got, err := s.Grep(t.Context(), id, `line 1?500$`, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := Found{
		Matches: []Match{{500, int64(strings.Index(b.String(), "line 500\r")), "line 500"}, {1500, int64(strings.Index(b.String(), "line 1500\r")), "line 1500"}},
		Next:    int64(b.Len()), Total: int64(b.Len()), EOF: true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got, err = s.Grep(t.Context(), id, `bad`, 0, 0); err != nil || !got.Lossy || got.Matches[0].Text != "bad \ufffd end" || got.Matches[0].Line != 3001 {
		t.Errorf("%+v, %v", got, err)
	}

	// Every line matches: pages follow one another without a gap.
	var lines int64
	for offset, eof := int64(0), false; !eof; {
		page, err := s.Grep(t.Context(), id, ``, offset, 5000)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range page.Matches {
			if lines++; m.Line != lines {
				t.Fatalf("line %d where %d was expected", m.Line, lines)
			}
		}
		offset, eof = page.Next, page.EOF
	}
	if lines != 3001 {
		t.Errorf("%d lines in all", lines)
	}
}

func TestGrepLongLine(t *testing.T) {
	s := openSpool(t, SpoolOptions{})
	text := strings.Repeat("é", 500000) + "needle" + strings.Repeat("é", 500000) + "\nneedle\n"
	id := spooled(t, s, text)
	got, err := s.Grep(t.Context(), id, "needle", 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Matches) != 2 || got.Matches[0].Line != 1 || got.Matches[1].Line != 2 || len(got.Matches[0].Text) > 2*matchBytes {
		t.Fatalf("%+v", got)
	}
	if m := got.Matches[0]; !strings.Contains(m.Text, "needle") || text[m.Offset:m.Offset+int64(len(m.Text))] != m.Text || got.Lossy {
		t.Errorf("%+v", m)
	}
}

func TestGrepRefuses(t *testing.T) {
	s := openSpool(t, SpoolOptions{})
	id := spooled(t, s, strings.Repeat("text\n", 10000))
	for _, pattern := range []string{"(", strings.Repeat("a", maxPattern+1), "(?=x)"} {
		if _, err := s.Grep(t.Context(), id, pattern, 0, 0); code(err) != "invalid_argument" {
			t.Errorf("%.20q: %v", pattern, err)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("stop"))
	if _, err := s.Grep(ctx, id, "text", 0, 0); err == nil || err.Error() != "stop" {
		t.Errorf("cancelled: %v", err)
	}
}

func FuzzGrep(f *testing.F) {
	f.Add([]byte("a\nb\n"), "a", int64(0))
	f.Add([]byte("\n\n\xff\n"), "^$", int64(1))
	f.Fuzz(func(t *testing.T, data []byte, pattern string, offset int64) {
		if len(data) < 2 || offset < 0 {
			return
		}
		s := openSpool(t, SpoolOptions{})
		got, err := s.Grep(t.Context(), spooled(t, s, string(data)), pattern, offset, 100)
		if err != nil {
			return
		}
		for _, m := range got.Matches {
			if !utf8.ValidString(m.Text) || m.Offset > int64(len(data)) {
				t.Fatalf("%+v", m)
			}
		}
	})
}

func BenchmarkCapture(b *testing.B) {
	s := openSpool(b, SpoolOptions{})
	line := []byte(strings.Repeat("some output of a command\n", 1300))
	b.SetBytes(int64(len(line)))
	c := NewCapture(CaptureOptions{Merge: true, Spool: s, Progress: func(string) {}})
	for b.Loop() {
		c.Stdout().Write(line)
	}
}

func BenchmarkSmallCapture(b *testing.B) {
	for b.Loop() {
		c := NewCapture(CaptureOptions{})
		io.WriteString(c.Stdout(), "ok\n")
		c.Finish()
	}
}

func TestEndsOfCharacters(t *testing.T) {
	const text = "aé日\U0001f600"
	r := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		i, j := r.IntN(len(text)+1), r.IntN(len(text)+1)
		if i > j {
			i, j = j, i
		}
		got := trimEnd(trimStart([]byte(text[i:j])))
		if !utf8.Valid(got) && j-i > 3 {
			t.Errorf("%q became %q", text[i:j], got)
		}
	}
}
