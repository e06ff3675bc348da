package files

import (
	"context"
	"io/fs"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// publish puts the tree in its place.
func (t *tree) publish(ctx context.Context) error {
	if !t.goal.exists {
		if err := t.dressDirectories(ctx, func(rel string) string { return under(t.stage, rel) }, t.list.items); err != nil {
			return err
		}
		return t.To.RenameNew(ctx, t.stage, t.goal.path)
	}
	return t.merge(ctx)
}

// dressDirectories gives directories their modes and times, children first.
func (t *tree) dressDirectories(ctx context.Context, at func(rel string) string, items []item) error {
	items = slices.Clone(items)
	slices.Reverse(items)
	return eachLevel(items, func(i item) error { return setBoth(ctx, t.To, at(i.rel), i.info.Mode.Perm(), i.info) })
}

// setBoth sets mode and times of what this transfer has made, by one request where that can be done. No link is followed: the directory may be somebody
// else's.
func setBoth(ctx context.Context, f FS, name string, mode fs.FileMode, info Info) error {
	if s, ok := f.(interface {
		setBoth(ctx context.Context, name string, mode fs.FileMode, info Info) error
	}); ok {
		return s.setBoth(ctx, name, mode, info)
	}
	if err := f.Chmod(ctx, name, mode); err != nil {
		return err
	}
	return f.Chtimes(ctx, name, info.AccessTime, info.ModTime)
}

// merge moves the tree into a directory that exists. A subtree of which nothing is there yet is moved as a whole.
func (t *tree) merge(ctx context.Context) error {
	var move []item
	var replaced []pair
	skip := map[string]bool{}   // what lies in a subtree that is moved, or in the way
	theirs := map[string]Info{} // what is there already, of the directories that are joined
	for _, i := range t.list.items {
		if within(skip, i.rel) {
			continue
		}
		old, there := theirs[i.rel]
		switch {
		case i.rel == "", there && old.Mode.IsDir() && i.info.Mode.IsDir():
			entries, _, err := t.To.ReadDir(ctx, under(t.goal.path, i.rel), DefaultEntries)
			if err != nil {
				return err
			}
			for _, e := range entries {
				theirs[join(i.rel, e.Name)] = e
			}
		case !there:
			move = append(move, i)
			if i.info.Mode.IsDir() {
				skip[i.rel] = true
			}
		case old.Mode.IsDir() != i.info.Mode.IsDir():
			t.r.Skipped = append(t.r.Skipped, Skipped{i.rel, "there is something of another kind at the destination"})
			skip[i.rel] = true
		case t.Keep:
			t.r.Skipped = append(t.r.Skipped, Skipped{i.rel, "there is a file of that name at the destination"})
		default:
			move = append(move, i)
			if i.info.Mode.IsRegular() && old.Mode.IsRegular() && t.there(i) {
				replaced = append(replaced, pair{i, old})
			}
		}
	}
	if err := t.keepReplaced(ctx, replaced); err != nil {
		return err
	}
	if err := t.moveAll(ctx, move); err != nil {
		return err
	}
	return removeTree(ctx, t.To, t.stage)
}

// there reports whether a file is in the part directory.
func (t *tree) there(i item) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, copied := t.sums[i.rel]
	return copied || t.have[i.rel]
}

func within(set map[string]bool, rel string) bool {
	for {
		if set[rel] {
			return true
		}
		at := strings.LastIndexByte(rel, '/')
		if at < 0 {
			return false
		}
		rel = rel[:at]
	}
}

func (t *tree) moveAll(ctx context.Context, items []item) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for _, i := range items {
		if i.info.Mode.IsRegular() && !t.there(i) {
			continue // skipped
		}
		g.Go(func() error {
			from, to := under(t.stage, i.rel), under(t.goal.path, i.rel)
			if t.Keep {
				if err := t.To.RenameNew(ctx, from, to); Code(err) != "already_exists" {
					return err
				}
				t.mu.Lock()
				defer t.mu.Unlock()
				t.r.Skipped = append(t.r.Skipped, Skipped{i.rel, "there is a file of that name at the destination"})
				return nil
			}
			if err := t.To.Rename(ctx, from, to); err != nil {
				return err
			}
			if !i.info.Mode.IsDir() {
				return nil
			}
			// Afterwards: a directory that one may not write to cannot be moved.
			return t.dressDirectories(ctx, func(rel string) string { return under(t.goal.path, rel) }, t.subtree(i.rel))
		})
	}
	return g.Wait()
}

// subtree lists a directory of the tree and all that is in it.
func (t *tree) subtree(rel string) []item {
	var in []item
	for _, i := range t.list.items {
		if i.rel == rel || strings.HasPrefix(i.rel, rel+"/") {
			in = append(in, i)
		}
	}
	return in
}
