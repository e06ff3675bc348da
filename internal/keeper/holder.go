package keeper

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

const (
	// mendEvery is how soon a lost socket is made again. It is all that an idle keeper does.
	mendEvery = 15 * time.Second
	// maxClients bounds the connections to one keeper; further ones are closed.
	maxClients = 128
	// lastWords is how long the end waits for answers that are on their way.
	lastWords = 2 * time.Second
)

// holder is a keeper at work.
type holder struct {
	order   order
	started time.Time
	socket  *Socket
	ctx     context.Context // ends with the keeper
	cancel  context.CancelFunc
	clients chan struct{}
	idle    *idler
	work    sync.WaitGroup

	closing sync.Mutex // held while the thing is closed, so that all who end it wait for that
	mu      sync.Mutex
	thing   Thing // nil until it is open
	ended   bool
	conns   map[net.Conn]bool
}

func newHolder(o order) *holder {
	h := &holder{order: o, started: time.Now(), clients: make(chan struct{}, maxClients), idle: newIdler(), conns: map[net.Conn]bool{}}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	return h
}

// live opens the thing, serves it to its end and returns the process's exit status. out is closed once all has been told.
func (h *holder) live(open Kind, out *os.File) int {
	defer h.cancel()
	socket, err := Listen(filepath.Join(h.order.Dir, h.order.ID))
	if err != nil {
		_ = send(out, notice{Error: asError(err)})
		return 1
	}
	defer socket.Close()
	h.socket = socket
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	go h.accept(socket)
	_ = send(out, notice{Listening: true}) // who is gone already shows in the next one

	go func() {
		select {
		case <-term:
			h.cancel()
		case <-h.ctx.Done():
		}
	}()
	thing, err := open(h.ctx, Place{ID: h.order.ID, Dir: h.order.Dir, Used: h.idle.use}, h.order.Spec)
	if err != nil {
		socket.Close() // whoever reads the notice finds nothing left
		_ = send(out, notice{Error: asError(err)})
		return 1
	}
	h.mu.Lock()
	h.thing = thing
	h.mu.Unlock()
	if send(out, notice{Ready: true}) != nil { // nobody will ever know of it
		h.end(context.Background())
		return 1
	}
	out.Close()
	h.watch(socket, thing)
	h.end(context.Background())
	socket.Close()
	h.hangUp()
	if l, ok := thing.(Lingerer); ok {
		l.Linger()
	}
	return 0
}

// watch waits for the end and mends what is lost meanwhile.
func (h *holder) watch(socket *Socket, thing Thing) {
	tick := time.NewTicker(mendEvery)
	defer tick.Stop()
	quiet := time.NewTimer(restAfter)
	defer quiet.Stop()
	for {
		select {
		case <-h.ctx.Done():
			return
		case <-thing.Done():
			return
		case <-tick.C:
			_ = socket.Mend() // tried again at the next tick
			if m, ok := thing.(Mender); ok {
				m.Mend()
			}
		case <-h.idle.wake:
			quiet.Reset(restAfter)
		case <-quiet.C:
			if left := h.idle.left(); left > 0 {
				quiet.Reset(left)
			} else {
				h.idle.rest(thing)
			}
		}
	}
}

// end closes the thing, once. What is not open yet is ended by the holder's context.
func (h *holder) end(ctx context.Context) error {
	h.closing.Lock()
	defer h.closing.Unlock()
	h.mu.Lock()
	thing, ended := h.thing, h.ended
	h.ended = thing != nil
	h.mu.Unlock()
	if thing == nil || ended {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, closeTimeout-lastWords)
	defer cancel()
	return thing.Close(ctx)
}

// hangUp lets answers out and then closes what is still connected.
func (h *holder) hangUp() {
	quiet := make(chan struct{})
	go func() { h.work.Wait(); close(quiet) }()
	h.mu.Lock()
	for c := range h.conns {
		_ = c.SetReadDeadline(time.Unix(1, 0)) // no further requests
	}
	h.mu.Unlock()
	select {
	case <-quiet:
	case <-time.After(lastWords):
	}
}

// accept serves connections until the socket is closed.
func (h *holder) accept(socket *Socket) {
	for {
		c, err := socket.Accept()
		if err != nil {
			return
		}
		select {
		case h.clients <- struct{}{}:
		default:
			c.Close()
			continue
		}
		h.mu.Lock()
		h.conns[c] = true
		h.mu.Unlock()
		h.work.Go(func() {
			defer func() {
				c.Close()
				h.mu.Lock()
				delete(h.conns, c)
				h.mu.Unlock()
				<-h.clients
			}()
			h.serve(c)
		})
	}
}

// serve answers the requests of one connection, one after the other. It ends when the other side hangs up.
func (h *holder) serve(c net.Conn) {
	rights := newRightsReader(c)
	defer rights.drop()
	defer func() { _ = recover() }() // one asker's request must not end what others rely on; who asked sees the connection end
	in := newLines(rights)
	for {
		var req request
		if err := in.next(&req); err != nil {
			return
		}
		if h.stream(c, in, req, rights) {
			return
		}
		result, err := h.answer(c, req, rights)
		r := response{V: Version}
		if err == nil {
			r.Result, err = json.Marshal(result)
		}
		if err != nil {
			r.Result, r.Error = nil, asError(err)
		}
		if send(c, r) != nil {
			return
		}
		if req.Op == opClose {
			h.cancel()
			return
		}
	}
}

var errNotReady = errors.New("it is not open yet")

// answer answers one request.
func (h *holder) answer(c net.Conn, req request, rights *rightsReader) (any, error) {
	h.idle.use()
	h.mu.Lock()
	thing := h.thing
	h.mu.Unlock()
	switch {
	case req.Op == opInfo:
		return h.info(thing)
	case req.Op == opClose:
		err := h.end(h.ctx)
		h.socket.Close() // whoever is told that it is closed does not find it any more
		return nil, err
	case req.V != Version:
		return nil, errorf("unsupported", "close it and open it again", "%s was made by another version of relay-shell", h.order.ID)
	case thing == nil:
		return nil, errNotReady
	}
	ctx, cancel := context.WithCancel(h.ctx)
	defer cancel()
	stop := watchHangUp(c, cancel)
	defer stop()
	if files := rights.take(); len(files) > 0 {
		return given(ctx, thing, req, files)
	}
	return thing.Handle(ctx, req.Op, req.Args)
}

func (h *holder) info(thing Thing) (Info, error) {
	i := Info{V: Version, ID: h.order.ID, Kind: h.order.Kind, PID: os.Getpid(), Started: h.started, Build: h.order.Build, Starting: thing == nil}
	if thing == nil {
		return i, nil
	}
	detail, err := json.Marshal(thing.Detail())
	i.Detail = detail
	return i, err
}
