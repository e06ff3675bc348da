package files

import (
	"os"
	"testing"
)

// TestTransferUnsized copies a file that the system makes while it is read: an empty copy that is said to be verified would be a lie.
func TestTransferUnsized(t *testing.T) {
	const made = "/proc/version"
	if info, err := os.Stat(made); err != nil || info.Size() != 0 {
		t.Skipf("no file of that kind here: %v", err)
	}
	dest := t.TempDir() + "/copy"
	here := &local{}
	tr := Transfer{From: here, To: here, Source: made, Dest: dest, Verify: true}
	if report, err := tr.Run(t.Context()); Code(err) != "unsupported" {
		t.Errorf("got %v, %+v", err, report)
	}
	if _, err := os.Lstat(dest); err == nil {
		t.Error("there is a copy")
	}
	r, err := openListed(t.Context(), here, "/proc", "version")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := readWhole(r, 0); Code(err) != "unsupported" {
		t.Errorf("in a tree: %v", err)
	}
	dir, err := here.openDir(t.Context(), "/proc", "")
	if err != nil {
		t.Fatal(err)
	}
	defer dir.close()
	if _, err := dir.read("version", 0); Code(err) != "unsupported" {
		t.Errorf("for an archive: %v", err)
	}
}
