package forward

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"relay-shell/internal/keeper"
	"relay-shell/internal/sshbin"
	"relay-shell/internal/sshbin/dest"
)

// Forward is a forward at work. It is a [keeper.Thing].
type Forward struct {
	params Params
	deny   *regexp.Regexp
	engine *sshbin.Engine
	listen listener
	done   chan struct{} // never closed: only a request ends a forward

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	work   sync.WaitGroup

	connections, active, failed, sent, received atomic.Int64

	mu      sync.Mutex
	remote  *sshbin.Forwarding // of an R forward
	port    int
	state   string
	failure string
	at      time.Time
	conns   map[net.Conn]bool
}

// listener is where connections come from.
type listener interface {
	Accept() (net.Conn, error)
	Close() error
}

// Open is the [keeper.Kind] of forwards.
func Open(ctx context.Context, p keeper.Place, spec json.RawMessage) (keeper.Thing, error) {
	f := &Forward{done: make(chan struct{}), state: StateOpen, conns: map[net.Conn]bool{}}
	if err := json.Unmarshal(spec, &f.params); err != nil {
		return nil, err
	}
	var err error
	if f.params.Deny != "" {
		if f.deny, err = regexp.Compile(f.params.Deny); err != nil {
			return nil, err
		}
	}
	f.params.SSH.Log = zerolog.Nop()
	if f.engine, err = sshbin.New(f.params.SSH); err != nil {
		return nil, err
	}
	f.ctx, f.cancel = context.WithCancel(context.Background())
	if err := f.open(ctx, p); err != nil {
		_ = f.Close(ctx)
		return nil, err
	}
	f.work.Go(f.accept)
	return f, nil
}

// open listens, and makes sure that the host can be reached, so that what is wrong is told now.
func (f *Forward) open(ctx context.Context, p keeper.Place) (err error) {
	if f.params.Spec.Direction == Remote {
		return f.openRemote(ctx, p)
	}
	if f.listen, f.port, err = listen(f.params.Spec); err != nil {
		return err
	}
	r, err := f.resolve(ctx)
	if err != nil {
		return err
	}
	_, err = f.engine.Ready(ctx, r, f.params.StoreHostKey)
	return err
}

// resolve asks ssh anew each time, from memory while its configuration is the same.
func (f *Forward) resolve(ctx context.Context) (*dest.Resolved, error) {
	return f.engine.Resolve(ctx, f.params.Host)
}

// Detail tells how it goes.
func (f *Forward) Detail() any {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := Status{
		Host: f.params.Name, Spec: f.params.Spec.String(), ListenHost: f.listenHost(), ListenPort: f.port, State: f.state, Error: f.failure,
		Connections: f.connections.Load(), Active: f.active.Load(), Failed: f.failed.Load(), Sent: f.sent.Load(), Received: f.received.Load(),
	}
	if !f.at.IsZero() {
		s.ErrorAt = &f.at
	}
	return s
}

func (f *Forward) listenHost() string {
	if f.params.Spec.Bind == "*" {
		return "*"
	}
	return f.params.Spec.listenHost()
}

// Handle knows no requests beside those of every keeper.
func (f *Forward) Handle(context.Context, string, json.RawMessage) (any, error) {
	return nil, errors.New("a forward has no such request")
}

// Done never is: only a request ends a forward.
func (f *Forward) Done() <-chan struct{} { return f.done }

// Mend looks after the socket to which an R forward leads.
func (f *Forward) Mend() {
	if s, ok := f.listen.(*keeper.Socket); ok {
		_ = s.Mend() // tried again soon
	}
}

// Close ends the listener and every connection through it.
func (f *Forward) Close(ctx context.Context) (err error) {
	f.cancel()
	f.mu.Lock()
	remote := f.remote
	f.mu.Unlock()
	if remote != nil {
		err = remote.Close(ctx)
	}
	if f.listen != nil {
		err = errors.Join(err, f.listen.Close())
	}
	f.mu.Lock()
	for c := range f.conns {
		c.Close()
	}
	f.mu.Unlock()
	f.work.Wait()
	return errors.Join(err, f.engine.Close())
}

// fail remembers the newest failure.
func (f *Forward) fail(err error) {
	if f.ctx.Err() != nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failure, f.at = clipError(err.Error()), time.Now().UTC().Truncate(time.Second)
}

// clipError bounds what lists show of a failure.
func clipError(s string) string {
	const most = 400
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
