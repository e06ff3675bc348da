package files

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"relay-shell/internal/sshtest"
)

// TestDiskFull says so, wherever it is, and leaves the old file.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	full := remoteDir(t)
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=4m,mode=0777", "tmpfs", full).CombinedOutput(); err != nil {
		t.Skipf("needs root: %v %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", full).Run() })
	server := sshtest.Start(t, sshtest.Options{Ordinary: true})
	w := newWorld(t, server.Lab, Options{})
	here, there, source := Local(Bounds{}), w.fs("target"), remoteDir(t)
	put(t, source+"/f", random(8<<20))
	for name, tr := range map[string]Transfer{"up": {From: here, To: there}, "down": {From: there, To: here}} {
		put(t, full+"/f", []byte("old"))
		tr.Source, tr.Dest, tr.Verify = source+"/f", full+"/f", true
		report, err := tr.Run(t.Context())
		if Code(err) != "limit_reached" {
			t.Errorf("%s: %v", name, err)
		}
		holds(t, full+"/f", []byte("old"))
		if report.Part != "" {
			if err := os.Remove(report.Part); err != nil {
				t.Error(err)
			}
		}
	}
	// Many small ones, whose requests go out together.
	if err := os.Mkdir(source+"/tree", 0o755); err != nil {
		t.Fatal(err)
	}
	for n := range 300 {
		put(t, fmt.Sprintf("%s/tree/f%03d", source, n), random(20<<10))
	}
	for name, tr := range map[string]Transfer{"up": {From: here, To: there}, "down": {From: there, To: here}} {
		tr.Source, tr.Dest, tr.Recursive = source+"/tree", full+"/tree", true
		report, err := tr.Run(t.Context())
		if Code(err) != "limit_reached" {
			t.Errorf("a tree %s: %v", name, err)
		}
		if left := litter(t, full, "f"); len(left) > 1 || len(left) == 1 && left[0] != filepath.Base(report.Part) {
			t.Errorf("a tree %s: left behind: %q", name, left)
		}
		if report.Part != "" {
			if err := os.RemoveAll(report.Part); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestQuota says so where an sftp-server has no word for it, and leaves nothing of the question.
func TestQuota(t *testing.T) {
	t.Parallel()
	bin, source, dest := remoteDir(t), remoteDir(t), remoteDir(t)
	if err := os.WriteFile(bin+"/dd", []byte("#!/bin/sh\necho \"dd: error writing 'standard output': Disk quota exceeded\" >&2\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, source+"/f", []byte("content"))
	f := hostileHost(t, "quota", "SetEnv PATH="+bin+":/usr/bin:/bin")
	tr := Transfer{From: Local(Bounds{}), To: f, Source: source + "/f", Dest: dest + "/f"}
	_, err := tr.Run(t.Context())
	if Code(err) != "limit_reached" || !strings.Contains(err.Error(), "quota") {
		t.Errorf("got %v", err)
	}
	if left := litter(t, dest); left != nil {
		t.Errorf("left behind: %q", left)
	}
}
