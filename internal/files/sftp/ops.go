package sftp

import (
	"context"
	"time"
)

// Handle is an open file or directory of the server.
type Handle struct {
	c  *Client
	id string
}

// Flags of Open.
const (
	Read      = 0x01
	Write     = 0x02
	Append    = 0x04
	Create    = 0x08
	Truncate  = 0x10
	Exclusive = 0x20
)

// Open opens a file. mode is that of a new one.
func (c *Client) Open(ctx context.Context, path string, flags, mode uint32) (*Handle, error) {
	a := Attrs{}
	if flags&Create != 0 {
		a = Attrs{Flags: HasMode, Mode: mode & 0o7777}
	}
	created := ""
	if flags&Create != 0 && flags&Exclusive != 0 {
		created = path
	}
	return c.handle(ctx, newPacket(typeOpen, len(path)+32).string(path).uint32(flags).attrs(&a), created)
}

// handle asks for a handle. When it comes too late, created, if set, is removed again: nobody knows of the file.
func (c *Client) handle(ctx context.Context, p packet, created string) (*Handle, error) {
	k, err := c.send(ctx, p, nil)
	if err != nil {
		return nil, err
	}
	over := make(chan struct{})
	a, err := k.wait(ctx, func(a response) {
		defer close(over)
		if h, err := c.handleOf(a); err == nil { // nobody wants it any more
			_ = h.Close(context.Background())
			if created != "" {
				_ = c.Remove(context.Background(), created)
			}
		}
	})
	if err == nil {
		return c.handleOf(a)
	}
	if created != "" {
		// The caller is to find the directory as it was, not to see the file come and go after this.
		select {
		case <-over:
		case <-c.dead:
		case <-time.After(lateGrace):
		}
	}
	return nil, err
}

// lateGrace is how long a file that the server makes after its caller has given up is waited for, to be removed.
const lateGrace = 3 * time.Second

func (c *Client) handleOf(a response) (*Handle, error) {
	f, err := a.want(typeHandle)
	if err != nil {
		return nil, err
	}
	h := &Handle{c: c, id: f.string()}
	if f.bad || len(h.id) > 256 {
		return nil, &ProtocolError{What: "no handle"}
	}
	return h, nil
}

// Close closes the handle. A server may tell here that something could not be written.
func (h *Handle) Close(ctx context.Context) error {
	return h.c.simple(ctx, newPacket(typeClose, 64).string(h.id))
}

func (c *Client) simple(ctx context.Context, p packet) error {
	a, err := c.do(ctx, p)
	if err != nil {
		return err
	}
	return a.status()
}

// Stat follows a final link, Lstat does not.
func (c *Client) Stat(ctx context.Context, path string) (Attrs, error) {
	return c.attrs(ctx, newPacket(typeStat, len(path)+4).string(path))
}

// Lstat does not follow a final link.
func (c *Client) Lstat(ctx context.Context, path string) (Attrs, error) {
	return c.attrs(ctx, newPacket(typeLstat, len(path)+4).string(path))
}

// Stat gives the attributes of the open file.
func (h *Handle) Stat(ctx context.Context) (Attrs, error) {
	return h.c.attrs(ctx, newPacket(typeFstat, 64).string(h.id))
}

func (c *Client) attrs(ctx context.Context, p packet) (Attrs, error) {
	a, err := c.do(ctx, p)
	if err != nil {
		return Attrs{}, err
	}
	f, err := a.want(typeAttrs)
	if err != nil {
		return Attrs{}, err
	}
	attrs := f.attrs()
	if f.bad {
		return Attrs{}, errShort
	}
	return attrs, nil
}

// Setstat changes what the flags of a name, and follows a final link.
func (c *Client) Setstat(ctx context.Context, path string, a Attrs) error {
	return c.simple(ctx, newPacket(typeSetstat, len(path)+40).string(path).attrs(&a))
}

// Setstat changes what the flags of a name.
func (h *Handle) Setstat(ctx context.Context, a Attrs) error {
	return h.c.simple(ctx, newPacket(typeFsetstat, 96).string(h.id).attrs(&a))
}

// Opendir opens a directory for Readdir.
func (c *Client) Opendir(ctx context.Context, path string) (*Handle, error) {
	return c.handle(ctx, newPacket(typeOpendir, len(path)+4).string(path), "")
}

// Readdir gives the next entries, a StatusError of StatusEOF at the end.
func (h *Handle) Readdir(ctx context.Context) ([]Name, error) {
	a, err := h.c.do(ctx, newPacket(typeReaddir, 64).string(h.id))
	if err != nil {
		return nil, err
	}
	return a.names()
}

func (a response) names() ([]Name, error) {
	f, err := a.want(typeName)
	if err != nil {
		return nil, err
	}
	n := f.uint32()
	var names []Name
	for ; n > 0 && !f.bad; n-- {
		name := Name{Name: f.string()}
		f.bytes() // the long form, for people
		name.Attrs = f.attrs()
		names = append(names, name)
	}
	if f.bad {
		return nil, errShort
	}
	return names, nil
}

func (c *Client) oneName(ctx context.Context, p packet) (string, error) {
	a, err := c.do(ctx, p)
	if err != nil {
		return "", err
	}
	names, err := a.names()
	if err != nil {
		return "", err
	}
	if len(names) != 1 {
		return "", &ProtocolError{What: "not one name"}
	}
	return names[0].Name, nil
}

// Realpath makes a path absolute and free of links, as far as the server does so.
func (c *Client) Realpath(ctx context.Context, path string) (string, error) {
	return c.oneName(ctx, newPacket(typeRealpath, len(path)+4).string(path))
}

// Readlink gives what a link says.
func (c *Client) Readlink(ctx context.Context, path string) (string, error) {
	return c.oneName(ctx, newPacket(typeReadlink, len(path)+4).string(path))
}

// Remove removes anything but a directory.
func (c *Client) Remove(ctx context.Context, path string) error {
	return c.simple(ctx, newPacket(typeRemove, len(path)+4).string(path))
}

// Mkdir makes a directory.
func (c *Client) Mkdir(ctx context.Context, path string, mode uint32) error {
	return c.simple(ctx, newPacket(typeMkdir, len(path)+12).string(path).attrs(&Attrs{Flags: HasMode, Mode: mode & 0o7777}))
}

// Rmdir removes an empty directory.
func (c *Client) Rmdir(ctx context.Context, path string) error {
	return c.simple(ctx, newPacket(typeRmdir, len(path)+4).string(path))
}

// Rename renames a file where there is none of the new name: what the protocol's own request means, and OpenSSH does.
func (c *Client) Rename(ctx context.Context, from, to string) error {
	return c.simple(ctx, newPacket(typeRename, len(from)+len(to)+8).string(from).string(to))
}

// Symlink makes path a link to target. The order is that of OpenSSH, which everybody has by now, not that of the draft.
func (c *Client) Symlink(ctx context.Context, target, path string) error {
	return c.simple(ctx, newPacket(typeSymlink, len(target)+len(path)+8).string(target).string(path))
}
