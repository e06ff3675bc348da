package tools

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"relay-shell/internal/relay"
)

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
		f, _ = s.ok("file_edit", map[string]any{"path": path, "old": "22", "new": "26", "revert_after": 2})
		must(t, os.WriteFile(path, []byte("Port 27 # by hand\n"), 0o600))
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
			stat, res := s.ok("file_stat", map[string]any{"path": path})
			if newest := stat["backups"].([]any)[0].(map[string]any); newest["change_id"] == f["change_id"] && newest["state"] == "not reverted: changed since" && strings.Contains(res.Text, "changed since") {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%v", stat)
			}
		}
		late, res := s.ok("file_confirm", map[string]any{"change_id": f["change_id"]})
		if late["state"] != "changed" || !strings.Contains(res.Text, late["backup"].(string)) {
			t.Errorf("%v %s", late, res.Text)
		}
		s.holds(path, "Port 27 # by hand\n")
		if s.host != "" {
			if old, _ := s.ok("file_read", map[string]any{"path": late["backup"]}); old["content"] != "Port 22\n" {
				t.Errorf("%v", old)
			}
		} else { // here it is in the state directory, which file tools don't touch, and the note has the command
			_, command, _ := strings.Cut(strings.Join(res.Notes, "\n"), "shell_exec: ")
			if out, err := exec.Command("sh", "-c", command).CombinedOutput(); err != nil {
				t.Errorf("%q: %v %s", res.Notes, err, out)
			}
			s.holds(path, "Port 22\n")
		}
		s.ok("file_write", map[string]any{"path": path, "content": "Port 22\n"})
		s.fails("not_found", "file_confirm", map[string]any{"change_id": "c-00000000000000000000000000"})
		s.fails("invalid_argument", "file_confirm", map[string]any{"change_id": "../x"})
		s.only("sshd_config")
		if stat, _ = s.ok("file_stat", map[string]any{"path": path}); len(stat["backups"].([]any)) < 2 {
			t.Errorf("%v", stat)
		}
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

// TestFileCancelled: whoever cancels a change while it is being checked has changed nothing.
func TestFileCancelled(t *testing.T) {
	everywhere(t, func(t *testing.T, s *seat) {
		path, mark := s.put("f", "old"), filepath.Join(s.dir, "checking")
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		go func() {
			for ctx.Err() == nil {
				if _, err := os.Stat(mark); err == nil {
					cancel()
				}
				time.Sleep(10 * time.Millisecond)
			}
		}()
		args := map[string]any{"path": path, "content": "new", "revert_after": 60, "check": "test -s {} && touch " + mark + " && sleep 300"}
		if s.host != "" {
			args["host"] = s.host
		}
		if res := s.do(ctx, "file_write", args, nil); res.Outcome != relay.Cancelled {
			t.Errorf("%s %v", res.Outcome, res.Err)
		}
		s.holds(path, "old")
		s.only("checking", "f")
		s.ok("file_write", map[string]any{"path": path, "content": "newer"})
	})
}
