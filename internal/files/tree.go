package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
)

// workers is how many files of a tree are under way at once.
const workers = 32

// tree is a transfer of a tree. All of it is built in a part directory first; then a tree that is new is renamed as a whole, and one that
// joins a directory goes into it file by file, whole subtrees at once where there is nothing yet.
type tree struct {
	*Transfer
	goal  goal
	stage string // the part directory
	list  *listing
	meter *meter
	syncs bool // all of the tree can be written to disk by one call

	mu    sync.Mutex
	sums  map[string][32]byte // of what was read or written on this machine's side, by rel
	sizes map[string]int64    // how many bytes those were
	have  map[string]bool     // complete from an earlier transfer
	// others are part directories that were not taken.
	others leftovers
	r      Report
}

func (t *Transfer) tree(ctx context.Context, g goal) (Report, error) {
	m := newMeter(t.Progress, 0)
	defer m.stop()
	m.say("listing")
	list, err := walkTree(ctx, t.From, t.Source, t.most())
	if err != nil {
		return Report{}, err
	}
	list.dropLeaving()
	if err := t.admitted(ctx, list, g); err != nil {
		return Report{}, err
	}
	m.change(func(p *Progress) { p.Total, p.TotalFiles, p.Doing = list.bytes, list.files, "" })
	tr := &tree{Transfer: t, goal: g, list: list, meter: m, sums: map[string][32]byte{}, sizes: map[string]int64{}, have: map[string]bool{}, others: leftovers{}}
	tr.r = Report{Dest: g.path, Skipped: list.skipped}
	if err := tr.copy(ctx); err != nil {
		tr.r.Part = tr.abandon(ctx)
		return tr.r, t.resumable(err, tr.r.Part)
	}
	tr.others.removeOthers(ctx, t.To)
	sweep(ctx, t.To, g.dir())
	return tr.r, nil
}

// most is how many entries a tree may have.
func (t *Transfer) most() int {
	if t.MaxEntries > 0 {
		return t.MaxEntries
	}
	return DefaultEntries
}

// admitted asks about all of the tree. In a directory of this machine that exists there may be what no file tool touches: that is found now, not when
// half of the tree is in place.
func (t *Transfer) admitted(ctx context.Context, l *listing, g goal) error {
	for _, i := range l.items {
		dest := under(g.path, i.rel)
		if t.Admit != nil && i.rel != "" {
			if err := t.Admit(i.rel, dest); err != nil {
				return err
			}
		}
		if g.exists && t.To.Local() {
			if _, err := t.To.Lstat(ctx, dest); bounds(err) {
				return err
			}
		}
	}
	return context.Cause(ctx)
}

func (t *tree) copy(ctx context.Context) error {
	if err := t.makeStage(ctx); err != nil {
		return err
	}
	if err := t.directories(ctx); err != nil {
		return err
	}
	host := commander(t.To)
	t.syncs = host == nil || host.commands(ctx)
	if err := t.archive(ctx); err != nil {
		return err
	}
	if err := t.files(ctx); err != nil {
		return err
	}
	if t.Verify {
		t.meter.say("comparing")
		if err := t.compare(ctx, t.written()); err != nil {
			return err
		}
	}
	t.meter.say("putting in place")
	if err := syncTree(ctx, t.To, t.stage); err != nil {
		return err
	}
	return t.publish(ctx)
}

func (t *tree) directories(ctx context.Context) error {
	return eachLevel(t.list.items, func(i item) error {
		if i.rel == "" {
			return nil
		}
		if err := t.To.Mkdir(ctx, under(t.stage, i.rel), 0o700); err != nil && Code(err) != "already_exists" {
			return err
		}
		return nil
	})
}

// eachLevel does something to all directories, those of one depth at once. items are in the order of their depth, up or down.
func eachLevel(items []item, do func(i item) error) error {
	level := -1
	var g *errgroup.Group
	for _, i := range items {
		if !i.info.Mode.IsDir() {
			continue
		}
		depth := strings.Count(i.rel, "/")
		if i.rel == "" {
			depth = -1
		}
		if g == nil || depth != level {
			if g != nil {
				if err := g.Wait(); err != nil {
					return err
				}
			}
			g, level = new(errgroup.Group), depth
			g.SetLimit(workers)
		}
		g.Go(func() error { return do(i) })
	}
	if g == nil {
		return nil
	}
	return g.Wait()
}

// files copies files and links.
func (t *tree) files(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for _, i := range t.list.items {
		if i.info.Mode.IsDir() || t.there(i) || ctx.Err() != nil {
			continue
		}
		g.Go(func() error {
			if i.info.Mode.Type() == fs.ModeSymlink {
				return t.To.Symlink(ctx, i.link, under(t.stage, i.rel))
			}
			return t.one(ctx, i)
		})
	}
	err := g.Wait()
	slices.SortFunc(t.r.Skipped, func(a, b Skipped) int {
		if a.Path < b.Path {
			return -1
		}
		return 1
	})
	return err
}

// abandon leaves the part directory for a resumed transfer, or removes it.
func (t *tree) abandon(ctx context.Context) string {
	if t.stage == "" {
		return ""
	}
	late, cancel := lastly(ctx, "the part directory could not be removed in time")
	defer cancel()
	cancelled := ctx.Err() != nil && errors.Is(context.Cause(ctx), context.Canceled)
	if (cancelled && !t.Resume || t.r.Files == 0) && removeTree(late, t.To, t.stage) == nil {
		return ""
	}
	if _, err := t.To.Lstat(late, t.stage); err != nil {
		return ""
	}
	return t.stage
}

func (s Skipped) String() string { return fmt.Sprintf("%s: %s", Escape(s.Path), s.Reason) }
