package forward

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"relay-shell/internal/keeper"
	"relay-shell/internal/sshbin"
	"relay-shell/internal/sshbin/mux"
)

// toSuffix is what the name of the socket has to which an R forward leads.
const toSuffix = ".to"

// openRemote has the master listen on the host, with everything leading to a socket of ours.
func (f *Forward) openRemote(ctx context.Context, p keeper.Place) error {
	socket, err := keeper.Listen(filepath.Join(p.Dir, p.ID+toSuffix))
	if err != nil {
		return err
	}
	f.listen = socket
	f.port = f.params.Spec.Port
	fw, err := f.request(ctx, f.params.StoreHostKey)
	if err != nil {
		return err
	}
	f.hold(fw)
	f.work.Go(f.watch)
	return nil
}

// request asks for the listener, on the port that it had before if it had one.
func (f *Forward) request(ctx context.Context, store bool) (*sshbin.Forwarding, error) {
	r, err := f.resolve(ctx)
	if err != nil {
		return nil, err
	}
	// Never "localhost": for that a server listens on what it gets of 127.0.0.1 and ::1, and does not say which was taken.
	return f.engine.OpenForward(ctx, r, mux.Forward{
		Kind: mux.Remote, ListenHost: f.listenHost(), ListenPort: f.port, ConnectPath: f.listen.(*keeper.Socket).Path(),
	}, store)
}

func (f *Forward) hold(fw *sshbin.Forwarding) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.remote, f.port, f.state = fw, fw.Port, StateOpen
}

// The waits between attempts to have the listener again. What a person has to mend is asked for rarely: a server may count
// failed logins.
const (
	firstWait  = time.Second
	longWait   = 30 * time.Second
	personWait = 5 * time.Minute
)

// watch asks for the listener again whenever its master is lost. It ends with Close.
func (f *Forward) watch() {
	for {
		f.mu.Lock()
		fw := f.remote
		f.mu.Unlock()
		select {
		case <-f.ctx.Done():
			return
		case <-fw.Lost():
		}
		_ = fw.Close(f.ctx) // lets go of the dead master
		f.mu.Lock()
		f.state = StateReconnecting
		f.mu.Unlock()
		if !f.again() {
			return
		}
	}
}

// again tries until the listener is there. It reports false when Close ended it.
func (f *Forward) again() bool {
	for wait := time.Duration(0); ; {
		select {
		case <-f.ctx.Done():
			return false
		case <-time.After(wait):
		}
		ctx, cancel := context.WithTimeout(f.ctx, dialTimeout)
		fw, err := f.request(ctx, false)
		cancel()
		if err == nil {
			f.hold(fw)
			if f.ctx.Err() != nil { // Close may have looked before
				_ = fw.Close(context.Background())
				return false
			}
			return true
		}
		f.fail(err)
		wait = max(firstWait, min(2*wait, longWait))
		if needsPerson(err) {
			wait = personWait
		}
	}
}

func needsPerson(err error) bool {
	var coded interface{ ErrorCode() string }
	if !errors.As(err, &coded) {
		return false
	}
	switch coded.ErrorCode() {
	case "auth_failed", "login_required", "touch_required", "host_key_changed", "host_key_unknown":
		return true
	}
	return false
}
