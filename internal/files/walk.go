package files

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
)

// item is one thing in a tree.
type item struct {
	// rel is its path in the tree, "" for the tree itself.
	rel  string
	info Info
	link string // what a link says
}

// listing is a tree, parents before their children.
type listing struct {
	items   []item
	skipped []Skipped
	bytes   int64
	files   int
}

// Bounds of a tree.
const (
	// DefaultEntries is how many files, directories and links a tree may have if [Transfer.MaxEntries] says nothing.
	DefaultEntries = 1_000_000
	maxDepth       = 200
)

// listers is how many directories are listed at once.
const listers = 16

// walkTree lists a tree level by level. What cannot be listed is skipped, but for the tree itself.
func walkTree(ctx context.Context, f FS, root string, most int) (*listing, error) {
	top, err := f.Stat(ctx, root)
	if err != nil {
		return nil, err
	}
	l := &listing{items: []item{{info: top}}}
	level := []item{l.items[0]}
	for depth := 0; len(level) > 0; depth++ {
		if depth > maxDepth {
			return nil, failf("copy", root, "limit_reached", fmt.Sprintf("the tree is more than %d directories deep", maxDepth))
		}
		next, err := l.level(ctx, f, root, level, most)
		if err != nil {
			return nil, err
		}
		level = next
	}
	slices.SortFunc(l.skipped, func(a, b Skipped) int { return strings.Compare(a.Path, b.Path) })
	return l, nil
}

// level lists some directories and gives the directories that are in them.
func (l *listing) level(ctx context.Context, f FS, root string, dirs []item, most int) (next []item, err error) {
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(listers)
	for _, dir := range dirs {
		g.Go(func() error {
			entries, more, err := f.ReadDir(ctx, under(root, dir.rel), most)
			var found []item
			for _, e := range entries {
				link := ""
				if e.Mode.Type() == fs.ModeSymlink {
					if link, err = f.ReadLink(ctx, under(root, path.Join(dir.rel, e.Name))); err != nil {
						break
					}
				}
				found = append(found, item{rel: join(dir.rel, e.Name), info: e, link: link})
			}
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			mu.Lock()
			defer mu.Unlock()
			if err != nil && (dir.rel == "" || Code(err) != "permission_denied" || strings.Contains(err.Error(), "refused:")) {
				return err
			}
			if err != nil {
				l.skipped = append(l.skipped, Skipped{dir.rel, err.Error()})
				return nil
			}
			for _, i := range found {
				if l.take(i) && i.info.Mode.IsDir() {
					next = append(next, i)
				}
			}
			if more || len(l.items) > most {
				return &Error{Op: "copy", Path: root, Code: "limit_reached", Message: fmt.Sprintf("the tree has more than %d entries (TRANSFER_ENTRIES)", most), Hint: "copy parts of it, one by one"}
			}
			return nil
		})
	}
	return next, g.Wait()
}

// take adds what can be copied.
func (l *listing) take(i item) bool {
	switch {
	case isPart(i.info.Name, ""):
		l.skipped = append(l.skipped, Skipped{i.rel, "part of a transfer that is under way or was interrupted"})
		return false
	case i.info.Mode.IsRegular():
		l.bytes += i.info.Size
		l.files++
	case i.info.Mode.IsDir(), i.info.Mode.Type() == fs.ModeSymlink:
	default:
		l.skipped = append(l.skipped, Skipped{i.rel, notRegular(i.info.Mode).(*Error).Message})
		return false
	}
	l.items = append(l.items, i)
	return true
}

// under and join make paths without cleaning names.
func under(root, rel string) string {
	if rel == "" {
		return root
	}
	return strings.TrimRight(root, "/") + "/" + rel
}

func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

// dropLeaving skips links that lead out of the tree, followed as the system follows them: over the tree's own links, too.
func (l *listing) dropLeaving() {
	links := map[string]string{}
	for _, i := range l.items {
		if i.info.Mode.Type() == fs.ModeSymlink {
			links[i.rel] = i.link
		}
	}
	l.items = slices.DeleteFunc(l.items, func(i item) bool {
		if i.info.Mode.Type() != fs.ModeSymlink || stays(links, i.rel) {
			return false
		}
		l.skipped = append(l.skipped, Skipped{i.rel, "a link that leads out of the tree, to " + Escape(i.link)})
		return true
	})
}

// stays reports whether a link of a tree ends in it, wherever it leads.
func stays(links map[string]string, rel string) bool {
	var at []string
	rest := strings.Split(rel, "/")
	for followed := 0; len(rest) > 0; {
		name := rest[0]
		rest = rest[1:]
		switch name {
		case "", ".":
			continue
		case "..":
			if len(at) == 0 {
				return false
			}
			at = at[:len(at)-1]
			continue
		}
		at = append(at, name)
		to, isLink := links[strings.Join(at, "/")]
		if !isLink {
			continue
		}
		if followed++; path.IsAbs(to) || followed > maxLinks {
			return false
		}
		at = at[:len(at)-1]
		rest = append(strings.Split(to, "/"), rest...)
	}
	return true
}
