package tools

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"relay-shell/internal/files"
	"relay-shell/internal/relay"
)

// hiddenNames hold what nobody sees, or what moves a terminal's cursor.
var hiddenNames = []string{"a\x1b[31mred", "a\rb", "a\u202eb", "a\u200bb", "a\x7f", "a\u0085b", "a\u00a0b", "a\ufeffb", "\x1b]0;title\a", "tab\there"}

// TestFileHiddenNames: every tool takes such a name exact and as it is shown, and shows it escaped.
func TestFileHiddenNames(t *testing.T) {
	everywhere(t, func(t *testing.T, s *seat) {
		for _, name := range hiddenNames {
			raw := filepath.Join(s.dir, name)
			for _, path := range []string{raw, files.Escape(raw)} {
				f, _ := s.ok("file_write", map[string]any{"path": path, "content": "one\n"})
				if f["path"] != files.Escape(raw) {
					t.Errorf("%q is shown as %q", name, f["path"])
				}
				s.ok("file_edit", map[string]any{"path": path, "old": "one", "new": "two", "check": "grep -q two {}"})
				s.holds(raw, "two\n")
				if f, _ := s.ok("file_read", map[string]any{"path": path}); f["content"] != "two\n" || f["path"] != files.Escape(raw) {
					t.Errorf("%q: %v", name, f)
				}
				if f, _ := s.ok("file_stat", map[string]any{"path": path}); f["size"] != 4.0 || f["path"] != files.Escape(raw) {
					t.Errorf("%q: %v", name, f)
				}
				found, res := s.ok("file_search", map[string]any{"path": path, "pattern": "two"})
				if len(found["matches"].([]any)) != 1 || strings.ContainsAny(res.Text, "\x1b\r\u202e\u200b") {
					t.Errorf("%q: %v %q", name, found, res.Text)
				}
				if _, res := s.ok("file_list", map[string]any{"path": s.dir}); strings.ContainsAny(res.Text, "\x1b\r\u202e\u200b") {
					t.Errorf("%q is listed as it is: %q", name, res.Text)
				}
				s.ok("file_chmod", map[string]any{"path": path, "mode": "0600"})
				other := files.Escape(raw + ".x")
				s.ok("file_rename", map[string]any{"path": path, "to": other})
				s.ok("file_rename", map[string]any{"path": other, "to": path})
				s.ok("file_delete", map[string]any{"path": path})
				s.ok("file_mkdir", map[string]any{"path": path})
				s.ok("file_delete", map[string]any{"path": path, "recursive": true})
				s.only()
			}
		}
	})
}

// TestFileCodes: what goes wrong has one code, wherever the file is.
func TestFileCodes(t *testing.T) {
	everywhere(t, func(t *testing.T, s *seat) {
		file := s.put("file", "x")
		must(t, os.Symlink("loop", s.dir+"/loop"))
		must(t, os.Symlink("b", s.dir+"/a"))
		must(t, os.Symlink("a", s.dir+"/b"))
		must(t, os.Symlink("nowhere", s.dir+"/dangling"))
		for _, tt := range []struct{ path, code string }{
			{file, ""}, {s.dir + "/none", "not_found"}, {file + "/below", "invalid_argument"}, {s.dir + "/none/below", "not_found"}, {s.dir + "/loop", "invalid_argument"},
			{s.dir + "/a", "invalid_argument"}, {s.dir + "/loop/below", "invalid_argument"}, {s.dir + "/dangling", "not_found"}, {s.dir + "/dangling/below", "not_found"},
		} {
			for tool, args := range map[string]map[string]any{
				"file_list": {}, "file_read": {}, "file_search": {"pattern": "x"}, "file_edit": {"old": "x", "new": "y"}, "file_chmod": {"mode": "0644"},
			} {
				want := tt.code
				if want == "" {
					if tool != "file_list" {
						continue
					}
					want = "invalid_argument" // a file is no directory
				}
				args["path"] = tt.path
				if _, res := s.call(tool, args); res.Err == nil || res.Err.Code != want {
					t.Errorf("%s %s: %s %v, want %s", tool, strings.TrimPrefix(tt.path, s.dir), res.Outcome, res.Err, want)
				}
			}
		}
		s.fails("invalid_argument", "file_stat", map[string]any{"path": file + "/below"})
		s.fails("not_found", "file_stat", map[string]any{"path": s.dir + "/none"})
		s.fails("invalid_argument", "file_delete", map[string]any{"path": file + "/below"})
		s.fails("invalid_argument", "file_mkdir", map[string]any{"path": file + "/below"})
		s.fails("already_exists", "file_mkdir", map[string]any{"path": file})
	})
}

// TestFileRanges: parts of files at and beyond their ends.
func TestFileRanges(t *testing.T) {
	everywhere(t, func(t *testing.T, s *seat) {
		path := s.put("f", "eins\nzwei\ndrei\n") // 15 bytes
		long := s.put("long", strings.Repeat("0123456789abcde\n", 100_000))
		for _, tt := range []struct {
			args    map[string]any
			content string
			next    any
		}{
			{map[string]any{"path": path, "length": 0}, "eins\nzwei\ndrei\n", nil}, // 0 is all, as if it were not there
			{map[string]any{"path": path, "length": 4}, "eins", 4.0},
			{map[string]any{"path": path, "offset": 5, "length": 4}, "zwei", 9.0},
			{map[string]any{"path": path, "offset": 15}, "", nil},
			{map[string]any{"path": path, "offset": 1 << 40}, "", nil},
			{map[string]any{"path": path, "offset": 10, "length": 1 << 40}, "drei\n", nil},
			{map[string]any{"path": path, "offset": 1 << 53, "length": 1 << 53}, "", nil},
			{map[string]any{"path": path, "lines": "2-9999"}, "zwei\ndrei\n", nil},
			{map[string]any{"path": path, "lines": "10-40"}, "", nil},
			{map[string]any{"path": path, "lines": "-100"}, "eins\nzwei\ndrei\n", nil},
			{map[string]any{"path": path, "offset": 5, "length": 4, "encoding": "base64"}, "endlaQ==", 9.0},
			{map[string]any{"path": path, "lines": "3", "encoding": "base64"}, "ZHJlaQo=", nil},
			{map[string]any{"path": long, "offset": 1_599_990}, "6789abcde\n"[:10], nil},
			{map[string]any{"path": long, "offset": 1 << 50}, "", nil},
			{map[string]any{"path": long, "lines": "100000-"}, "0123456789abcde\n", nil},
			{map[string]any{"path": long, "lines": "100001-"}, "", nil},
			{map[string]any{"path": long, "lines": "-1"}, "0123456789abcde\n", nil},
		} {
			f, res := s.ok("file_read", tt.args)
			if f["content"] != tt.content || f["next_offset"] != tt.next {
				t.Errorf("%v: %v", tt.args, f)
			}
			if tt.content == "" && !strings.Contains(res.Text, "nothing there") {
				t.Errorf("%v: nothing says so: %q", tt.args, res.Text)
			}
		}
		for _, bad := range []map[string]any{{"offset": -1}, {"length": -1}, {"lines": "40-10"}, {"lines": "0-3"}, {"lines": "0"}, {"lines": "a-b"}, {"lines": "1-2-3"}, {"lines": "-0"}, {"lines": "99999999999999999999"}} {
			bad["path"] = path
			if res := s.fails("invalid_argument", "file_read", bad); res.Outcome == relay.OK {
				t.Errorf("%v", bad)
			}
		}
		// What is no text is shown lossy, with a word on it, or not at all.
		lossy := s.put("lossy", "")
		s.ok("file_write", map[string]any{"path": lossy, "content": "Yf9i", "encoding": "base64"})
		if f, res := s.ok("file_read", map[string]any{"path": lossy}); f["content"] != "a\ufffdb" || f["lossy"] != true || !strings.Contains(res.Text, "base64") {
			t.Errorf("%v %q", f, res.Text)
		}
		if f, _ := s.ok("file_read", map[string]any{"path": lossy, "encoding": "base64"}); f["content"] != "Yf9i" || f["lossy"] == true {
			t.Errorf("%v", f)
		}
	})
}
