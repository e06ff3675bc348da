package tools

import (
	"os"
	"strings"
	"testing"
	"time"

	"relay-shell/internal/sshtest"
)

// TestFileLimits: what bounds the tools are settings.
func TestFileLimits(t *testing.T) {
	lab := sshtest.New(t)
	server := lab.MustStart(t, sshtest.Options{Alias: "web1", Ordinary: true})
	s := &seat{road: newRoad(t, lab, "", "RELAY_SHELL_TRANSFER_ENTRIES=4", "RELAY_SHELL_SFTP_IDLE_TIMEOUT=1s"), t: t, host: "web1", dir: openDir(t)}
	source := t.TempDir()
	for _, name := range []string{"a", "b", "c"} {
		must(t, os.WriteFile(source+"/"+name, []byte(name), 0o644))
	}
	up := map[string]any{"local_path": source, "remote_path": s.dir + "/tree", "recursive": true}
	s.ok("ssh_upload", up) // the directory itself counts
	must(t, os.WriteFile(source+"/d", nil, 0o644))
	up["remote_path"] = s.dir + "/larger"
	if res := s.fails("limit_reached", "ssh_upload", up); !strings.Contains(res.Err.Message, "4 entries (TRANSFER_ENTRIES)") {
		t.Errorf("%v", res.Err)
	}
	s.only("tree")
	for deadline := time.Now().Add(20 * time.Second); server.Running("sftp-server"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("an sftp server still runs long after the time of SFTP_IDLE_TIMEOUT")
		}
	}
}
