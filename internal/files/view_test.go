package files

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestElsewhere: where SFTP and the shell of a host see different files, as on some appliances, it is those of SFTP that are moved and compared.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	there, here, source := hostileHost(t, "elsewhere"), Local(Bounds{}), remoteDir(t)
	dir := remoteDir(t) // is there for the shell, too
	at := ""
	for _, part := range split(dir) {
		at += "/" + part
		must(t, there.Mkdir(t.Context(), at, 0o755))
	}
	data, other := random(3<<20), random(3<<20)
	put(t, source+"/f", data)
	put(t, dir+"/f", other)
	must(t, os.Chtimes(dir+"/f", time.Unix(1e9, 0), time.Unix(1e9, 0)))
	must(t, os.Mkdir(source+"/tree", 0o755))
	for n := range 2 * archiveFrom {
		put(t, fmt.Sprintf("%s/tree/f%d", source, n), random(n*10))
	}
	back := t.TempDir()
	for _, tr := range []Transfer{
		{From: here, To: there, Source: source + "/f", Dest: dir + "/f"}, {From: there, To: here, Source: dir + "/f", Dest: back + "/f"},
		{From: here, To: there, Source: source + "/tree", Dest: dir + "/tree"}, {From: there, To: here, Source: dir + "/tree", Dest: back + "/tree"},
	} {
		tr.Recursive, tr.Verify = true, true
		if _, err := tr.Run(t.Context()); err != nil {
			t.Fatal(tr.Dest, err)
		}
	}
	holds(t, back+"/f", data)
	holds(t, dir+"/f", other)
	for n := range 2 * archiveFrom {
		name := fmt.Sprintf("/tree/f%d", n)
		want, err := os.ReadFile(source + name)
		must(t, err)
		holds(t, back+name, want)
	}
	if diff := cmp.Diff([]string{"f"}, litter(t, dir)); diff != "" {
		t.Errorf("in the shell's directory (-want +got):\n%s", diff)
	}
}
