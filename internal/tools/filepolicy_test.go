package tools

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"relay-shell/internal/relay"
	"relay-shell/internal/sshtest"
)

// TestFilePolicy: what a file tool does is judged as a command that does the same, also where a link leads.
func TestFilePolicy(t *testing.T) {
	lab := sshtest.New(t)
	dir := openDir(t)
	must(t, os.Mkdir(dir+"/forbidden", 0o755))
	must(t, os.WriteFile(dir+"/forbidden/f", []byte("x"), 0o644))
	must(t, os.WriteFile(dir+"/f", []byte("x"), 0o644))
	must(t, os.Symlink(dir+"/forbidden/f", dir+"/link"))
	must(t, os.Symlink(dir+"/forbidden", dir+"/dir"))

	t.Run("readonly", func(t *testing.T) {
		s := &seat{road: newRoad(t, lab, "", "RELAY_SHELL_POLICY_MODE=readonly"), t: t, dir: dir}
		s.ok("file_read", map[string]any{"path": dir + "/f"})
		s.ok("file_list", map[string]any{"path": dir})
		for tool, args := range map[string]map[string]any{
			"file_write": {"path": dir + "/f", "content": "y"}, "file_edit": {"path": dir + "/f", "old": "x", "new": "y"}, "file_mkdir": {"path": dir + "/d"},
			"file_chmod": {"path": dir + "/f", "mode": "0777"}, "file_rename": {"path": dir + "/f", "to": dir + "/g"}, "file_delete": {"path": dir + "/f"},
		} {
			s.fails("denied", tool, args)
		}
		s.holds(dir+"/f", "x")
	})
	t.Run("deny", func(t *testing.T) {
		s := &seat{road: newRoad(t, lab, "", "RELAY_SHELL_POLICY_DENY=forbidden|^file_chmod"), t: t, dir: dir}
		for _, path := range []string{dir + "/forbidden/f", dir + "/link", dir + "/dir/f", dir + "/dir/../link"} {
			for tool, args := range map[string]map[string]any{
				"file_read": {"path": path}, "file_write": {"path": path, "content": "y"}, "file_edit": {"path": path, "old": "x", "new": "y"}, "file_search": {"path": path, "pattern": "x"},
			} {
				if _, res := s.call(tool, args); res.Outcome != relay.Denied {
					t.Errorf("%s %s: %s %v", tool, path, res.Outcome, res.Err)
				}
			}
		}
		for tool, args := range map[string]map[string]any{
			"file_list": {"path": dir + "/dir"}, "file_delete": {"path": dir + "/dir/f"}, "file_mkdir": {"path": dir + "/dir/new"}, "file_stat": {"path": dir + "/dir/f"},
			"file_rename": {"path": dir + "/f", "to": dir + "/dir/g"}, "file_chmod": {"path": dir + "/f", "mode": "0600"},
		} {
			s.fails("denied", tool, args)
		}
		s.ok("file_delete", map[string]any{"path": dir + "/dir"}) // the link, not what it leads to
		s.holds(dir+"/forbidden/f", "x")
	})
	t.Run("guarded", func(t *testing.T) {
		s := &seat{road: newRoad(t, lab, "", "RELAY_SHELL_POLICY_MODE=guarded", "RELAY_SHELL_POLICY_ALLOW=^tee -- "+dir+"/f(\ngrep -q y "+dir+"/f)?$"), t: t, dir: dir}
		s.ok("file_write", map[string]any{"path": dir + "/f", "content": "y", "check": "grep -q y {}"})
		s.fails("denied", "file_write", map[string]any{"path": dir + "/g", "content": "y"})
		s.fails("denied", "file_write", map[string]any{"path": dir + "/link", "content": "y"})
		// The check counts, too.
		s.fails("denied", "file_write", map[string]any{"path": dir + "/f", "content": "z", "check": "rm -rf / {}"})
		s.holds(dir+"/f", "y")
	})
	t.Run("tiers", func(t *testing.T) {
		s := &seat{road: newRoad(t, lab, "", "RELAY_SHELL_POLICY_MODE=readonly"), t: t, dir: dir}
		for _, tt := range []struct {
			tool string
			args map[string]any
			tier int
		}{
			{"file_write", map[string]any{"path": dir + "/f", "content": ""}, 2},
			{"file_write", map[string]any{"path": "/etc/passwd", "content": ""}, 3},
			{"file_write", map[string]any{"path": dir + "/f", "content": "", "check": "systemctl restart x {}"}, 2},
			{"file_edit", map[string]any{"path": dir + "/f", "old": "x", "new": "y", "check": "mkfs /dev/sda {}"}, 3},
			{"file_delete", map[string]any{"path": dir + "/f"}, 2},
			{"file_delete", map[string]any{"path": dir + "/f", "recursive": true}, 3},
			{"file_read", map[string]any{"path": dir + "/f"}, 0},
			{"file_chmod", map[string]any{"path": "/usr/bin/x", "mode": "4755"}, 3},
		} {
			if _, res := s.call(tt.tool, tt.args); int(res.Tier) != tt.tier {
				t.Errorf("%s %v is tier %d, want %d", tt.tool, tt.args, res.Tier, tt.tier)
			}
		}
	})
}

// TestFileAudit: no record holds what a file holds, of calls that were refused neither.
func TestFileAudit(t *testing.T) {
	s := &seat{road: newRoad(t, sshtest.New(t), ""), t: t, dir: openDir(t)}
	path := s.put("f", "CONTENT-ONE line\n")
	s.ok("file_edit", map[string]any{"path": path, "old": "CONTENT-ONE", "new": "CONTENT-TWO"})
	s.ok("file_read", map[string]any{"path": path})
	s.call("file_edit", map[string]any{"path": path, "old": "CONTENT-THREE", "new": "CONTENT-FOUR"})
	s.call("file_edit", map[string]any{"path": path, "old": "content-two  line", "new": "CONTENT-FOUR"})
	s.call("file_write", map[string]any{"path": path, "content": "CONTENT-FIVE", "no_such": 1})
	s.call("file_write", map[string]any{"path": path, "content": "CONTENT-SIX", "check": "cat {}; false"})
	b, err := os.ReadFile(s.deps.Config.AuditPath)
	must(t, err)
	if strings.Contains(strings.ToUpper(string(b)), "CONTENT-") {
		t.Errorf("the audit holds content: %s", b)
	}
	for _, want := range []string{`"new_sha256"`, `"content":{"len":`, `"old":{"len":`, `"real_path"`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("the audit lacks %s", want)
		}
	}
}

// TestFileBounds: LOCAL_ROOTS hold, and relay-shell's own files are nobody's business.
func TestFileBounds(t *testing.T) {
	dir := openDir(t)
	root := dir + "/root"
	must(t, os.Mkdir(root, 0o755))
	must(t, os.WriteFile(dir+"/outside", []byte("x"), 0o644))
	must(t, os.Symlink(dir+"/outside", root+"/escape"))
	must(t, os.Symlink("..", root+"/up"))
	s := &seat{road: newRoad(t, sshtest.New(t), "", "RELAY_SHELL_LOCAL_ROOTS="+root), t: t, dir: root}
	s.put("f", "inside")
	f, _ := s.ok("file_edit", map[string]any{"path": root + "/f", "old": "inside", "new": "changed", "check": "test -s {}", "revert_after": 3600})
	s.ok("file_confirm", map[string]any{"change_id": f["change_id"]})
	for _, path := range []string{dir + "/outside", root + "/escape", root + "/up/outside", root + "/../outside", dir} {
		for tool, args := range map[string]map[string]any{
			"file_read": {"path": path}, "file_write": {"path": path, "content": "y"}, "file_edit": {"path": path, "old": "x", "new": "y"}, "file_search": {"path": path, "pattern": "x"},
			"file_rename": {"path": root + "/f", "to": filepath.Join(path, "g")}, "file_chmod": {"path": path, "mode": "0600"},
		} {
			if _, res := s.call(tool, args); res.Outcome == relay.OK {
				t.Errorf("%s %s leads out of the roots", tool, path)
			}
		}
	}
	s.fails("permission_denied", "file_delete", map[string]any{"path": root, "recursive": true})
	s.holds(dir+"/outside", "x")

	free := &seat{road: newRoad(t, sshtest.New(t), ""), t: t, dir: dir}
	state := free.deps.Config.StateDir
	for tool, args := range map[string]map[string]any{
		"file_read": {"path": free.deps.Config.AuditPath}, "file_list": {"path": state}, "file_write": {"path": state + "/x", "content": "y"},
		"file_delete": {"path": filepath.Dir(state), "recursive": true}, "file_rename": {"path": filepath.Dir(state), "to": dir + "/state"}, "file_search": {"path": state, "pattern": "x"},
	} {
		if _, res := free.call(tool, args); res.Outcome == relay.OK {
			t.Errorf("%s touches relay-shell's own files", tool)
		}
	}
	if _, err := os.Stat(free.deps.Config.AuditPath); err != nil {
		t.Error(err)
	}
}
