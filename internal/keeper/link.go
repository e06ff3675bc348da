package keeper

import (
	"context"
	"encoding/json"
	"net"
	"slices"
	"sync"
	"time"
)

// link is a connection to a keeper on which requests and their answers take turns.
type link struct {
	*net.UnixConn
	in *lines
}

func newLink(c *net.UnixConn) *link { return &link{c, newLines(c)} }

// exchange sends one request and reads its response. After an error the link is of no use.
func (l *link) exchange(ctx context.Context, op string, args any) (r response, err error) {
	stop := context.AfterFunc(ctx, func() { _ = l.SetDeadline(time.Unix(1, 0)) })
	req := request{V: Version, Op: op}
	if args != nil {
		req.Args, err = json.Marshal(args)
	}
	if err == nil {
		err = send(l, req)
	}
	if err == nil {
		err = l.in.next(&r)
	}
	if !stop() { // its deadline is set, or about to be
		l.Close()
	}
	return r, err
}

// maxKept bounds the links that are kept.
const maxKept = 16

// keptLinks are links that wait for the next request, at most one to each keeper, so that who types at a session does not connect for each key.
type keptLinks struct {
	mu    sync.Mutex
	byAge []keptLink // the one used last is the last
}

type keptLink struct {
	id string
	*link
}

// take gives the link to a keeper, nil for none. One whose keeper is gone is none: nothing must be sent that may or may not be read.
func (k *keptLinks) take(id string) *link {
	k.mu.Lock()
	defer k.mu.Unlock()
	i := slices.IndexFunc(k.byAge, func(l keptLink) bool { return l.id == id })
	if i < 0 {
		return nil
	}
	l := k.byAge[i].link
	k.byAge = slices.Delete(k.byAge, i, i+1)
	if hungUp(l.UnixConn) {
		l.Close()
		return nil
	}
	return l
}

// put keeps a link.
func (k *keptLinks) put(id string, l *link) {
	k.drop(id)
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.byAge) == maxKept {
		k.byAge[0].Close()
		k.byAge = slices.Delete(k.byAge, 0, 1)
	}
	k.byAge = append(k.byAge, keptLink{id, l})
}

// drop closes the link to a keeper.
func (k *keptLinks) drop(id string) {
	if l := k.take(id); l != nil {
		l.Close()
	}
}
