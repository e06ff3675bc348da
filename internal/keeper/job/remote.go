package job

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"relay-shell/internal/sshbin"
	"relay-shell/internal/sshbin/dest"
)

// Remote is what it takes to follow and to end a command on a host.
type Remote struct {
	Session sshbin.Detached  `json:"session"`
	Host    dest.Destination `json:"host"`
	SSH     sshbin.Options   `json:"ssh"`
}

// remote is a command on a host whose session was handed over.
type remote struct {
	about    Remote
	followed *sshbin.Followed
	engine   *sshbin.Engine
	streams  []*os.File
	leash    *sshbin.LeashCopy // nil without one
}

const (
	// remoteQuiet and remoteMost bound the reading of output after the end of a command on a host, which may have to come a long way.
	remoteQuiet = time.Second
	remoteMost  = 30 * time.Second
	// endTimeout is how long the ending of a command on a host may take, with a login if need be.
	endTimeout = 7 * time.Second
)

// adoptRemote takes a command on a host with its files.
func adoptRemote(a Adopt, files []*os.File) (command, error) {
	want := 2
	if a.Stderr {
		want = 3
	}
	streams, leashed := want, a.Remote.Session.Mark != ""
	if leashed {
		want += 2
	}
	if len(files) != want {
		return nil, fmt.Errorf("a command on a host brings %d files, not %d", want, len(files))
	}
	options := a.Remote.SSH
	options.Log = zerolog.Nop()
	engine, err := sshbin.New(options)
	if err != nil {
		return nil, err
	}
	followed, err := sshbin.Follow(files[0], a.Remote.Session)
	if err != nil {
		return nil, err
	}
	c := &remote{about: *a.Remote, followed: followed, engine: engine, streams: files[1:streams]}
	if leashed {
		c.leash = &sshbin.LeashCopy{In: files[streams], Conn: files[streams+1]}
	}
	return c, nil
}

// kept tells the leash of the server that began the command: from now on it does not end with that.
func (c *remote) kept() error {
	if c.leash == nil {
		return nil
	}
	return c.leash.Forget(c.about.Session.Mark)
}

func (c *remote) wait(ctx context.Context, store *Store) End {
	defer c.engine.Close()
	defer c.followed.Close()
	pump := startPump(store, c.streams...)
	var e End
	select {
	case <-c.followed.Exited():
	case <-ctx.Done():
		e.Survivors = c.stop()
		select {
		case <-c.followed.Exited():
		case <-time.After(drainMost): // it survives, or the connection is gone
		}
	}
	pump.finish(remoteQuiet, remoteMost)
	exit, err := c.followed.Exit(context.WithoutCancel(ctx))
	if err != nil && ctx.Err() == nil {
		// As for a call whose connection is lost: nothing goes on unseen. What cannot be reached now is said to be unknown.
		e.State, e.Error, e.Survivors = Lost, err.Error(), c.stop()
		if len(e.Survivors) == 0 {
			e.Error = "the connection was lost; what still ran on the host has been ended"
		}
	}
	e.Code, e.Signal = exit.Code, exit.Signal
	return e
}

// stop ends the command's processes on the host.
func (c *remote) stop() []string {
	ctx, cancel := context.WithTimeout(context.Background(), endTimeout)
	defer cancel()
	r, err := c.engine.Resolve(ctx, c.about.Host)
	if err != nil {
		return []string{sshbin.Unknown}
	}
	return c.engine.End(ctx, r, c.about.Session.Mark)
}

// insistFor is how long the ending of a command is tried again, insistPause between two tries and insistTimeout for each.
const (
	insistFor     = 3 * time.Minute
	insistPause   = 5 * time.Second
	insistTimeout = 30 * time.Second
)

// insist tries again to end the command's processes until somebody can say what is left of them.
func (c *remote) insist() (survivors []string, known bool) {
	for deadline := time.Now().Add(insistFor); time.Now().Before(deadline); time.Sleep(insistPause) {
		if survivors = c.again(); !slices.Contains(survivors, sshbin.Unknown) {
			return survivors, true
		}
	}
	return nil, false
}

// again is one try, by an engine that remembers nothing of those before.
func (c *remote) again() []string {
	unknown := []string{sshbin.Unknown}
	options := c.about.SSH
	options.Log = zerolog.Nop()
	engine, err := sshbin.New(options)
	if err != nil {
		return unknown
	}
	defer engine.Close()
	ctx, cancel := context.WithTimeout(context.Background(), insistTimeout)
	defer cancel()
	r, err := engine.Resolve(ctx, c.about.Host)
	if err != nil {
		return unknown
	}
	return engine.End(ctx, r, c.about.Session.Mark)
}

func (c *remote) signal(ctx context.Context, name string) (int, error) {
	r, err := c.engine.Resolve(ctx, c.about.Host)
	if err != nil {
		return 0, err
	}
	return c.engine.Signal(ctx, r, c.about.Session.Mark, name)
}
