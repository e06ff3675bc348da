package files

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"relay-shell/internal/sshtest"
)

// appliance is a host without an sftp subsystem.
func appliance(t testing.TB) (*world, *sshtest.Server) {
	t.Helper()
	server := sshtest.Start(t, sshtest.Options{NoSFTP: true, Ordinary: true})
	return newWorld(t, server.Lab, Options{}), server
}

func TestShell(t *testing.T) {
	t.Parallel()
	w, _ := appliance(t)
	f := w.fs("target")
	testFS(t, f, remoteDir(t))
	if _, ok := settled(t.Context(), f).(*shell); !ok {
		t.Error("the host has an sftp subsystem: nothing was tried")
	}
}

// TestShellNameless: where a session ends and nobody says how, what does no harm twice is done again, and all else is not.
func TestShellNameless(t *testing.T) {
	t.Parallel()
	dir := remoteDir(t)
	// Each command of ours dies once before it runs.
	script := `case $SSH_ORIGINAL_COMMAND in *"export LC_ALL"*) if [ -e ` + dir + `/tried ]; then rm ` + dir + `/tried; else : >` + dir + `/tried; kill -9 $$; fi;; esac; exec sh -c "$SSH_ORIGINAL_COMMAND"`
	put(t, dir+"/forced", []byte(script))
	server := sshtest.Start(t, sshtest.Options{NoSFTP: true, Ordinary: true, Config: []string{"ForceCommand exec sh " + dir + "/forced"}})
	w := newWorld(t, server.Lab, Options{})
	f := w.fs("target").(*auto).shell
	must(t, os.WriteFile(dir+"/f", []byte("content"), 0o666))
	must(t, os.Chmod(dir+"/f", 0o666))
	if got, err := read(t.Context(), f, dir+"/f"); got != "content" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if entries, _, err := f.ReadDir(t.Context(), dir, 0); err != nil || len(entries) < 2 {
		t.Errorf("%v, %v", entries, err)
	}
	if n, err := (&shellFile{s: f, ctx: t.Context(), name: dir + "/f"}).WriteAt([]byte("CON"), 0); n != 3 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	holds(t, dir+"/f", []byte("CONtent"))
	if err := f.Mkdir(t.Context(), dir+"/d", 0o700); Code(err) != "connection_lost" {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(dir + "/d"); err == nil {
		t.Error("it was done, and done again")
	}
}

// TestShellWithoutStat reads what ls prints where there is no stat, as on small systems.
func TestShellWithoutStat(t *testing.T) {
	t.Parallel()
	w, _ := appliance(t)
	f := w.fs("target").(*auto).shell
	dir := remoteDir(t)
	put(t, dir+"/a b", []byte("12345"))
	if err := os.Chmod(dir+"/a b", 0o754); err != nil {
		t.Fatal(err)
	}
	out, err := f.run(t.Context(), "stat", dir+"/a b", "", "how=l\n"+statFunction+`st "$p"`, nil)
	if err != nil {
		t.Fatal(err)
	}
	info, err := statLine(strings.TrimSpace(string(out)))
	if err != nil || info.Size != 5 || info.Mode != 0o754 || time.Since(info.ModTime) > time.Hour {
		t.Errorf("%q is %+v, %v", out, info, err)
	}
}

// TestDropbear does it all on another server.
func TestDropbear(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("needs root: dropbear takes authorized keys from the account's home alone")
	}
	server := sshtest.Start(t, sshtest.Options{Dropbear: true, Shell: "dash"})
	w := newWorld(t, server.Lab, Options{})
	testFS(t, w.fs("target"), remoteDir(t))
	testFS(t, w.fs("target").(*auto).shell, remoteDir(t))
}

func TestShellTransfers(t *testing.T) {
	t.Parallel()
	w, server := appliance(t)
	here, there := Local(Bounds{}), w.fs("target")
	source := remoteDir(t)
	skipped := plant(t, source)
	up, down := homeDir(t, server)+"/up", t.TempDir()+"/down"
	for _, tr := range []Transfer{{From: here, To: there, Source: source, Dest: up}, {From: there, To: here, Source: up, Dest: down}} {
		tr.Recursive, tr.Verify = true, true
		if _, err := tr.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(snapshot(t, source, skipped...), snapshot(t, tr.Dest)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	data := random(fastFrom + 5)
	put(t, source+"/f", data)
	one := Transfer{From: here, To: there, Source: source + "/f", Dest: up + "/f", Verify: true}
	if _, err := one.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	holds(t, up+"/f", data)
	put(t, up+"/"+partName("g"), data[:fastFrom-1])
	put(t, source+"/g", data)
	if info, err := os.Stat(up + "/f"); err == nil {
		for _, e := range litter(t, up) {
			if isPart(e, "g") {
				chownLike(t, up+"/"+e, info)
			}
		}
	}
	one = Transfer{From: here, To: there, Source: source + "/g", Dest: up + "/g", Verify: true, Resume: true}
	if r, err := one.Run(t.Context()); err != nil || r.Resumed != fastFrom-1 {
		t.Errorf("%+v, %v", r, err)
	}
	holds(t, up+"/g", data)
}

func FuzzShellListing(f *testing.F) {
	f.Add([]byte("a\x00x81a4 1 2 3 4 5\nb\nc\x00ldrwxr-sr-t 1 2 3 4 5\n"))
	f.Add([]byte("../x\x00x81a4 1 2 3 4 5\n"))
	f.Add([]byte("gone\x00gone\n"))
	f.Fuzz(func(t *testing.T, out []byte) {
		entries, err := readListing(out)
		if err != nil {
			return
		}
		for _, e := range entries {
			if entryName(e.Name) != nil || e.Size < 0 {
				t.Errorf("%q was taken for %+v", out, e)
			}
		}
	})
}
