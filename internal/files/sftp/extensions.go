package sftp

import "context"

// Names of OpenSSH's extensions (PROTOCOL, section 4).
const (
	PosixRename = "posix-rename@openssh.com"
	Hardlink    = "hardlink@openssh.com"
	Fsync       = "fsync@openssh.com"
	Lsetstat    = "lsetstat@openssh.com"
	Statvfs     = "statvfs@openssh.com"
	Limits      = "limits@openssh.com"
)

func (c *Client) extended(name string, room int) (packet, error) {
	if !c.Has(name) {
		return nil, &StatusError{Status: StatusUnsupported, Message: name}
	}
	return newPacket(typeExtended, room+len(name)+4).string(name), nil
}

// PosixRename puts from in the place of to.
func (c *Client) PosixRename(ctx context.Context, from, to string) error {
	p, err := c.extended(PosixRename, len(from)+len(to)+8)
	if err != nil {
		return err
	}
	return c.simple(ctx, p.string(from).string(to))
}

// Link makes path a second name of a file.
func (c *Client) Link(ctx context.Context, file, path string) error {
	p, err := c.extended(Hardlink, len(file)+len(path)+8)
	if err != nil {
		return err
	}
	return c.simple(ctx, p.string(file).string(path))
}

// Sync has the file on disk.
func (h *Handle) Sync(ctx context.Context) error {
	p, err := h.c.extended(Fsync, 64)
	if err != nil {
		return err
	}
	return h.c.simple(ctx, p.string(h.id))
}

// Lsetstat changes attributes of a link itself.
func (c *Client) Lsetstat(ctx context.Context, path string, a Attrs) error {
	p, err := c.extended(Lsetstat, len(path)+40)
	if err != nil {
		return err
	}
	return c.simple(ctx, p.string(path).attrs(&a))
}

// Space is what is left of the file system that path is on, in bytes, for an account without privileges.
func (c *Client) Space(ctx context.Context, path string) (uint64, error) {
	p, err := c.extended(Statvfs, len(path)+4)
	if err != nil {
		return 0, err
	}
	a, err := c.do(ctx, p.string(path))
	if err != nil {
		return 0, err
	}
	f, err := a.want(typeReply)
	if err != nil {
		return 0, err
	}
	f.uint64() // block size
	fragment := f.uint64()
	f.uint64() // blocks
	f.uint64() // free
	available := f.uint64()
	if f.bad {
		return 0, errShort
	}
	return fragment * available, nil
}

// Sizes in bytes of what one request may move. Every server takes 32 KiB (section 3 of the draft); OpenSSH says 255 KiB.
const (
	leastSize = 32 << 10
	mostSize  = 255 << 10
)

func (c *Client) askLimits(ctx context.Context) {
	c.maxRead, c.maxWrite = leastSize, leastSize
	p, err := c.extended(Limits, 0)
	if err != nil {
		return
	}
	a, err := c.do(ctx, p)
	if err != nil {
		return
	}
	f, err := a.want(typeReply)
	if err != nil {
		return
	}
	f.uint64() // packet
	read, write := f.uint64(), f.uint64()
	if f.bad {
		return
	}
	c.maxRead, c.maxWrite = sizeWithin(read), sizeWithin(write)
}

// sizeWithin is what we use of what a server offers; 0 is no bound.
func sizeWithin(offered uint64) int {
	if offered == 0 || offered > mostSize {
		return mostSize
	}
	return max(int(offered), 1024)
}
