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
	others leftovers
}

// leftovers are what earlier transfers to the same place have left, as it was when this one began.
type leftovers map[string]Info

// removeOthers removes them once the transfer is complete: nobody will resume them. One that has changed meanwhile belongs to a transfer that is
// under way.
func (l leftovers) removeOthers(ctx context.Context, f FS) {
	for name, was := range l {
		if now, err := f.Lstat(ctx, name); err == nil && now.Size == was.Size && now.ModTime.Equal(was.ModTime) && now.Mode.Type() == was.Mode.Type() {
			_ = RemoveAll(ctx, f, name) // else they expire
		}
	}
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
	var others leftovers
	if t.Resume {
		p, all, err := t.resume(ctx, source, g)
		if p != nil || err != nil {
			return p, err
		}
		others = all
	}
	name := g.dir() + "/" + partName(path.Base(g.path))
	w, err := t.To.Create(ctx, name, CreateOptions{Exclusive: true, Mode: 0o600})
	if err != nil {
		return nil, err
	}
	return &part{path: name, w: w, others: others}, nil
}

// resume takes the longest part file whose content is the beginning of the source; nil if there is none. others are the rest.
func (t *Transfer) resume(ctx context.Context, source Info, g goal) (p *part, others leftovers, err error) {
	entries, _, err := t.To.ReadDir(ctx, g.dir(), 0)
	if err != nil {
		return nil, nil, err
	}
	others = leftovers{}
	var best *Info
	for _, e := range entries {
		if !isPart(e.Name, path.Base(g.path)) || !e.Mode.IsRegular() {
			continue
		}
		others[g.dir()+"/"+e.Name] = e
		if e.Size <= source.Size && e.Size > 0 && (best == nil || e.Size > best.Size) {
			best = &e
		}
	}
	if best == nil {
		t.note("nothing to resume: it starts anew")
		return nil, others, nil
	}
	// Under a name of our own, nobody else takes it.
	name := g.dir() + "/" + partName(path.Base(g.path))
	if err := t.To.RenameNew(ctx, g.dir()+"/"+best.Name, name); err != nil {
		t.note("the part file could not be taken: it starts anew")
		return nil, others, nil
	}
	delete(others, g.dir()+"/"+best.Name)
	p, err = t.taken(ctx, name, best.Size)
	if p != nil {
		p.others = others
	}
	return p, others, err
}

// taken makes sure that a part file is the beginning of the source, and opens it; nil if it is not.
func (t *Transfer) taken(ctx context.Context, name string, size int64) (*part, error) {
	there, n, err := t.To.SHA256(ctx, name, size)
	if err != nil {
		return nil, err
	}
	here, m, err := t.From.SHA256(ctx, t.Source, size)
	if err != nil {
		return nil, err
	}
	if there != here || n != m || n != size {
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
