package files

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"path"
	"strings"
	"time"
)

// part is a file on its way.
type part struct {
	path   string
	w      Writer
	have   int64 // bytes that are there and equal to the source's
	broken bool  // of no use to anybody
}

// longestName is what file systems allow (NAME_MAX of Linux), in bytes.
const longestName = 255

// markSize is the random mark of a part name, in hexadecimal digits.
const markSize = 12

// stem is what all part names of one file begin with.
func stem(base string) string {
	room := longestName - 1 - 1 - markSize - len(PartSuffix)
	if len(base) <= room {
		return "." + base + "."
	}
	sum := sha256.Sum256([]byte(base))
	mark := "~" + hex.EncodeToString(sum[:8])
	return "." + base[:room-len(mark)] + mark + "."
}

// partName is a name for what will be called base.
func partName(base string) string {
	var mark [markSize / 2]byte
	_, _ = rand.Read(mark[:]) // never fails, see crypto/rand
	return stem(base) + hex.EncodeToString(mark[:]) + PartSuffix
}

// isPart reports whether name is a part of base, or of anything if base is "".
func isPart(name, base string) bool {
	rest, ok := strings.CutSuffix(name, PartSuffix)
	if !ok || len(rest) < markSize+2 || rest[0] != '.' {
		return false
	}
	mark := rest[len(rest)-markSize:]
	if strings.Trim(mark, "0123456789abcdef") != "" || rest[len(rest)-markSize-1] != '.' {
		return false
	}
	return base == "" || rest[:len(rest)-markSize] == stem(base)
}

// part opens a fresh part file, or the one that is to be resumed. It is readable to its owner alone until it is complete.
func (t *Transfer) part(ctx context.Context, source Info, g goal) (*part, error) {
	if t.Resume {
		p, err := t.resume(ctx, source, g)
		if p != nil || err != nil {
			return p, err
		}
	}
	name := g.dir() + "/" + partName(path.Base(g.path))
	w, err := t.To.Create(ctx, name, CreateOptions{Exclusive: true, Mode: 0o600})
	if err != nil {
		return nil, err
	}
	return &part{path: name, w: w}, nil
}

// resume takes the longest part file whose content is the beginning of the source; nil if there is none.
func (t *Transfer) resume(ctx context.Context, source Info, g goal) (*part, error) {
	entries, _, err := t.To.ReadDir(ctx, g.dir(), 0)
	if err != nil {
		return nil, err
	}
	var best *Info
	for _, e := range entries {
		if isPart(e.Name, path.Base(g.path)) && e.Mode.IsRegular() && e.Size <= source.Size && e.Size > 0 && (best == nil || e.Size > best.Size) {
			best = &e
		}
	}
	if best == nil {
		t.note("nothing to resume: it starts anew")
		return nil, nil
	}
	// Under a name of our own, nobody else takes it.
	name := g.dir() + "/" + partName(path.Base(g.path))
	if err := t.To.RenameNew(ctx, g.dir()+"/"+best.Name, name); err != nil {
		t.note("the part file could not be taken: it starts anew")
		return nil, nil
	}
	there, n, err := t.To.SHA256(ctx, name, best.Size)
	if err != nil {
		return nil, err
	}
	here, m, err := t.From.SHA256(ctx, t.Source, best.Size)
	if err != nil {
		return nil, err
	}
	if there != here || n != m || n != best.Size {
		t.note("the part file is not the beginning of the source: it starts anew")
		return nil, t.To.Remove(ctx, name)
	}
	w, err := t.To.Create(ctx, name, CreateOptions{Keep: true})
	if err != nil {
		return nil, err
	}
	if err := w.Chmod(0o600); err != nil {
		t.note("the part file belongs to somebody else: it starts anew")
		return nil, w.Close()
	}
	return &part{path: name, w: w, have: n}, nil
}

// mostSwept bounds the entries of a directory that are looked at for old part files.
const mostSwept = 2000

// sweep removes part files and directories that nobody resumed in time. It is an attempt: nothing depends on it.
func sweep(ctx context.Context, f FS, dir string) {
	entries, _, err := f.ReadDir(ctx, dir, mostSwept)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !isPart(e.Name, "") || time.Since(e.ModTime) < PartAge {
			continue
		}
		if e.Mode.IsDir() {
			_ = RemoveAll(ctx, f, dir+"/"+e.Name)
		} else if e.Mode.IsRegular() {
			_ = f.Remove(ctx, dir+"/"+e.Name)
		}
	}
}
