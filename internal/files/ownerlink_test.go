package files

import (
	"os"
	"syscall"
	"testing"
	"time"

	"relay-shell/internal/sshtest"
)

// TestOwnerNoFollow puts a link where a tree's file was: what it leads to keeps owner, mode and times, whatever the file system.
func TestOwnerNoFollow(t *testing.T) {
	t.Parallel()
	ours := sshtest.Start(t, sshtest.Options{})
	bare := sshtest.Start(t, sshtest.Options{NoSFTP: true})
	self, err := os.Executable()
	must(t, err)
	other := sshtest.Start(t, sshtest.Options{SFTP: serverVariable + "=plain " + self})
	for name, open := range map[string]func(t *testing.T) FS{
		"here":        func(*testing.T) FS { return Local(Bounds{}) },
		"SFTP":        func(t *testing.T) FS { return settled(t.Context(), newWorld(t, ours.Lab, Options{}).fs("target")) },
		"commands":    func(t *testing.T) FS { return settled(t.Context(), newWorld(t, bare.Lab, Options{}).fs("target")) },
		"no lsetstat": func(t *testing.T) FS { return settled(t.Context(), newWorld(t, other.Lab, Options{}).fs("target")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, ctx, dir := open(t), t.Context(), remoteDir(t)
			victim, link, file := dir+"/victim", dir+"/link", dir+"/file"
			put(t, victim, nil)
			must(t, os.Symlink("victim", link))
			before, err := os.Stat(victim)
			must(t, err)
			info := Info{ModTime: time.Unix(1e9, 0), AccessTime: time.Unix(1e9, 0)}
			if err := setBoth(ctx, f, link, 0o666, info); err == nil {
				t.Error("the mode of a link was set")
			}
			if os.Geteuid() == 0 {
				err := f.Chown(ctx, link, 65534, 65534)
				if want := map[bool]string{true: "unsupported"}[name == "no lsetstat"]; Code(err) != want {
					t.Errorf("owner: %v", err)
				}
			}
			after, err := os.Stat(victim)
			must(t, err)
			if was, is := before.Sys().(*syscall.Stat_t), after.Sys().(*syscall.Stat_t); was.Uid != is.Uid || was.Gid != is.Gid || was.Mode != is.Mode || !before.ModTime().Equal(after.ModTime()) {
				t.Errorf("was %+v, is %+v", was, is)
			}
			put(t, file, nil)
			must(t, setBoth(ctx, f, file, 0o640, info))
			if is, err := os.Stat(file); err != nil || is.Mode() != 0o640 || !is.ModTime().Equal(info.ModTime) {
				t.Errorf("%v, %v", is, err)
			}
		})
	}
}
