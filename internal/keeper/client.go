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
	c, _, err := k.dial(ctx, id)
	if err != nil {
		return err
	}
	defer c.Close()
	return converse(ctx, c, id, op, args, result)
}

// converse is the exchange of Call.
func converse(ctx context.Context, c net.Conn, id, op string, args, result any) error {
	answer, err := exchange(ctx, c, op, args)
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

// exchange sends one request and reads its response.
func exchange(ctx context.Context, c net.Conn, op string, args any) (response, error) {
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	req := request{V: Version, Op: op}
	var r response
	if args != nil {
		b, err := json.Marshal(args)
		if err != nil {
			return r, err
		}
		req.Args = b
	}
	if err := send(c, req); err != nil {
		return r, err
	}
	return r, newLines(c).next(&r)
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
	c, p, err := k.dial(ctx, id)
	if err != nil {
		return err
	}
	defer c.Close()
	bounded, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	answer, err := exchange(bounded, c, opClose, nil)
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
