package keeper

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"sync"
	"syscall"
)

// maxRights is the most files that one request brings.
const maxRights = 8

// Taker is a thing that can be given open files.
type Taker interface {
	// Take answers a request that came with files, which are its own from then on, whatever it answers.
	Take(ctx context.Context, op string, args json.RawMessage, files []*os.File) (any, error)
}

// given hands the files of a request on.
func given(ctx context.Context, thing Thing, req request, files []*os.File) (any, error) {
	if t, ok := thing.(Taker); ok {
		return t.Take(ctx, req.Op, req.Args, files)
	}
	closeFiles(files)
	return nil, errorf("unsupported", "", "it takes no files")
}

// Give is [Keepers.Call] with open files (unix(7), SCM_RIGHTS), at most eight. The caller closes its own copies.
func (k *Keepers) Give(ctx context.Context, id, op string, args any, files []*os.File, result any) error {
	if !ValidID("", id) {
		return notFound(id)
	}
	c, _, err := k.dial(ctx, id)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := pass(c, files); err != nil {
		return errorf("internal", "", "passing files to %s: %v", id, err)
	}
	answer, err := newLink(c).exchange(ctx, op, args)
	return understood(ctx, id, answer, err, result)
}

// pass sends files with a blank line's byte, which no reader of messages minds.
func pass(c *net.UnixConn, files []*os.File) error {
	var fds []int
	var do func(int) error
	// The descriptors must stay open while they are sent, hence one Control in the other. Not Fd, which makes them blocking.
	do = func(i int) error {
		if i == len(files) {
			_, _, err := c.WriteMsgUnix([]byte(" "), syscall.UnixRights(fds...), nil)
			return err
		}
		raw, err := files[i].SyscallConn()
		if err != nil {
			return err
		}
		var inner error
		err = raw.Control(func(fd uintptr) {
			fds = append(fds, int(fd))
			inner = do(i + 1)
		})
		if err != nil {
			return err
		}
		return inner
	}
	return do(0)
}

// rightsReader reads a connection and keeps the files that come with its bytes until they are taken.
type rightsReader struct {
	conn *net.UnixConn // nil for connections that bring none
	raw  net.Conn

	mu    sync.Mutex
	files []*os.File
}

func newRightsReader(c net.Conn) *rightsReader {
	u, _ := c.(*net.UnixConn)
	return &rightsReader{conn: u, raw: c}
}

// Read reads bytes as any reader does.
func (r *rightsReader) Read(p []byte) (int, error) {
	if r.conn == nil {
		return r.raw.Read(p)
	}
	oob := make([]byte, syscall.CmsgSpace(4*maxRights))
	n, oobn, _, _, err := r.conn.ReadMsgUnix(p, oob)
	if oobn > 0 {
		r.collect(oob[:oobn])
	}
	return max(n, 0), err // of a connection that was reset it is -1
}

func (r *rightsReader) collect(oob []byte) {
	messages, err := syscall.ParseSocketControlMessage(oob)
	if err != nil {
		return
	}
	for i := range messages {
		fds, err := syscall.ParseUnixRights(&messages[i])
		if err != nil {
			continue
		}
		for _, fd := range fds {
			syscall.CloseOnExec(fd)
			_ = syscall.SetNonblock(fd, true) // so that reading it can be given up
			f := os.NewFile(uintptr(fd), "given")
			r.mu.Lock()
			if len(r.files) < maxRights {
				r.files, f = append(r.files, f), nil
			}
			r.mu.Unlock()
			if f != nil {
				f.Close()
			}
		}
	}
}

// take gives the files that have come so far.
func (r *rightsReader) take() []*os.File {
	r.mu.Lock()
	defer r.mu.Unlock()
	files := r.files
	r.files = nil
	return files
}

// drop closes what nobody took.
func (r *rightsReader) drop() { closeFiles(r.take()) }

func closeFiles(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}
