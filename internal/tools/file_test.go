package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

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

func TestFileWrite(t *testing.T) {
	everywhere(t, func(t *testing.T, s *seat) {
		path := s.put("f", "one")
		must(t, os.Chmod(path, 0o751))
		f, _ := s.ok("file_write", map[string]any{"path": path, "content": "dHdv", "encoding": "base64"})
		if s.holds(path, "two"); f["mode"] != "0751" || f["created"] != false || !strings.Contains(f["diff"].(string), "+two") {
			t.Errorf("%v", f)
		}
		s.fails("already_exists", "file_write", map[string]any{"path": path, "content": "x", "create_only": true})
		f, _ = s.ok("file_write", map[string]any{"path": path, "content": "+", "append": true})
		if s.holds(path, "two+"); f["bytes"] != 4.0 {
			t.Errorf("%v", f)
		}
		s.ok("file_write", map[string]any{"path": path, "content": "+", "append": true, "check": "test $(wc -c <{}) = 5"})
		s.holds(path, "two++")
		res := s.fails("invalid_argument", "file_write", map[string]any{"path": path, "content": "bad", "check": "echo line 1 is bad >&2; false {}"})
		if !strings.Contains(res.Text, "line 1 is bad") || !strings.Contains(res.Err.Message, "exit 1") {
			t.Errorf("%s %v", res.Text, res.Err)
		}
		s.holds(path, "two++")
		s.fails("invalid_argument", "file_write", map[string]any{"path": path, "content": "x", "check": "true"})
		s.fails("invalid_argument", "file_write", map[string]any{"path": path, "content": "x", "mode": "999"})
		s.fails("invalid_argument", "file_write", map[string]any{"path": path, "content": "k=‹secret:token:01234567›"})
		s.fails("invalid_argument", "file_write", map[string]any{"path": path, "content": "!", "encoding": "base64"})
		s.fails("not_found", "file_write", map[string]any{"path": path + "-dir/f", "content": "x"})
		f, _ = s.ok("file_write", map[string]any{"path": path, "content": "two++"})
		if f["unchanged"] != true || f["change_id"] != nil {
			t.Errorf("%v", f)
		}
		// Through a link: the link stays.
		link := filepath.Join(s.dir, "link")
		must(t, os.Symlink("f", link))
		s.ok("file_write", map[string]any{"path": link, "content": "linked"})
		if to, err := os.Readlink(link); to != "f" || err != nil {
			t.Errorf("%q, %v", to, err)
		}
		s.holds(path, "linked")
		s.only("f", "link")
	})
}

func TestFileEdit(t *testing.T) {
	everywhere(t, func(t *testing.T, s *seat) {
		path := s.put("f", "a\r\nPort 22\r\nb")
		sum, _ := s.ok("file_read", map[string]any{"path": path})
		f, _ := s.ok("file_edit", map[string]any{"path": path, "old": "Port 22\n", "new": "Port 2222\nX\n", "expected_sha256": sum["sha256"]})
		if s.holds(path, "a\r\nPort 2222\r\nX\r\nb"); !strings.Contains(f["diff"].(string), "No newline") {
			t.Errorf("%v", f)
		}
		s.fails("invalid_argument", "file_edit", map[string]any{"path": path, "old": "X", "new": "Y", "expected_sha256": sum["sha256"]})
		s.fails("invalid_argument", "file_edit", map[string]any{"path": path, "old": "X", "new": "Y", "expected_sha256": "abc"})
		res := s.fails("invalid_argument", "file_edit", map[string]any{"path": path, "old": "2", "new": "3"})
		if !strings.Contains(res.Err.Hint, "count=4") || !strings.Contains(res.Text, "lines 2 2 2 2") {
			t.Errorf("%v %s", res.Err, res.Text)
		}
		res = s.fails("invalid_argument", "file_edit", map[string]any{"path": path, "old": "port  2222", "new": "3"})
		if !strings.Contains(res.Text, "line 2: Port 2222") {
			t.Errorf("%v %s", res.Err, res.Text)
		}
		s.ok("file_edit", map[string]any{"path": path, "old": "2", "new": "3", "count": 4})
		s.holds(path, "a\r\nPort 3333\r\nX\r\nb")
		s.fails("invalid_argument", "file_edit", map[string]any{"path": path, "old": "", "new": "3"})
		s.fails("invalid_argument", "file_edit", map[string]any{"path": path, "old": "X", "new": "X"})
		s.fails("invalid_argument", "file_edit", map[string]any{"path": path, "old": "‹secret:token:01234567›", "new": "X"})
		s.fails("not_found", "file_edit", map[string]any{"path": path + "x", "old": "X", "new": "Y"})
		s.only("f")
	})
}

func TestFileRevert(t *testing.T) {
	everywhere(t, func(t *testing.T, s *seat) {
		path := s.put("sshd_config", "Port 22\n")
		f, res := s.ok("file_edit", map[string]any{"path": path, "old": "22", "new": "23", "revert_after": 2})
		if f["reverts_at"] == nil || !strings.Contains(res.Text, "REVERTS at") {
			t.Fatalf("%v %s", f, res.Text)
		}
		// The connection goes, as after a bad edit.
		if s.host != "" {
			s.ok("ssh_disconnect", map[string]any{})
		}
		for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			if b, _ := os.ReadFile(path); string(b) == "Port 22\n" {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("the old file is not back")
			}
		}
		s.fails("not_found", "file_confirm", map[string]any{"change_id": f["change_id"]})

		f, _ = s.ok("file_edit", map[string]any{"path": path, "old": "22", "new": "24", "revert_after": 3600})
		stat, _ := s.ok("file_stat", map[string]any{"path": path})
		if pending, _ := stat["pending"].(string); !strings.Contains(pending, f["change_id"].(string)) {
			t.Errorf("%v", stat)
		}
		s.fails("already_exists", "file_edit", map[string]any{"path": path, "old": "24", "new": "25"})
		if kept, _ := s.ok("file_confirm", map[string]any{"change_id": f["change_id"]}); kept["state"] != "kept" {
			t.Errorf("%v", kept)
		}
		s.holds(path, "Port 24\n")
		undone, _ := s.ok("file_confirm", map[string]any{"change_id": f["change_id"], "undo": true})
		if s.holds(path, "Port 22\n"); undone["state"] != "undone" || !strings.Contains(undone["diff"].(string), "-Port 24") {
			t.Errorf("%v", undone)
		}
		s.fails("not_found", "file_confirm", map[string]any{"change_id": "c-00000000000000000000000000"})
		s.fails("invalid_argument", "file_confirm", map[string]any{"change_id": "../x"})
		s.only("sshd_config")
		if stat, _ = s.ok("file_stat", map[string]any{"path": path}); len(stat["backups"].([]any)) < 2 {
			t.Errorf("%v", stat)
		}
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

// TestFileOneWins: of 64 that edit the same state of a file, one does.
func TestFileOneWins(t *testing.T) {
	everywhere(t, func(t *testing.T, s *seat) {
		path := s.put("f", "round 0\n")
		sum, _ := s.ok("file_read", map[string]any{"path": path})
		var wg sync.WaitGroup
		outcomes := make([]*relay.Result, 64)
		for i := range outcomes {
			wg.Go(func() {
				args := map[string]any{"path": path, "old": "round 0", "new": fmt.Sprintf("round 1 by %d", i), "expected_sha256": sum["sha256"]}
				if s.host != "" {
					args["host"] = s.host
				}
				outcomes[i] = s.do(context.Background(), "file_edit", args, nil)
			})
		}
		wg.Wait()
		won := 0
		for _, res := range outcomes {
			switch {
			case res.Outcome == relay.OK:
				won++
			case res.Err.Code != "invalid_argument" || !strings.Contains(res.Err.Message, "has changed"):
				t.Errorf("a loser was told %v", res.Err)
			}
		}
		if won != 1 {
			t.Errorf("%d won", won)
		}
		s.only("f")
	})
}

func escaped(name string) string { return files.Escape(name) }
