package files

import (
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// id is the identity of a file: another way to it (a bind mount, another spelling) is no way around.
type id struct{ dev, ino uint64 }

func idOf(st *unix.Stat_t) id { return id{uint64(st.Dev), uint64(st.Ino)} }

// owned is what the bounds are at the moment. It is looked up once a walk: names may come and go, and be other files, at any time, but to ask for each
// directory of each path took most of the time of small files.
type owned struct {
	roots, private []id
	families       []family
	names          []string // the private ones
	inner          *inner   // what lies in those that are directories
}

// refuses says why a file must not be touched: it is relay-shell's own, one of the private names, or anything in a private directory, under whatever name it
// is met.
func (o *owned) refuses(st *unix.Stat_t) error {
	if slices.Contains(o.private, idOf(st)) {
		return errPrivate
	}
	return o.inner.refuses(o, st)
}

// family are all names in a directory that begin so. stem has the directory's path.
type family struct {
	dir  id
	stem string
}

func (f family) has(dir id, base string) bool {
	return f.dir == dir && strings.HasPrefix(base, path.Base(f.stem))
}

func (l *local) owned() *owned {
	o := &owned{roots: make([]id, 0, len(l.bounds.Roots)), names: l.bounds.Private, inner: &l.inner}
	var st unix.Stat_t
	for _, name := range l.bounds.Roots {
		if unix.Stat(name, &st) == nil {
			o.roots = append(o.roots, idOf(&st))
		} else {
			o.roots = append(o.roots, id{}) // nothing has it: a root that is not there admits nothing
		}
	}
	for _, name := range l.bounds.Private {
		stem, many := strings.CutSuffix(name, "*")
		switch {
		case many && unix.Stat(path.Dir(stem), &st) == nil:
			o.families = append(o.families, family{idOf(&st), stem})
		case !many && unix.Stat(name, &st) == nil:
			o.private = append(o.private, idOf(&st))
		}
	}
	return o
}
