package keeper

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// asking bounds how many keepers are asked at the same time.
const asking = 32

// List finds the living keepers of a kind ("" for all), oldest first. Each is asked with a deadline of its own; what dead ones have left
// is cleared away.
func (k *Keepers) List(ctx context.Context, kind string) ([]Info, error) {
	ids, err := k.ids(kind)
	if err != nil {
		return nil, err
	}
	found := make([]*Info, len(ids))
	slots := make(chan struct{}, asking)
	var work sync.WaitGroup
	for i, id := range ids {
		slots <- struct{}{}
		work.Go(func() {
			defer func() { <-slots }()
			found[i] = k.ask(ctx, id)
		})
	}
	work.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	list := []Info{}
	for _, info := range found {
		if info != nil && (kind == "" || info.Kind == kind) {
			list = append(list, *info)
		}
	}
	slices.SortFunc(list, func(a, b Info) int { return cmp.Or(a.Started.Compare(b.Started), strings.Compare(a.ID, b.ID)) })
	return list, nil
}

// Find asks one keeper of a kind.
func (k *Keepers) Find(ctx context.Context, kind, id string) (Info, error) {
	if ValidID(kind, id) {
		if info := k.ask(ctx, id); info != nil && info.Kind == kind {
			return *info, nil
		}
		if ctx.Err() != nil {
			return Info{}, context.Cause(ctx)
		}
	}
	return Info{}, notFound(id)
}

// ask asks a keeper for what it is, nil for one that does not live.
func (k *Keepers) ask(ctx context.Context, id string) *Info {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	c, p, err := k.dial(ctx, id)
	if err != nil {
		return nil
	}
	defer c.Close()
	answer, err := newLink(c).exchange(ctx, opInfo, nil)
	if err != nil {
		if ctx.Err() == nil {
			return nil // it ended meanwhile
		}
		return &Info{ID: id, Kind: k.kindOf(id), PID: p.pid, Silent: true}
	}
	info := &Info{}
	if answer.Error != nil || json.Unmarshal(answer.Result, info) != nil {
		info = &Info{Kind: k.kindOf(id)}
	}
	info.V, info.ID, info.PID = answer.V, id, p.pid
	return info
}

// kindOf reads the kind from an id.
func (k *Keepers) kindOf(id string) string {
	for _, kind := range k.opt.Kinds {
		if kind[:1] == id[:1] {
			return kind
		}
	}
	return ""
}

// abandoned is the age at which what a start left behind is cleared away.
const abandoned = time.Minute

// ids lists the sockets of a kind.
func (k *Keepers) ids(kind string) ([]string, error) {
	entries, err := os.ReadDir(k.opt.Dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, e := range entries {
		name := e.Name()
		if ValidID(kind, name) {
			ids = append(ids, name)
			continue
		}
		owner, _, _ := strings.Cut(strings.TrimPrefix(name, "."), ".")
		if owner == name || !ValidID("", owner) {
			continue
		}
		// A file of a keeper beside its socket, or a socket that is being made.
		info, err := e.Info()
		if _, gone := os.Lstat(k.path(owner)); err == nil && gone != nil && time.Since(info.ModTime()) > abandoned {
			_ = os.Remove(filepath.Join(k.opt.Dir, name))
		}
	}
	return ids, nil
}

// count counts the keepers of a kind that live. It only connects, so that a frozen one counts and holds nothing up.
func (k *Keepers) count(ctx context.Context, kind string) (int, error) {
	ids, err := k.ids(kind)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, id := range ids {
		c, _, err := k.dial(ctx, id)
		var gone *Error
		if errors.As(err, &gone) {
			continue
		}
		if err == nil {
			c.Close()
		}
		n++
	}
	return n, ctx.Err()
}
