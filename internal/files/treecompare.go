package files

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// written are the files that this transfer has written.
func (t *tree) written() []item {
	var all []item
	for _, i := range t.list.items {
		if _, ok := t.sums[i.rel]; ok {
			all = append(all, i)
		}
	}
	return all
}

// compare compares the digests of both ends.
func (t *tree) compare(ctx context.Context, items []item) error {
	equal, err := t.equal(ctx, items)
	if err != nil {
		return err
	}
	for _, i := range items {
		if !equal[i.rel] {
			// Of no use to a resumed transfer either.
			_ = t.To.Remove(ctx, under(t.stage, i.rel))
			return &Error{Op: "copy", Path: under(t.Source, i.rel), Code: "internal", Hint: "call again when the source is at rest; nothing was replaced",
				Message: "the two ends differ: it changed while it was read, or bytes were damaged on the way"}
		}
	}
	return nil
}

// equal computes the digests of both ends and says which are the same.
func (t *tree) equal(ctx context.Context, items []item) (map[string]bool, error) {
	if len(items) == 0 {
		return nil, nil
	}
	rels := make([]string, len(items))
	for n, i := range items {
		rels[n] = i.rel
	}
	var here, there map[string][32]byte
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { here, err = digests(gctx, t.From, t.Source, rels, t.known(t.From)); return err })
	g.Go(func() (err error) { there, err = digests(gctx, t.To, t.stage, rels, t.known(t.To)); return err })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	equal := map[string]bool{}
	for _, rel := range rels {
		a, aok := here[rel]
		b, bok := there[rel]
		equal[rel] = aok && bok && a == b
	}
	return equal, nil
}

// known are digests that need not be computed again: those of bytes that went through this process, on its own side. A transfer between
// two file systems of this machine reads everything again.
func (t *tree) known(f FS) map[string][32]byte {
	if !f.Local() || t.From.Local() && t.To.Local() {
		return nil
	}
	return t.sums
}
