package tools

import (
	"os"
	"strings"
	"testing"
	"time"

	"relay-shell/internal/relay"
	"relay-shell/internal/sshtest"
)

// TestFileRevertWithoutServer: the edit cost the host its sshd, so that nobody can confirm: the old file comes back by itself.
func TestFileRevertWithoutServer(t *testing.T) {
	lab := sshtest.New(t)
	server := lab.MustStart(t, sshtest.Options{Alias: "web1", Ordinary: true})
	s := &seat{road: newRoad(t, lab, ""), t: t, host: "web1", dir: openDir(t)}
	path := s.put("sshd_config", "Port 22\n")
	f, _ := s.ok("file_edit", map[string]any{"path": path, "old": "22", "new": "23", "revert_after": 3, "check": "grep -q 'Port 23' {}"})
	must(t, server.Kill())
	s.holds(path, "Port 23\n")
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if b, _ := os.ReadFile(path); string(b) == "Port 22\n" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the old file is not back")
		}
	}
	if _, res := s.call("file_confirm", map[string]any{"change_id": f["change_id"]}); res.Outcome == relay.OK {
		t.Errorf("confirmed on a host without sshd: %s", res.Text)
	}
	must(t, server.Restart())
	s.fails("not_found", "file_confirm", map[string]any{"change_id": f["change_id"]})
	s.only("sshd_config")
}

// TestFileCheckCutsOff: the check itself takes the connection away: nothing has been changed, and nothing is left once the host can be reached again.
func TestFileCheckCutsOff(t *testing.T) {
	lab := sshtest.New(t)
	server := lab.MustStart(t, sshtest.Options{Alias: "web1", Ordinary: true})
	s := &seat{road: newRoad(t, lab, ""), t: t, host: "web1", dir: openDir(t)}
	path := s.put("f", "old")
	done := make(chan *relay.Result, 1)
	go func() {
		_, res := s.call("file_write", map[string]any{"path": path, "content": "new", "revert_after": 3600, "check": "test -s {} && touch " + s.dir + "/checking && sleep 300"})
		done <- res
	}()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if _, err := os.Stat(s.dir + "/checking"); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the check does not run")
		}
	}
	must(t, server.Kill())
	if res := <-done; res.Err == nil || res.Err.Code != "connection_lost" {
		t.Errorf("%s %v", res.Outcome, res.Err)
	}
	s.holds(path, "old")
	must(t, server.Restart())
	s.ok("file_write", map[string]any{"path": path, "content": "newer"})
	s.holds(path, "newer")
}

// TestFileCheckTalks: what a check prints is cut, not kept in memory, not a hindrance.
func TestFileCheckTalks(t *testing.T) {
	everywhere(t, func(t *testing.T, s *seat) {
		path := s.put("f", "old")
		talk := "yes 0123456789 | head -c 10000000; echo THE END; test -s {}"
		f, res := s.ok("file_write", map[string]any{"path": path, "content": "new", "check": talk})
		if out := f["check_output"].(string); len(out) > 2*shellOutput || !strings.Contains(out, "THE END") || len(res.Text) > 4*shellOutput {
			t.Errorf("%d bytes of output, %d of text", len(out), len(res.Text))
		}
		res = s.fails("invalid_argument", "file_write", map[string]any{"path": path, "content": "newer", "check": talk + " && false"})
		if len(res.Text) > 4*shellOutput || !strings.Contains(res.Text, "THE END") {
			t.Errorf("%d bytes of text", len(res.Text))
		}
		s.fails("invalid_argument", "file_write", map[string]any{"path": path, "content": "newer", "check": "true"})
		s.holds(path, "new")
		s.only("f")
	})
}
