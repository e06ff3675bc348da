package files

import (
	"bytes"
	"context"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"relay-shell/internal/target"
)

// pair is a file of the tree and the one that it is to replace.
type pair struct {
	item
	old Info
}

// keepReplaced has the files of a tree that replace others keep those files' owners and, here, attributes, and says in how many cases that cannot be.
func (t *tree) keepReplaced(ctx context.Context, all []pair) error {
	if len(all) == 0 {
		return nil
	}
	mine, err := t.To.Lstat(ctx, t.stage)
	if err != nil {
		return err
	}
	owners, lists := 0, 0
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for _, p := range all {
		g.Go(func() error {
			fresh := under(t.stage, p.rel)
			lost := false
			if p.old.UID >= 0 && (p.old.UID != mine.UID || p.old.GID != mine.GID) {
				lost = t.To.Chown(gctx, fresh, p.old.UID, p.old.GID) != nil
			}
			bare := t.keepHere(gctx, p, fresh)
			t.mu.Lock()
			defer t.mu.Unlock()
			if lost {
				owners++
			}
			if bare {
				lists++
			}
			return context.Cause(gctx)
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if r := commander(t.To); r != nil && r.commands(ctx) {
		if lists, err = r.countMarks(ctx, t.goal.path, all); err != nil {
			return err
		}
	}
	if owners > 0 {
		t.note("%d of the replaced files belonged to others and now belong to the account that wrote them", owners)
	}
	if lists > 0 {
		t.note("%d of the replaced files had an access list or other attributes, which the new ones do not have", lists)
	}
	return nil
}

// keepHere keeps the attributes of a file of this machine. lost says that not all could be kept.
func (t *tree) keepHere(ctx context.Context, p pair, fresh string) (lost bool) {
	l, ok := t.To.(*local)
	if !ok {
		return false
	}
	mode := p.info.Mode.Perm()
	if l.Chmod(ctx, fresh, mode|0o600) != nil { // or its owner could not open it
		return true
	}
	w, err := l.Create(ctx, fresh, CreateOptions{Keep: true})
	if err != nil {
		return true
	}
	defer w.Close()
	names, _ := l.keepAttributes(ctx, under(t.goal.path, p.rel), w.(*localFile), !narrower(p.old, &mode))
	return len(names) > 0 || w.Chmod(mode) != nil
}

// countMarks counts the files beneath a directory of which ls shows that they have an access list, or on macOS attributes.
func (r *remote) countMarks(ctx context.Context, dir string, all []pair) (int, error) {
	var names, out bytes.Buffer
	for _, p := range all {
		names.WriteString("./" + p.rel + "\x00")
	}
	_, err := r.target.Run(ctx, target.Command{
		Script: &target.Script{Interpreter: "sh", Body: "cd -- " + word(dir) + " && LC_ALL=C xargs -0 ls -ld 2>/dev/null | grep -c '^-.........[+@]'"},
		Stdin:  &names, Stdout: &limited{w: &out, left: 100}, StoreHostKeys: r.store,
	})
	if err != nil {
		return 0, r.fail(ctx, "look at", dir, err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(out.String()))
	if err != nil {
		return 0, nil // no ls and no grep, and so nothing to say
	}
	return n, nil
}
