package keeper

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// dialPause is how long to wait before a full backlog (EAGAIN, unix(7)) is tried again.
const dialPause = 5 * time.Millisecond

// dial connects to a keeper. A socket without a keeper behind it is cleared away, and the error is not_found.
func (k *Keepers) dial(ctx context.Context, id string) (*net.UnixConn, peer, error) {
	path := k.path(id)
	for {
		c, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
		switch {
		case err == nil:
			u := c.(*net.UnixConn)
			p, err := peerOf(u)
			if err == nil && p.uid != os.Getuid() {
				err = errorf("permission_denied", "", "the socket of %s is another user's", id)
			}
			if err != nil {
				u.Close()
				return nil, p, err
			}
			return u, p, nil
		case errors.Is(err, syscall.ECONNREFUSED): // a keeper's socket has its listener before it has its name
			_ = os.Remove(path)
			return nil, peer{}, notFound(id)
		case errors.Is(err, os.ErrNotExist):
			return nil, peer{}, notFound(id)
		case !errors.Is(err, syscall.EAGAIN):
			return nil, peer{}, err
		}
		select {
		case <-ctx.Done():
			return nil, peer{}, context.Cause(ctx)
		case <-time.After(dialPause):
		}
	}
}

func (k *Keepers) path(id string) string { return filepath.Join(k.opt.Dir, id) }

// Call asks the keeper with this id and decodes its answer into result, if that is not nil. ctx bounds the whole exchange.
func (k *Keepers) Call(ctx context.Context, id, op string, args, result any) error {
	if !ValidID("", id) {
		return notFound(id)
	}
	c := k.links.take(id)
	if c == nil {
		u, _, err := k.dial(ctx, id)
		if err != nil {
			return err
		}
		c = newLink(u)
	}
	answer, err := c.exchange(ctx, op, args)
	if err == nil {
		k.links.put(id, c)
	} else {
		c.Close()
	}
	return understood(ctx, id, answer, err, result)
}

// understood is what an exchange means for who asked.
func understood(ctx context.Context, id string, answer response, err error, result any) error {
	switch {
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return errorf("connection_lost", "list what is there; it may have ended", "%s went away: %v", id, err)
	case answer.Error != nil:
		return answer.Error
	case result == nil:
		return nil
	}
	return json.Unmarshal(answer.Result, result)
}

const (
	// answerTimeout is how long a keeper may take to tell of itself, closeTimeout to end what it holds.
	answerTimeout = 2 * time.Second
	closeTimeout  = 10 * time.Second
)

// Close ends the keeper with this id and what it holds. One that does not answer is killed.
func (k *Keepers) Close(ctx context.Context, id string) error {
	if !ValidID("", id) {
		return notFound(id)
	}
	k.links.drop(id)
	c, p, err := k.dial(ctx, id)
	if err != nil {
		return err
	}
	defer c.Close()
	bounded, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	answer, err := newLink(c).exchange(bounded, opClose, nil)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err == nil && answer.Error != nil:
		return answer.Error
	case bounded.Err() == nil: // answered, or gone
		return nil
	}
	if p.pid > 1 { // it listens, so the number is its own still
		_ = syscall.Kill(p.pid, syscall.SIGKILL)
	}
	_ = os.Remove(k.path(id))
	return nil
}
