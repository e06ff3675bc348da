package change

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// accessList is one that lets a further account read (posix_acl_xattr.h of Linux).
func accessList() []byte {
	b := binary.LittleEndian.AppendUint32(nil, 2)
	for _, e := range []struct {
		tag, perm uint16
		id        uint32
	}{{1, 6, ^uint32(0)}, {2, 4, 12345}, {4, 4, ^uint32(0)}, {0x10, 4, ^uint32(0)}, {0x20, 0, ^uint32(0)}} {
		b = binary.LittleEndian.AppendUint16(b, e.tag)
		b = binary.LittleEndian.AppendUint16(b, e.perm)
		b = binary.LittleEndian.AppendUint32(b, e.id)
	}
	return b
}

func attribute(t *testing.T, name, attr string) []byte {
	t.Helper()
	b := make([]byte, 1000)
	n, err := unix.Lgetxattr(name, attr, b)
	if err != nil {
		return nil
	}
	return b[:n]
}

// TestAttributesStay: what the mode does not say of a file is kept, or it is said that it is not.
func TestAttributesStay(t *testing.T) {
	for _, with := range []string{"cp", "nothing"} {
		t.Run("with "+with, func(t *testing.T) {
			p, dir := place(t)
			name := put(t, dir+"/f", "old")
			if err := unix.Lsetxattr(name, "system.posix_acl_access", accessList(), 0); err != nil {
				t.Skipf("no access lists here: %v", err)
			}
			if err := unix.Lsetxattr(name, "user.note", []byte("kept"), 0); err != nil {
				t.Skipf("no extended attributes here: %v", err)
			}
			inner := p.Shell
			if with == "nothing" {
				p.Shell = func(ctx context.Context, text string) (ShellResult, error) {
					return inner(ctx, "cp() { return 1; }\n"+text)
				}
			}
			done, err := Apply(context.Background(), p, Request{Path: name, Make: to("new")})
			if err != nil {
				t.Fatal(err)
			}
			told := strings.Contains(strings.Join(done.Notes, "\n"), "access list could not be kept")
			kept := bytes.Equal(attribute(t, name, "system.posix_acl_access"), accessList()) && string(attribute(t, name, "user.note")) == "kept"
			if kept != (with == "cp") || told == kept {
				t.Errorf("kept %v, told %v: %q", kept, told, done.Notes)
			}
			if got(t, name) != "new" {
				t.Error("it was not changed")
			}
		})
	}
}

// TestHardLinkSaid: the other names of a file keep the old content, and that is said.
func TestHardLinkSaid(t *testing.T) {
	p, dir := place(t)
	name := put(t, dir+"/f\nx", "old")
	if err := os.Link(name, dir+"/other"); err != nil {
		t.Fatal(err)
	}
	done, err := Apply(context.Background(), p, Request{Path: name, Make: to("new")})
	if err != nil || !strings.Contains(strings.Join(done.Notes, "\n"), "2 names") || got(t, dir+"/other") != "old" || got(t, name) != "new" {
		t.Errorf("%+v, %v", done, err)
	}
}

// immutableFlag is FS_IMMUTABLE_FL of linux/fs.h.
const immutableFlag = 0x10

// TestUnwilling: what the system refuses has a code, and the old file stays.
func TestUnwilling(t *testing.T) {
	immutable := func(t *testing.T, name string, flag int) {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		set := func(flags int) error { return unix.IoctlSetPointerInt(int(f.Fd()), unix.FS_IOC_SETFLAGS, flags) }
		if err := set(flag); err != nil {
			t.Skipf("needs root, and a file system with attributes: %v", err)
		}
		t.Cleanup(func() {
			if f, err := os.Open(name); err == nil {
				_ = unix.IoctlSetPointerInt(int(f.Fd()), unix.FS_IOC_SETFLAGS, 0)
				f.Close()
			}
		})
	}
	for what, spoil := range map[string]func(t *testing.T, dir string) (code string){
		"an immutable file": func(t *testing.T, dir string) string {
			immutable(t, dir+"/f", immutableFlag)
			return "permission_denied"
		},
		"an immutable directory": func(t *testing.T, dir string) string {
			immutable(t, dir, immutableFlag)
			return "permission_denied"
		},
		"a read-only mount": func(t *testing.T, dir string) string {
			if err := unix.Mount(dir, dir, "", unix.MS_BIND, ""); err != nil {
				t.Skipf("needs root: %v", err)
			}
			t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
			if err := unix.Mount("", dir, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
				t.Fatal(err)
			}
			return "permission_denied"
		},
		"a file mounted by itself": func(t *testing.T, dir string) string {
			put(t, dir+"/g", "old")
			if err := unix.Mount(dir+"/g", dir+"/f", "", unix.MS_BIND, ""); err != nil {
				t.Skipf("needs root: %v", err)
			}
			t.Cleanup(func() { _ = unix.Unmount(dir+"/f", unix.MNT_DETACH) })
			return "unsupported"
		},
	} {
		t.Run(what, func(t *testing.T) {
			p, dir := place(t)
			name := put(t, dir+"/f", "old")
			want := spoil(t, dir)
			_, err := Apply(context.Background(), p, Request{Path: name, Make: to("new")})
			if code(err) != want {
				t.Errorf("%v is %s, want %s", err, code(err), want)
			}
			if e, ok := err.(interface{ ErrorHint() string }); !ok || e.ErrorHint() == "" {
				t.Errorf("%v has no hint", err)
			}
			if got(t, name) != "old" {
				t.Error("the old file is not as it was")
			}
			entries, _ := os.ReadDir(dir)
			for _, e := range entries {
				if e.Name() != "f" && e.Name() != "g" {
					t.Errorf("left behind: %s", e.Name())
				}
			}
		})
	}
}
