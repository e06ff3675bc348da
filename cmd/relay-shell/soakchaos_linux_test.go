package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// strike sends a signal to one of the server's masters.
func (w *soak) strike(name string) string {
	var masters []int
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range lines {
		line, _ := os.ReadFile(path)
		if strings.Contains(string(line), "\x00-M\x00") && strings.Contains(string(line), "\x00"+w.runtime+"/") {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			masters = append(masters, pid)
		}
	}
	if len(masters) == 0 {
		return "no master to strike"
	}
	_ = unix.Kill(masters[rand.IntN(len(masters))], unix.SignalNum("SIG"+name)) // it may just have ended
	return "master " + name
}

// rotate does what logrotate does.
func (i *install) rotate(t *testing.T, s *server) {
	last := 1
	for ; ; last++ {
		if _, err := os.Stat(fmt.Sprintf("%s.%d", i.log(), last)); err != nil {
			break
		}
	}
	for ; last > 1; last-- {
		if err := os.Rename(fmt.Sprintf("%s.%d", i.log(), last-1), fmt.Sprintf("%s.%d", i.log(), last)); err != nil {
			t.Error(err)
		}
	}
	if err := os.Rename(i.log(), i.log()+".1"); err != nil {
		t.Error(err)
	}
	if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Error(err)
	}
}

// disk is a file system of its own that can be filled.
type disk struct{ dir string }

const diskSize = 1 << 30

// smallDisk mounts one at dir, nil without root.
func smallDisk(t *testing.T, dir string) *disk {
	if os.Getuid() != 0 {
		t.Log("needs root to fill a disk: left out")
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("none", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=700", diskSize)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	return &disk{dir}
}

// fill takes all room, and reports whether there is a disk to fill.
func (d *disk) fill(t *testing.T) bool {
	if d == nil {
		return false
	}
	var room unix.Statfs_t
	f, err := os.Create(filepath.Join(d.dir, "ballast"))
	if err == nil {
		defer f.Close()
		err = unix.Statfs(d.dir, &room)
	}
	if err != nil {
		t.Error(err)
		return false
	}
	_ = unix.Fallocate(int(f.Fd()), 0, 0, int64(room.Bfree)*room.Bsize) // the server may have taken some since
	zeros := make([]byte, 1<<16)
	if _, err := f.Seek(0, 2); err == nil {
		for err == nil {
			_, err = f.Write(zeros)
		}
	}
	return true
}

func (d *disk) drain(t *testing.T) {
	if err := os.Remove(filepath.Join(d.dir, "ballast")); err != nil {
		t.Error(err)
	}
}
