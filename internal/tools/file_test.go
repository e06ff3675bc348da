package tools

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"relay-shell/internal/files"
	"relay-shell/internal/relay"
	"relay-shell/internal/sshtest"
)

// seat is a place with files: this machine, or a host.
type seat struct {
	*road
	t    testing.TB
	host string
	dir  string // empty, and writable for the account there
}

// everywhere runs a test on each kind of target.
func everywhere(t *testing.T, test func(t *testing.T, s *seat)) {
	t.Run("here", func(t *testing.T) {
		l := sshtest.New(t)
		test(t, &seat{road: newRoad(t, l, ""), t: t, dir: openDir(t)})
	})
	t.Run("sftp", func(t *testing.T) {
		l := sshtest.New(t)
		l.MustStart(t, sshtest.Options{Alias: "web1", Ordinary: true})
		test(t, &seat{road: newRoad(t, l, ""), t: t, host: "web1", dir: openDir(t)})
	})
	if name := t.Name(); os.Getuid() == 0 && (name == "TestFileEdit" || name == "TestFileRevert") { // dropbear takes keys from the account's home alone
		t.Run("dropbear", func(t *testing.T) {
			l := sshtest.New(t)
			l.MustStart(t, sshtest.Options{Alias: "web1", Dropbear: true, Shell: "dash"})
			test(t, &seat{road: newRoad(t, l, ""), t: t, host: "web1", dir: openDir(t)})
		})
	}
	t.Run("shell", func(t *testing.T) { // a host without an sftp subsystem
		l := sshtest.New(t)
		l.MustStart(t, sshtest.Options{Alias: "web1", Ordinary: true, NoSFTP: true})
		test(t, &seat{road: newRoad(t, l, ""), t: t, host: "web1", dir: openDir(t)})
	})
}

// openDir is a directory that every account can write to.
func openDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "files")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o777))
	return dir
}

// call makes a call and gives its fields as a program sees them.
func (s *seat) call(tool string, args map[string]any) (map[string]any, *relay.Result) {
	s.t.Helper()
	if s.host != "" && tool != "file_confirm" {
		args["host"] = s.host
	}
	res := s.do(context.Background(), tool, args, nil)
	b, err := json.Marshal(res.Fields)
	must(s.t, err)
	fields := map[string]any{}
	_ = json.Unmarshal(b, &fields) // null of calls that failed
	return fields, res
}

// ok is a call that has to succeed.
func (s *seat) ok(tool string, args map[string]any) (map[string]any, *relay.Result) {
	s.t.Helper()
	fields, res := s.call(tool, args)
	if res.Outcome != relay.OK {
		s.t.Fatalf("%s %v: %s %v %s", tool, args, res.Outcome, res.Err, res.Text)
	}
	return fields, res
}

// fails is a call that has to fail with a code.
func (s *seat) fails(code, tool string, args map[string]any) *relay.Result {
	s.t.Helper()
	_, res := s.call(tool, args)
	if res.Err == nil || res.Err.Code != code || res.Err.Hint == "" {
		s.t.Errorf("%s %v: %s %+v, want %s", tool, args, res.Outcome, res.Err, code)
	}
	return res
}

// put makes a file that belongs to the account there.
func (s *seat) put(name, content string) string {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	s.ok("file_write", map[string]any{"path": path, "content": content})
	return path
}

func (s *seat) holds(path, want string) {
	s.t.Helper()
	b, err := os.ReadFile(path)
	if err != nil || string(b) != want {
		s.t.Errorf("%s holds %q, %v; want %q", path, b, err, want)
	}
}

// only says that the directory holds nothing but these names.
func (s *seat) only(names ...string) {
	s.t.Helper()
	entries, err := os.ReadDir(s.dir)
	must(s.t, err)
	var there []string
	for _, e := range entries {
		there = append(there, e.Name())
	}
	if strings.Join(there, "|") != strings.Join(names, "|") {
		s.t.Errorf("there are %q, want %q", there, names)
	}
}

// oddNames are those that programs stumble over.
var oddNames = []string{"plain", "with space", "it's", `back\slash`, "$(touch x)", "*", "-rf", "new\nline", "~", "ü", "\xff\xfe", strings.Repeat("n", 255), "$'x'", "{}"}

func TestFileNames(t *testing.T) {
	everywhere(t, func(t *testing.T, s *seat) {
		for _, name := range oddNames {
			shown := escaped(filepath.Join(s.dir, name))
			s.ok("file_write", map[string]any{"path": shown, "content": "one\ntwo\n"})
			if f, _ := s.ok("file_read", map[string]any{"path": shown}); f["content"] != "one\ntwo\n" {
				t.Errorf("%q: %v", name, f)
			}
			f, _ := s.ok("file_edit", map[string]any{"path": shown, "old": "two", "new": "2", "check": "grep -q 2 {}"})
			if d, _ := f["diff"].(string); !strings.Contains(d, "-two\n+2\n") {
				t.Errorf("%q: %v", name, f)
			}
			s.holds(filepath.Join(s.dir, name), "one\n2\n")
			s.ok("file_chmod", map[string]any{"path": shown, "mode": "0600"})
			if f, _ := s.ok("file_stat", map[string]any{"path": shown}); f["mode"] != "0600" || f["size"] != 6.0 {
				t.Errorf("%q: %v", name, f)
			}
			list, _ := s.ok("file_list", map[string]any{"path": s.dir})
			if got := list["files"].([]any)[0].(map[string]any)["name"]; got != escaped(name) {
				t.Errorf("%q is listed as %q", name, got)
			}
			found, _ := s.ok("file_search", map[string]any{"path": s.dir, "pattern": "on[e]"})
			if m := found["matches"].([]any); len(m) != 1 || m[0].(map[string]any)["path"] != shown {
				t.Errorf("%q is found as %v", name, m)
			}
			other := escaped(filepath.Join(s.dir, "."+name[:min(len(name), 254)]))
			s.ok("file_rename", map[string]any{"path": shown, "to": other})
			s.ok("file_delete", map[string]any{"path": other})
			s.only()
		}
	})
}

func TestFileRead(t *testing.T) {
	everywhere(t, func(t *testing.T, s *seat) {
		path := s.put("f", "eins\nzwei\ndrei\n")
		f, res := s.ok("file_read", map[string]any{"path": path, "lines": "2-2"})
		if f["content"] != "zwei\n" || f["next_offset"] != 10.0 || f["first_line"] != 2.0 || !strings.Contains(res.Text, "go on with offset=10") {
			t.Errorf("%v %s", f, res.Text)
		}
		f, _ = s.ok("file_read", map[string]any{"path": path, "offset": 10})
		if f["content"] != "drei\n" || f["next_offset"] != nil {
			t.Errorf("%v", f)
		}
		if f, _ = s.ok("file_read", map[string]any{"path": path, "lines": "-1", "encoding": "base64"}); f["content"] != "ZHJlaQo=" {
			t.Errorf("%v", f)
		}
		binary := s.put("bin", "a\x00b")
		if f, res = s.ok("file_read", map[string]any{"path": binary}); f["content"] != "" || f["binary"] != true || !strings.Contains(res.Text, "base64") {
			t.Errorf("%v %s", f, res.Text)
		}
		s.fails("not_found", "file_read", map[string]any{"path": path + "x"})
		s.fails("invalid_argument", "file_read", map[string]any{"path": s.dir})
		s.fails("invalid_argument", "file_read", map[string]any{"path": path, "lines": "3-2"})
		s.fails("invalid_argument", "file_read", map[string]any{"path": path, "lines": "1", "offset": 3})
		s.fails("invalid_argument", "file_read", map[string]any{"path": path, "encoding": "latin1"})
		s.fails("invalid_argument", "file_read", map[string]any{"path": ""})
		s.fails("invalid_argument", "file_read", map[string]any{"path": "a\x00b"})

		// Secrets: by name, and through a link.
		secret := s.put("id_ed25519", "key")
		s.fails("denied", "file_read", map[string]any{"path": secret})
		must(t, os.Symlink("id_ed25519", filepath.Join(s.dir, "harmless")))
		s.fails("denied", "file_read", map[string]any{"path": filepath.Join(s.dir, "harmless")})
		f, _ = s.ok("file_search", map[string]any{"path": s.dir, "pattern": "key"})
		if len(f["matches"].([]any)) != 0 || f["skipped"].(map[string]any)["secret"] != 1.0 {
			t.Errorf("%v", f)
		}
		s.ok("file_stat", map[string]any{"path": secret})
	})
}

func TestFileManage(t *testing.T) {
	everywhere(t, func(t *testing.T, s *seat) {
		a := filepath.Join(s.dir, "a")
		s.fails("not_found", "file_mkdir", map[string]any{"path": a + "/b/c"})
		if f, _ := s.ok("file_mkdir", map[string]any{"path": a + "/b/c", "parents": true}); f["made"] != 3.0 {
			t.Errorf("%v", f)
		}
		s.ok("file_mkdir", map[string]any{"path": a + "/b/c", "parents": true})
		s.fails("already_exists", "file_mkdir", map[string]any{"path": a + "/b/c"})
		one, two := s.put("a/b/one", "1"), s.put("a/b/two", "2")
		s.fails("already_exists", "file_rename", map[string]any{"path": one, "to": two})
		s.holds(two, "2")
		s.ok("file_rename", map[string]any{"path": one, "to": two, "overwrite": true})
		s.holds(two, "1")
		if _, res := s.call("file_delete", map[string]any{"path": a}); res.Outcome != relay.Failed || !strings.Contains(res.Err.Hint, "recursive") {
			t.Errorf("%+v", res.Err)
		}
		outside := filepath.Join(s.dir, "outside")
		s.ok("file_mkdir", map[string]any{"path": outside})
		s.put("outside/keep", "kept")
		must(t, os.Symlink(outside, filepath.Join(a, "link")))
		_, res := s.ok("file_delete", map[string]any{"path": a, "recursive": true})
		if res.Tier != 3 {
			t.Errorf("tier %d", res.Tier)
		}
		s.holds(outside+"/keep", "kept")
		s.only("outside")
		s.fails("invalid_argument", "file_delete", map[string]any{"path": "/", "recursive": true})
		s.fails("invalid_argument", "file_delete", map[string]any{"path": s.dir + "/../../usr", "recursive": true})
		s.fails("invalid_argument", "file_delete", map[string]any{"path": "~", "recursive": true})
		s.fails("not_found", "file_delete", map[string]any{"path": a})
		s.fails("invalid_argument", "file_chmod", map[string]any{"path": outside, "mode": "u+x"})
	})
}

func escaped(name string) string { return files.Escape(name) }
