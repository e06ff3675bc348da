package tools

import (
	"fmt"
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
	l.MustStart(t, sshtest.Options{Alias: "appliance", Ordinary: true, NoSFTP: true})
	r := newRoad(t, l, "")
	for _, host := range []string{"", "web1", "appliance"} {
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
		s.appendsPartly(path)
		s.ok("file_delete", map[string]any{"path": path})
	}
}

// appendsPartly: appending is not atomic, and says so.
func (s *seat) appendsPartly(path string) {
	t := s.t
	res := s.fails("limit_reached", "file_write", map[string]any{"path": path, "content": strings.Repeat("x", 200_000), "append": true})
	info, err := os.Stat(path)
	must(t, err)
	want := fmt.Sprintf("%d of 200000 bytes were added before that: the file has %d bytes and had 3", info.Size()-3, info.Size())
	if info.Size() <= 3 || res.Err == nil || !strings.Contains(res.Err.Message, want) {
		t.Errorf("%q: %d bytes, %+v", s.host, info.Size(), res.Err)
	}
	res = s.fails("limit_reached", "file_write", map[string]any{"path": path, "content": strings.Repeat("y", 5000), "append": true})
	if res.Err == nil || !strings.Contains(res.Err.Message, "nothing was added") {
		t.Errorf("%q: %+v", s.host, res.Err)
	}
	if _, res = s.call("file_write", map[string]any{"path": s.dir + "/new", "content": strings.Repeat("x", 100), "append": true}); res.Outcome == relay.OK {
		t.Errorf("%q: appended to a new file on a full disk", s.host)
	}
	s.only("f")
}
