package tools

import (
	"context"
	"os"
	"testing"

	"relay-shell/internal/files"
)

func TestOwners(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(dir+"/passwd", []byte("root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/:/bin/sh\n+nis\nodd\n:x:7:7\nodd:x:seven:7\nal\x1bice:x:1000:1000::/:\n"), 0o644))
	here := files.Local(files.Bounds{})
	a := &accounts{users: accountNames(context.Background(), here, dir+"/passwd"), groups: accountNames(context.Background(), here, dir+"/gone")}
	for _, tt := range []struct {
		uid, gid int
		want     string
	}{{0, 0, "root:0"}, {1000, 5, `$'al\x1bice':5`}, {7, -1, "7:?"}} {
		if got := a.of(files.Info{UID: tt.uid, GID: tt.gid}); got != tt.want {
			t.Errorf("%d:%d is %s, want %s", tt.uid, tt.gid, got, tt.want)
		}
	}
}
