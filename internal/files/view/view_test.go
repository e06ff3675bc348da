package view

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"relay-shell/internal/files"
)

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestParseLines(t *testing.T) {
	for text, want := range map[string]Lines{
		"": {}, "10-40": {First: 10, Last: 40}, "7": {First: 7, Last: 7}, "3-": {First: 3}, "-20": {Tail: 20}, " 1 - 2 ": {First: 1, Last: 2},
	} {
		if got, err := ParseLines(text); err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"0", "-", "4-3", "a", "1-b", "--3", "1-2-3", "-0", "+1", "99999999999999999999"} {
		if got, err := ParseLines(text); err == nil {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

func FuzzParseLines(f *testing.F) {
	f.Add("10-40")
	f.Add("-3")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := ParseLines(text)
		if err == nil && strings.TrimSpace(text) != "" && l.Tail < 1 && (l.First < 1 || l.Last != 0 && l.Last < l.First) {
			t.Errorf("%q: %+v", text, l)
		}
	})
}

func FuzzGlob(f *testing.F) {
	f.Add("*.{go,c}", "a.go")
	f.Add("**/x", "a/b/x")
	f.Fuzz(func(t *testing.T, glob, name string) {
		if g, err := ParseGlob(glob); err == nil {
			g.Match(name)
		}
	})
}

func TestGlob(t *testing.T) {
	for _, tt := range []struct {
		glob, path string
		want       bool
	}{
		{"*.conf", "a/b.conf", true}, {"*.conf", ".b.conf", true}, {"*.conf", "b.conf.bak", false}, {"*.{a,b}", "x/y.b", true},
		{"a/*.c", "a/x.c", true}, {"a/*.c", "a/b/x.c", false}, {"a/**/*.c", "a/b/c/x.c", true}, {"**/*.c", "x.c", true}, {"", "anything", true},
		{"[ab]?", "b1", true}, {"[ab]?", "c1", false}, {"{a,b}{c,d}", "bd", true}, {"{a", "{a", true}, {"x", "X", false}, {"*", "a\xff", true},
	} {
		g, err := ParseGlob(tt.glob)
		if err != nil || g.Match(tt.path) != tt.want {
			t.Errorf("%q %q: %v, %v", tt.glob, tt.path, g.Match(tt.path), err)
		}
	}
	if _, err := ParseGlob(strings.Repeat("{a,b}", 10)); err == nil {
		t.Error("1,024 alternatives are taken")
	}
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	small, long, umlauts := dir+"/small", dir+"/long", dir+"/umlauts"
	write(t, small, "one\ntwo\nthree\nfour")
	var b strings.Builder
	for i := 1; b.Len() < 3<<20; i++ {
		fmt.Fprintf(&b, "line %d\n", i)
	}
	write(t, long, b.String())
	write(t, umlauts, "aäöü")
	lines := strings.SplitAfter(b.String(), "\n")
	last := len(lines) - 1 // after the newline there is nothing
	for _, tt := range []struct {
		name, file string
		o          ReadOptions
		want       string
		eof, more  bool
		first      int
		lastLine   int
	}{
		{"all", small, ReadOptions{}, "one\ntwo\nthree\nfour", true, false, 1, 4},
		{"bytes", small, ReadOptions{Offset: 4, Length: 3}, "two", false, false, 0, 0},
		{"beyond", small, ReadOptions{Offset: 400}, "", true, false, 0, 0},
		{"budget", small, ReadOptions{Budget: 5}, "one\nt", false, true, 1, 2},
		{"lines", small, ReadOptions{Lines: Lines{First: 2, Last: 3}}, "two\nthree\n", false, false, 2, 3},
		{"lines to the end", small, ReadOptions{Lines: Lines{First: 3}}, "three\nfour", true, false, 3, 4},
		{"lines beyond", small, ReadOptions{Lines: Lines{First: 30, Last: 40}}, "", true, false, 0, 0},
		{"lines over the budget", small, ReadOptions{Lines: Lines{First: 1, Last: 4}, Budget: 9}, "one\ntwo\n", false, true, 1, 2},
		{"a line over the budget", small, ReadOptions{Lines: Lines{First: 3, Last: 4}, Budget: 2}, "th", false, true, 3, 3},
		{"tail", small, ReadOptions{Lines: Lines{Tail: 2}}, "three\nfour", true, false, 3, 4},
		{"tail of more than there is", small, ReadOptions{Lines: Lines{Tail: 20}}, "one\ntwo\nthree\nfour", true, false, 1, 4},
		{"tail over the budget", small, ReadOptions{Lines: Lines{Tail: 2}, Budget: 3}, "our", true, true, 4, 4},
		{"characters stay whole", umlauts, ReadOptions{Budget: 2}, "a", false, true, 1, 1},
		{"bytes do not", umlauts, ReadOptions{Budget: 2, Bytes: true}, "a\xc3", false, true, 1, 1},
		{"long", long, ReadOptions{Lines: Lines{First: 200_000, Last: 200_001}}, "line 200000\nline 200001\n", false, false, 200_000, 200_001},
		{"long tail", long, ReadOptions{Lines: Lines{Tail: 2}}, lines[last-2] + lines[last-1], true, false, 0, 0},
		{"long offset", long, ReadOptions{Offset: 7, Length: 7}, "line 2\n", false, false, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.o.Budget == 0 {
				tt.o.Budget = 65536
			}
			c, err := Read(context.Background(), files.Local(files.Bounds{}), tt.file, tt.o)
			if err != nil {
				t.Fatal(err)
			}
			if string(c.Data) != tt.want || c.EOF != tt.eof || c.More != tt.more || c.FirstLine != tt.first || c.LastLine != tt.lastLine {
				t.Errorf("%q eof=%v more=%v lines %d-%d; want %q eof=%v more=%v lines %d-%d", c.Data, c.EOF, c.More, c.FirstLine, c.LastLine, tt.want, tt.eof, tt.more, tt.first, tt.lastLine)
			}
			if (c.SHA256 == "") != (tt.file == long) {
				t.Errorf("sha256 is %q", c.SHA256)
			}
		})
	}
}

func TestReadKernelFile(t *testing.T) {
	c, err := Read(context.Background(), files.Local(files.Bounds{}), "/proc/self/status", ReadOptions{Budget: 65536})
	if err != nil || !strings.Contains(string(c.Data), "Pid:") || c.Size == 0 {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestSearch(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/a.conf", "alpha\nbeta needle\ngamma\n")
	write(t, dir+"/b/c.conf", "needle one\nx\ny\nz\nneedle two")
	write(t, dir+"/b/d.txt", "Needle\r\n")
	write(t, dir+"/b/new\nline", "needle")
	write(t, dir+"/bin", "needle\x00")
	write(t, dir+"/big", strings.Repeat("needle\n", 100))
	write(t, dir+"/secret.key", "needle")
	write(t, dir+"/long", strings.Repeat("x", 5000)+"needle"+strings.Repeat("y", 5000))
	os.Symlink(dir+"/a.conf", dir+"/link")
	os.Symlink(dir, dir+"/b/loop")
	base := SearchOptions{Pattern: regexp.MustCompile("needle"), Limit: 100, Budget: 1 << 20, MaxFile: 1 << 20, MaxFiles: 1000}
	run := func(t *testing.T, change func(*SearchOptions)) (*Found, []string) {
		t.Helper()
		o := base
		if change != nil {
			change(&o)
		}
		found, err := Search(context.Background(), files.Local(files.Bounds{}), dir, o)
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, m := range found.Matches {
			lines = append(lines, fmt.Sprintf("%s:%d", strings.TrimPrefix(m.Path, dir+"/"), m.Line))
		}
		return found, lines
	}
	small := func(o *SearchOptions) { o.MaxFile = 100 }
	t.Run("all", func(t *testing.T) {
		found, lines := run(t, func(o *SearchOptions) {
			o.MaxFile = 600
			o.Secret = func(p string) bool { return strings.HasSuffix(p, ".key") }
		})
		if d := cmp.Diff([]string{"a.conf:2", "b/c.conf:1", "b/c.conf:5", "b/new\nline:1"}, lines); d != "" {
			t.Error(d)
		}
		if found.Binary != 1 || found.Large != 2 || found.Secret != 1 || found.Files != 4 || found.More {
			t.Errorf("%+v", found)
		}
	})
	t.Run("context", func(t *testing.T) {
		found, _ := run(t, func(o *SearchOptions) { small(o); o.Context = 1; o.Glob, _ = ParseGlob("*.conf") })
		want := []Match{
			{dir + "/a.conf", 2, "beta needle", []string{"alpha"}, []string{"gamma"}},
			{dir + "/b/c.conf", 1, "needle one", nil, []string{"x"}},
			{dir + "/b/c.conf", 5, "needle two", []string{"z"}, nil},
		}
		if d := cmp.Diff(want, found.Matches); d != "" {
			t.Error(d)
		}
	})
	t.Run("limits", func(t *testing.T) {
		if found, lines := run(t, func(o *SearchOptions) { o.Limit = 2 }); len(lines) != 2 || !found.More || found.Why != "limit" {
			t.Errorf("%v %+v", lines, found)
		}
		if found, lines := run(t, func(o *SearchOptions) { o.Budget = len(dir) + 30 }); len(lines) != 1 || !found.More || found.Why != "max_output" {
			t.Errorf("%v %+v", lines, found)
		}
		if found, lines := run(t, func(o *SearchOptions) { o.MaxFiles = 1 }); len(lines) != 1 || !found.More || found.Why != "files" {
			t.Errorf("%v %+v", lines, found)
		}
	})
	t.Run("time", func(t *testing.T) {
		found, _ := run(t, func(o *SearchOptions) { o.Time = time.Nanosecond })
		if !found.More || found.Why != "time" && found.Why != "files" {
			t.Errorf("%+v", found)
		}
	})
	t.Run("long lines", func(t *testing.T) {
		found, _ := run(t, func(o *SearchOptions) { o.Glob, _ = ParseGlob("long") })
		if m := found.Matches[0]; len(m.Text) > maxLine+6 || !strings.Contains(m.Text, "needle") || !strings.HasPrefix(m.Text, "…") || !strings.HasSuffix(m.Text, "…") {
			t.Errorf("%q", m.Text)
		}
	})
	t.Run("candidates", func(t *testing.T) {
		_, lines := run(t, func(o *SearchOptions) {
			o.Candidates = func(context.Context) ([]string, int, bool) { return []string{dir + "/a.conf", dir + "/gone"}, 0, true }
		})
		if d := cmp.Diff([]string{"a.conf:2"}, lines); d != "" {
			t.Error(d)
		}
	})
	t.Run("one file", func(t *testing.T) {
		o := base
		o.MaxFile = 1
		found, err := Search(context.Background(), files.Local(files.Bounds{}), dir+"/big", o)
		if err != nil || len(found.Matches) != 100 {
			t.Errorf("%d matches, %v", len(found.Matches), err)
		}
	})
}

func TestList(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b", "a", "c.x", "new\nline", "-rf", "\xff"} {
		write(t, dir+"/"+name, name)
	}
	os.Symlink("nowhere", dir+"/link")
	list := func(glob string, limit int) (names []string, l *Listing) {
		g, err := ParseGlob(glob)
		if err != nil {
			t.Fatal(err)
		}
		l, err = List(context.Background(), files.Local(files.Bounds{}), dir, g, limit, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range l.Entries {
			names = append(names, e.Name)
		}
		return names, l
	}
	names, l := list("", 100)
	if d := cmp.Diff([]string{"-rf", "a", "b", "c.x", "link", "new\nline", "\xff"}, names); d != "" || l.Total != 7 || l.Entries[4].Target != "nowhere" {
		t.Errorf("%s %+v", d, l)
	}
	if names, l := list("", 2); len(names) != 2 || l.Total != 7 {
		t.Errorf("%v %+v", names, l)
	}
	if names, _ := list("*.x", 100); len(names) != 1 {
		t.Errorf("%v", names)
	}
}
