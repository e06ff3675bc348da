package files

import (
	"context"
	"path"
	"slices"
)

// makeStage makes the part directory, or takes the one that an earlier transfer left: beside a tree that is new, in a directory that exists.
func (t *tree) makeStage(ctx context.Context) error {
	in, base := t.goal.dir(), path.Base(t.goal.path)
	if t.goal.exists {
		in = t.goal.path
	}
	t.stage = under(in, partName(base))
	if t.Resume {
		taken, err := t.takeStage(ctx, in, base)
		if taken || err != nil {
			return err
		}
		t.note("nothing to resume: it starts anew")
	}
	return t.To.Mkdir(ctx, t.stage, 0o700)
}

func (t *tree) takeStage(ctx context.Context, in, base string) (bool, error) {
	entries, _, err := t.To.ReadDir(ctx, in, 0)
	if err != nil {
		return false, err
	}
	var newest *Info
	for _, e := range entries {
		if !isPart(e.Name, base) || !e.Mode.IsDir() {
			continue
		}
		t.others[under(in, e.Name)] = e
		if newest == nil || e.ModTime.After(newest.ModTime) {
			newest = &e
		}
	}
	if newest == nil || t.To.RenameNew(ctx, under(in, newest.Name), t.stage) != nil {
		return false, nil
	}
	delete(t.others, under(in, newest.Name))
	if err := t.To.Chmod(ctx, t.stage, 0o700); err != nil {
		return false, err
	}
	return true, t.inherit(ctx)
}

// inherit keeps what is there of this tree and complete, and removes everything else: it would be put in place, too.
func (t *tree) inherit(ctx context.Context) error {
	old, err := walkTree(ctx, t.To, t.stage, t.most())
	if err != nil {
		return err
	}
	wanted := map[string]item{}
	for _, i := range t.list.items {
		wanted[i.rel] = i
	}
	var same []item
	bare := map[string]bool{}                      // content complete, mode not yet set
	for _, i := range slices.Backward(old.items) { // children first
		w, ok := wanted[i.rel]
		switch {
		case i.rel == "":
		case ok && i.info.Mode.IsDir() && w.info.Mode.IsDir():
		// A file gets its time when it is complete, but a source of this very second has it by chance.
		case ok && i.info.Mode.IsRegular() && w.info.Mode.IsRegular() && i.info.Size == w.info.Size && i.info.ModTime.Unix() == w.info.ModTime.Unix():
			same = append(same, w)
			bare[i.rel] = i.info.Mode != w.info.Mode
		default:
			if err := RemoveAll(ctx, t.To, under(t.stage, i.rel)); err != nil {
				return err
			}
		}
	}
	equal, err := t.equal(ctx, same)
	if err != nil {
		return err
	}
	for _, i := range same {
		if !equal[i.rel] {
			if err := t.To.Remove(ctx, under(t.stage, i.rel)); err != nil {
				return err
			}
			continue
		}
		if bare[i.rel] {
			if err := setBoth(ctx, t.To, under(t.stage, i.rel), i.info.Mode.Perm(), i.info); err != nil {
				return err
			}
		}
		t.have[i.rel] = true
		t.r.Resumed += i.info.Size
	}
	t.meter.change(func(p *Progress) { p.Done, p.Files = t.r.Resumed, len(t.have) })
	return nil
}
