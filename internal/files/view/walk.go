package view

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"
	"time"

	"relay-shell/internal/files"
)

// kernel are directories of files that are not files; they are searched only as the root of a search.
var kernel = map[string]bool{"/proc": true, "/sys": true, "/dev": true}

// maxDepth is how deep a search goes.
const maxDepth = 64

// errEnough ends a walk.
var errEnough = errors.New("enough files")

// walk lists the regular files of a tree in the order of their names, without those that a bound leaves out.
func (s *search) walk(ctx context.Context, root string) ([]string, error) {
	w := walker{search: s, root: root}
	// Half of the time is for reading what there is by then.
	listing := ctx
	if end, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		listing, cancel = context.WithTimeout(ctx, time.Until(end)/2)
		defer cancel()
	}
	err := w.down(listing, root, 0)
	if err != nil && listing.Err() != nil && ctx.Err() == nil {
		err = errEnough
	}
	if errors.Is(err, errEnough) {
		s.unlisted, err = true, nil
	}
	return w.paths, err
}

type walker struct {
	*search
	root   string
	looked int
	paths  []string
}

func (w *walker) down(ctx context.Context, dir string, depth int) error {
	entries, more, err := w.fsys.ReadDir(ctx, dir, maxEntries)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil && depth == 0:
		return err
	case err != nil:
		w.found.Unreadable++
		return nil
	}
	w.unlisted = w.unlisted || more
	slices.SortFunc(entries, func(a, b files.Info) int { return strings.Compare(a.Name, b.Name) })
	for _, e := range entries {
		p := join(dir, e.Name)
		switch {
		case e.Mode.IsDir() && w.o.Out != nil && w.o.Out(p):
		case e.Mode.IsDir() && depth == maxDepth:
			w.unlisted = true
		case e.Mode.IsDir() && !kernel[path.Clean(p)]:
			err = w.down(ctx, p, depth+1)
		case e.Mode.IsRegular():
			err = w.take(p, e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) take(p string, e files.Info) error {
	if w.looked++; w.looked > w.o.MaxFiles {
		return errEnough
	}
	switch {
	case !w.o.Glob.Match(below(w.root, p)):
	case w.o.Out != nil && w.o.Out(p):
	case w.o.Secret != nil && w.o.Secret(p):
		w.found.Secret++
	case e.Size > w.o.MaxFile:
		w.found.Large++
	default:
		w.paths = append(w.paths, p)
	}
	return nil
}

// below is a path relative to a directory that it is in.
func below(root, p string) string {
	return strings.TrimPrefix(strings.TrimPrefix(p, root), "/")
}
