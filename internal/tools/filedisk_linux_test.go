package tools

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"relay-shell/internal/relay"
	"relay-shell/internal/sshtest"
)

// TestFileDiskFull: what does not fit changes nothing and leaves nothing.
func TestFileDiskFull(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: it mounts a small file system; TestFaults of internal/files/change has the form that does not")
	}
	dir := openDir(t)
	must(t, unix.Mount("none", dir, "tmpfs", 0, "size=128k,mode=777"))
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	l := sshtest.New(t)
	l.MustStart(t, sshtest.Options{Alias: "web1", Ordinary: true}) // sees the mounts of this moment
	r := newRoad(t, l, "")
	for _, host := range []string{"", "web1"} {
		s := &seat{road: r, t: t, host: host, dir: dir}
		path := s.put("f", "old")
		for _, revert := range []int{0, 60} {
			_, res := s.call("file_write", map[string]any{"path": path, "content": strings.Repeat("x", 200_000), "revert_after": revert})
			if res.Outcome != relay.Failed {
				t.Errorf("%q: %s", host, res.Outcome)
			}
			s.holds(path, "old")
			s.only("f")
		}
		s.ok("file_edit", map[string]any{"path": path, "old": "old", "new": "new"})
		s.ok("file_delete", map[string]any{"path": path})
	}
}
