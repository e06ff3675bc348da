package files

import (
	"io/fs"
	"os"
	"syscall"
	"testing"
)

// chownLike gives a file the owner of another.
func chownLike(t testing.TB, name string, info fs.FileInfo) {
	t.Helper()
	st := info.Sys().(*syscall.Stat_t)
	if err := os.Chown(name, int(st.Uid), int(st.Gid)); err != nil {
		t.Fatal(err)
	}
}
