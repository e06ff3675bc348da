package keeper

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// Thing is what a keeper holds.
type Thing interface {
	// Detail is what lists show of it, in JSON. It must not block.
	Detail() any
	// Handle answers a request. ctx ends when the asker hangs up or the keeper ends.
	Handle(ctx context.Context, op string, args json.RawMessage) (any, error)
	// Done is closed when there is nothing left to keep; the keeper ends then.
	Done() <-chan struct{}
	// Close ends it. It is called once.
	Close(ctx context.Context) error
}

// Mender is a thing that looks after files of its own: Mend is called now and then.
type Mender interface{ Mend() }

// Lingerer is a thing that may have something left to do when it has ended and can't be asked any more: the process ends when Linger returns.
type Lingerer interface{ Linger() }

// Place is where a thing lives.
type Place struct {
	// ID is its keeper's, Dir the directory of the sockets; names of its own there begin with the id and a dot.
	ID, Dir string
	// Used says that there was traffic that the keeper does not see: requests it sees itself.
	Used func()
}

// Kind opens a thing as its spec says. ctx bounds the opening alone.
type Kind func(ctx context.Context, p Place, spec json.RawMessage) (Thing, error)

// The descriptors of a keeper's process, and the argument of the second one.
const (
	orderFD  = 3
	noticeFD = 4
	hold     = "hold"
)

// maxOrder bounds an order in bytes; it holds an environment.
const maxOrder = 16 << 20

// Main is the whole life of a keeper's process, or of the short one that makes it; args are the program's arguments behind
// [Command]. It returns the exit status.
func Main(args []string, kinds map[string]Kind) int {
	switch {
	case len(args) == 0:
		return detach()
	case len(args) == 1 && args[0] == hold:
		return keep(kinds)
	}
	return 2
}

// detach starts the keeper and ends, which leaves it without a parent. Descriptors that the server itself was started with are
// not passed on.
func detach() int {
	closeOnExec(3)
	cmd := &exec.Cmd{
		Path: executable(), Args: []string{"relay-shell", Command, hold}, Env: os.Environ(), Dir: "/",
		ExtraFiles:  []*os.File{os.NewFile(orderFD, "order"), os.NewFile(noticeFD, "notices")},
		SysProcAttr: &syscall.SysProcAttr{Setsid: true},
	}
	if err := cmd.Start(); err != nil {
		return 1
	}
	return 0
}

// keep is the keeper.
func keep(kinds map[string]Kind) int {
	closeOnExec(3)
	syscall.Umask(0o077)
	_ = os.Chdir("/") // so that no file system is kept busy
	// Caught rather than ignored: programs that the thing starts would inherit that, and C-c would do nothing in them.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGPIPE)
	in, out := os.NewFile(orderFD, "order"), os.NewFile(noticeFD, "notices")
	defer out.Close()
	text, err := io.ReadAll(io.LimitReader(in, maxOrder))
	in.Close()
	var o order
	if err == nil {
		err = json.Unmarshal(text, &o)
	}
	open := kinds[o.Kind]
	if err != nil || o.V != Version || open == nil || !ValidID(o.Kind, o.ID) {
		_ = send(out, notice{Error: errorf("internal", "", "the keeper does not understand its order")})
		return 1
	}
	return newHolder(o).live(open, out)
}
