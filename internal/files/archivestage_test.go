package files

import (
	"errors"
	"os"
	"syscall"
	"testing"
)

// TestArchiveStage: tar runs in the directory that was made for it. A link in its place leads nowhere, and what is somebody else's gets nothing.
func TestArchiveStage(t *testing.T) {
	t.Parallel()
	w, server, _ := withTar(t, `exec real "$@"`)
	source, stage, outside := remoteDir(t), homeDir(t, server), homeDir(t, server)
	put(t, source+"/f", []byte("content"))
	link := homeDir(t, server) + "/link"
	must(t, os.Symlink(outside, link))
	send := func(stage string) error {
		here, there := Local(Bounds{}).(*local), settled(t.Context(), w.fs("target")).(*remote)
		tr := &tree{Transfer: &Transfer{From: here, To: there, Source: source}, stage: stage, meter: newMeter(nil, 0), sums: map[string][32]byte{}, sizes: map[string]int64{}}
		defer tr.meter.stop()
		info, err := here.Lstat(t.Context(), source+"/f")
		must(t, err)
		return tr.stream(t.Context(), here, there, stage, &queue{batches: [][]item{{{rel: "f", info: info}}}}, false)
	}
	elsewhere := []string{link}
	info, err := os.Stat(server.AccountHome())
	must(t, err)
	if int(info.Sys().(*syscall.Stat_t).Uid) != os.Geteuid() {
		elsewhere = append(elsewhere, remoteDir(t)) // anybody may write there, but it is not the account's
	}
	for _, dir := range elsewhere {
		var refused *tarError
		if err := send(dir); !errors.As(err, &refused) {
			t.Errorf("%s: %v", dir, err)
		}
		if left := litter(t, dir); left != nil {
			t.Errorf("%s holds %q", dir, left)
		}
	}
	must(t, send(stage))
	if b, err := os.ReadFile(stage + "/f"); string(b) != "content" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
}

// TestArchiveShrunk counts what has come, also where a file is shorter by then than the listing says and has to come again.
func TestArchiveShrunk(t *testing.T) {
	t.Parallel()
	w, server, _ := withTar(t, `real "$@" >/dev/null; rm -f f1*; exit 1`)
	source, dest := remoteDir(t), homeDir(t, server)+"/in"
	must(t, os.Mkdir(source+"/tree", 0o755))
	for n := range archiveFrom {
		put(t, source+"/tree/f"+string(rune('0'+n%10))+string(rune('0'+n/10)), random(1000))
	}
	last := Progress{}
	tr := Transfer{From: Local(Bounds{}), To: w.fs("target"), Source: source + "/tree", Dest: dest, Recursive: true, Progress: func(p Progress) { last = p }}
	tr.Admit = func(rel, _ string) error {
		if rel != "f10" {
			return nil
		}
		return os.Truncate(source+"/tree/"+rel, 10)
	}
	r, err := tr.Run(t.Context())
	must(t, err)
	if total := regular(dest); r.Files != archiveFrom || r.Bytes != total || last.Done > total {
		t.Errorf("%d bytes in %d files, %+v; want %d", r.Bytes, r.Files, last, total)
	}
}
