package files

import (
	"encoding/binary"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"

	"relay-shell/internal/sshtest"
)

// accessList is one that lets a further account read (posix_acl_xattr.h of Linux).
func accessList() []byte {
	b := binary.LittleEndian.AppendUint32(nil, 2)
	for _, e := range []struct {
		tag, perm uint16
		id        uint32
	}{{1, 6, ^uint32(0)}, {2, 4, 12345}, {4, 4, ^uint32(0)}, {0x10, 4, ^uint32(0)}, {0x20, 4, ^uint32(0)}} {
		b = binary.LittleEndian.AppendUint16(b, e.tag)
		b = binary.LittleEndian.AppendUint16(b, e.perm)
		b = binary.LittleEndian.AppendUint32(b, e.id)
	}
	return b
}

// adorn gives a file an access list and an attribute.
func adorn(t *testing.T, name string) {
	t.Helper()
	for attr, value := range map[string][]byte{"system.posix_acl_access": accessList(), "user.note": []byte("kept")} {
		if err := unix.Lsetxattr(name, attr, value, 0); err != nil {
			t.Skipf("no %s here: %v", attr, err)
		}
	}
}

func adorned(name string) bool {
	at := func(attr string) string { v, _ := attributeOf(name, attr); return string(v) }
	return at("system.posix_acl_access") == string(accessList()) && at("user.note") == "kept"
}

// TestTransferAttributes: what the mode does not say of a file that is replaced is kept or said, and gives nobody what a narrower mode takes.
func TestTransferAttributes(t *testing.T) {
	t.Parallel()
	ways(t, func(t *testing.T, from, to FS, source, dest string) {
		sshtest.Need(t, "cp")
		must(t, os.MkdirAll(source+"/tree/sub", 0o755))
		put(t, source+"/tree/sub/f", []byte("new"))
		place, private := dest+"/sub/f", os.FileMode(0o600)
		var notes []string
		again := Transfer{From: from, To: to, Source: source + "/tree/sub/f", Dest: place, Verify: true, Note: func(n string) { notes = append(notes, n) }}
		whole := again
		whole.Source, whole.Dest, whole.Recursive = source+"/tree/.", dest, true
		narrow := again
		narrow.Mode = &private
		for _, tt := range []struct {
			what string
			tr   Transfer
			kept bool
		}{{"a file", again, true}, {"a narrower one", narrow, false}, {"a tree", whole, to.Local()}} {
			must(t, os.RemoveAll(dest+"/sub"))
			if _, err := whole.Run(t.Context()); err != nil { // by the account that will replace it
				t.Fatal(err)
			}
			must(t, os.WriteFile(place, []byte("old"), 0))
			adorn(t, place)
			notes = nil
			if _, err := tt.tr.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			holds(t, place, []byte("new"))
			if adorned(place) != tt.kept || (len(notes) > 0) == tt.kept {
				t.Errorf("%s: kept %v, said %q", tt.what, adorned(place), notes)
			}
			if v, _ := attributeOf(place, "system.posix_acl_access"); !tt.kept && len(v) > 0 {
				t.Errorf("%s: the access list stays", tt.what)
			}
		}
	})
}

// TestAttributesOfALink: somebody who may change names in the directory has put a link in the place of the new file. What it leads to stays as it is.
func TestAttributesOfALink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old, fresh, theirs := dir+"/old", dir+"/.old.relay-part", dir+"/theirs"
	put(t, old, nil)
	put(t, fresh, nil)
	put(t, theirs, nil)
	adorn(t, old)
	keep := func() {
		t.Helper()
		if out, err := exec.Command("/bin/sh", "-c", KeepAttributes(old, fresh, Info{}, nil)).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	if keep(); !adorned(fresh) {
		t.Error("not kept where there is no link")
	}
	must(t, os.Remove(fresh))
	must(t, os.Symlink(theirs, fresh))
	if keep(); adorned(theirs) {
		t.Error("the file that the link leads to has got them")
	}
}

// TestReplacedWhereTheDirectoryGives: a directory gives new files an access list. A file without one that is replaced there has none afterwards, and a
// file that its owner may not write to is no reason to say that something is lost.
func TestReplacedWhereTheDirectoryGives(t *testing.T) {
	t.Parallel()
	from, to := t.TempDir(), t.TempDir()
	for _, dir := range []string{from, to} {
		must(t, os.Mkdir(dir+"/tree", 0o755))
		put(t, dir+"/tree/f", []byte(dir))
		must(t, os.Chmod(dir+"/tree/f", 0o444))
	}
	list := accessList()
	list[6] = 7 // the owner of directories may search them
	if err := unix.Lsetxattr(to+"/tree", "system.posix_acl_default", list, 0); err != nil {
		t.Skipf("no access lists here: %v", err)
	}
	local := Local(Bounds{})
	var notes []string
	one := Transfer{From: local, To: local, Source: from + "/tree/f", Dest: to + "/tree/f", Note: func(n string) { notes = append(notes, n) }}
	whole := one
	whole.Source, whole.Dest, whole.Recursive = from+"/tree/.", to+"/tree", true
	for _, tr := range []Transfer{one, whole} {
		if _, err := tr.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		holds(t, to+"/tree/f", []byte(from))
		if v, err := attributeOf(to+"/tree/f", accessListName); err == nil {
			t.Errorf("recursive %v: it has an access list: %x", tr.Recursive, v)
		}
	}
	if len(notes) > 0 {
		t.Error(notes)
	}
}
