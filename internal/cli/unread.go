package cli

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"sync/atomic"
	"syscall"
)

// errUnread ends a command line whose output nobody reads any more (relay-shell … | head): without a word, and with the status that a shell shows
// for a program that SIGPIPE ended.
var errUnread = &statusError{128 + int(syscall.SIGPIPE), nil}

// unread tells whether an error comes from writing to w, which nobody reads any more.
func unread(err error, w io.Writer) bool {
	f, is := w.(*os.File)
	var failed *fs.PathError
	return is && errors.As(err, &failed) && failed.Path == f.Name() && errors.Is(failed.Err, syscall.EPIPE)
}

// outlet passes on what a command prints and ends the command when nobody reads it any more, as SIGPIPE ends ssh.
type outlet struct {
	io.Writer
	end    context.CancelFunc
	unread atomic.Bool
}

func (o *outlet) Write(p []byte) (int, error) {
	n, err := o.Writer.Write(p)
	if unread(err, o.Writer) {
		o.unread.Store(true)
		o.end()
	}
	return n, err
}
