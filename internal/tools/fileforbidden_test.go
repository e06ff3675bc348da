package tools

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"relay-shell/internal/relay"
	"relay-shell/internal/sshtest"
)

// TestFileForbiddenInTrees: what the policy denies by name it denies inside a tree, too: looks leave it out and say so, everything else refuses
// and names it.
func TestFileForbiddenInTrees(t *testing.T) {
	for _, host := range []string{"", "web1"} {
		t.Run("host="+host, func(t *testing.T) {
			lab := sshtest.New(t)
			lab.MustStart(t, sshtest.Options{Alias: "web1", Ordinary: true})
			s := &seat{road: newRoad(t, lab, "", "RELAY_SHELL_POLICY_DENY=forbidden|it's mine|a\x1bb"), t: t, host: host, dir: openDir(t)}
			tree := filepath.Join(s.dir, "tree")
			free := &seat{road: newRoad(t, lab, ""), t: t, host: host, dir: tree}
			free.ok("file_mkdir", map[string]any{"path": tree + "/sub/forbidden", "parents": true})
			for _, name := range []string{"fine", "sub/fine", "sub/forbidden/a", "sub/forbidden/b", "it's mine", "a\x1bb"} {
				free.put(name, "needle\n")
			}
			denied := []any{tree + "/it's mine", "$'" + tree + `/a\x1bb'`, tree + "/sub/forbidden"}
			for _, pattern := range []string{"needle", "n[e]e+dle"} { // with and without the help of the host's grep
				found, res := s.ok("file_search", map[string]any{"path": tree, "pattern": pattern})
				for _, m := range found["matches"].([]any) {
					if p := m.(map[string]any)["path"]; p != tree+"/fine" && p != tree+"/sub/fine" {
						t.Errorf("%s finds %v", pattern, p)
					}
				}
				if len(found["matches"].([]any)) != 2 || !same(found["denied"], denied) || !strings.Contains(res.Text, "the policy denies them") {
					t.Errorf("%s: %v\n%s", pattern, found, res.Text)
				}
			}
			list, res := s.ok("file_list", map[string]any{"path": tree})
			if list["total"] != 2.0 || !same(list["denied"], denied[:2]) || !strings.Contains(res.Text, "the policy denies them") {
				t.Errorf("%v\n%s", list, res.Text)
			}
			for tool, args := range map[string]map[string]any{"file_delete": {"recursive": true}, "file_rename": {"to": s.dir + "/elsewhere"}} {
				for _, path := range []string{tree, tree + "/sub"} {
					args["path"] = path
					if _, res := s.call(tool, args); res.Outcome != relay.Denied || !strings.Contains(res.Err.Message, "forbidden") && !strings.Contains(res.Err.Message, "mine") && !strings.Contains(res.Err.Message, `\x1b`) {
						t.Errorf("%s %s: %s %v", tool, path, res.Outcome, res.Err)
					}
				}
			}
			s.only("tree")
			free.holds(tree+"/sub/forbidden/a", "needle\n")
		})
	}
}

func same(got any, want []any) bool {
	list, _ := got.([]any)
	if len(list) != len(want) {
		return false
	}
	for _, w := range want {
		found := false
		for _, g := range list {
			found = found || g == w
		}
		if !found {
			return false
		}
	}
	return true
}

// TestTransferForbiddenInTrees: neither end of a transfer takes what a call that names it could not.
func TestTransferForbiddenInTrees(t *testing.T) {
	lab := sshtest.New(t)
	lab.MustStart(t, sshtest.Options{Alias: "web1", Ordinary: true})
	here, there := openDir(t), openDir(t)
	s := &seat{road: newRoad(t, lab, "", "RELAY_SHELL_POLICY_DENY=forbidden|"+there+"/into/sub/only-there"), t: t, host: "web1", dir: there}
	for _, dir := range []string{here, there} {
		must(t, os.MkdirAll(dir+"/tree/sub", 0o777))
		must(t, os.WriteFile(dir+"/tree/sub/forbidden", []byte("x"), 0o666))
		must(t, os.WriteFile(dir+"/tree/fine", []byte("x"), 0o666))
	}
	refused := func(tool, local, remote, named string) {
		t.Helper()
		if _, res := s.call(tool, map[string]any{"local_path": local, "remote_path": remote, "recursive": true}); res.Outcome != relay.Denied || !strings.Contains(res.Err.Message, named) {
			t.Errorf("%s %s %s: %s %v", tool, local, remote, res.Outcome, res.Err)
		}
	}
	refused("ssh_upload", here+"/tree", there+"/new", here+"/tree/sub/forbidden")
	refused("ssh_download", here+"/new", there+"/tree", there+"/tree/sub/forbidden")
	// A file of that name comes into being in a directory that is named.
	must(t, os.WriteFile(here+"/forbidden-too", []byte("x"), 0o666))
	must(t, os.Symlink("forbidden-too", here+"/tree/link"))
	refused("ssh_upload", here+"/tree/link", there, "")
	must(t, os.Remove(here+"/tree/sub/forbidden"))
	must(t, os.WriteFile(here+"/tree/sub/only-there", []byte("x"), 0o666))
	s.ok("ssh_upload", map[string]any{"local_path": here + "/tree", "remote_path": there + "/elsewhere", "recursive": true})
	refused("ssh_upload", here+"/tree", there+"/into", "only-there")
	s.only("elsewhere", "tree")
	if _, err := os.Stat(here + "/new"); err == nil {
		t.Error("it was downloaded")
	}
}

// TestTransferOwnFiles: what is relay-shell's own in a tree stays there when the tree is copied, and nothing is copied over it.
func TestTransferOwnFiles(t *testing.T) {
	lab := sshtest.New(t)
	lab.MustStart(t, sshtest.Options{Alias: "web1", Ordinary: true})
	there := openDir(t)
	s := &seat{road: newRoad(t, lab, ""), t: t, host: "web1", dir: there}
	state := s.deps.Config.StateDir
	above := filepath.Dir(state)
	must(t, os.WriteFile(above+"/beside", []byte("x"), 0o644))
	f, _ := s.ok("ssh_upload", map[string]any{"local_path": above, "remote_path": there + "/tree", "recursive": true})
	listed := false
	for _, skipped := range f["skipped"].([]any) {
		listed = listed || skipped.(map[string]any)["path"] == filepath.Base(state)
	}
	if _, err := os.Stat(there + "/tree/" + filepath.Base(state) + "/audit"); err == nil || !listed {
		t.Errorf("skipped %v, %v", f["skipped"], err)
	}
	s.holds(there+"/tree/beside", "x")
	evil := there + "/evil/" + filepath.Base(state)
	must(t, os.MkdirAll(evil, 0o777))
	must(t, os.WriteFile(evil+"/x", []byte("x"), 0o666))
	must(t, os.WriteFile(there+"/evil/beside", []byte("changed"), 0o666))
	res := s.fails("permission_denied", "ssh_download", map[string]any{"local_path": above, "remote_path": there + "/evil/.", "recursive": true})
	if !strings.Contains(res.Err.Message, state) {
		t.Errorf("%v does not name it", res.Err)
	}
	s.holds(above+"/beside", "x") // nothing of it is in place
}
