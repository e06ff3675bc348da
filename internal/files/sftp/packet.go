package sftp

import (
	"encoding/binary"
	"errors"
)

// Packet types of draft-ietf-secsh-filexfer-02, section 3.
const (
	typeInit     = 1
	typeVersion  = 2
	typeOpen     = 3
	typeClose    = 4
	typeRead     = 5
	typeWrite    = 6
	typeLstat    = 7
	typeFstat    = 8
	typeSetstat  = 9
	typeFsetstat = 10
	typeOpendir  = 11
	typeReaddir  = 12
	typeRemove   = 13
	typeMkdir    = 14
	typeRmdir    = 15
	typeRealpath = 16
	typeStat     = 17
	typeRename   = 18
	typeReadlink = 19
	typeSymlink  = 20
	typeStatus   = 101
	typeHandle   = 102
	typeData     = 103
	typeName     = 104
	typeAttrs    = 105
	typeExtended = 200
	typeReply    = 201
)

// maxPacket bounds what a server may send at once: more than OpenSSH's does (SFTP_MAX_MSG_LENGTH, 256 KiB, in sftp-common.h).
const maxPacket = 1 << 20

// errShort says that a packet ended before what it should hold.
var errShort = errors.New("a packet of the server is too short")

// packet is one being written: length, type, id and fields.
type packet []byte

// headerSize is a packet's length and type and the request's id.
const headerSize = 4 + 1 + 4

func newPacket(kind byte, room int) packet {
	p := make(packet, headerSize, headerSize+room)
	p[4] = kind
	return p
}

func (p packet) uint32(v uint32) packet { return binary.BigEndian.AppendUint32(p, v) }
func (p packet) uint64(v uint64) packet { return binary.BigEndian.AppendUint64(p, v) }

func (p packet) string(s string) packet { return append(p.uint32(uint32(len(s))), s...) }

func (p packet) attrs(a *Attrs) packet {
	p = p.uint32(a.Flags)
	if a.Flags&HasSize != 0 {
		p = p.uint64(a.Size)
	}
	if a.Flags&HasOwner != 0 {
		p = p.uint32(a.UID).uint32(a.GID)
	}
	if a.Flags&HasMode != 0 {
		p = p.uint32(a.Mode)
	}
	if a.Flags&HasTimes != 0 {
		p = p.uint32(a.Accessed).uint32(a.Modified)
	}
	return p
}

// seal fills in length and id. The length is that of the packet, and of more bytes that follow it.
func (p packet) seal(id uint32, more int) {
	binary.BigEndian.PutUint32(p, uint32(len(p)-4+more))
	binary.BigEndian.PutUint32(p[5:], id)
}

// fields are what is left of a packet being read. After a field that is not there, all are zero and bad is set.
type fields struct {
	rest []byte
	bad  bool
}

func (f *fields) take(n int) []byte {
	if f.bad || n < 0 || n > len(f.rest) {
		f.bad = true
		return nil
	}
	b := f.rest[:n]
	f.rest = f.rest[n:]
	return b
}

func (f *fields) uint32() uint32 {
	if b := f.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (f *fields) uint64() uint64 {
	if b := f.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

func (f *fields) bytes() []byte {
	n := f.uint32()
	if f.bad || n > uint32(len(f.rest)) {
		f.bad = true
		return nil
	}
	return f.take(int(n))
}

func (f *fields) string() string { return string(f.bytes()) }

func (f *fields) attrs() Attrs {
	a := Attrs{Flags: f.uint32()}
	if a.Flags&HasSize != 0 {
		a.Size = f.uint64()
	}
	if a.Flags&HasOwner != 0 {
		a.UID, a.GID = f.uint32(), f.uint32()
	}
	if a.Flags&HasMode != 0 {
		a.Mode = f.uint32()
	}
	if a.Flags&HasTimes != 0 {
		a.Accessed, a.Modified = f.uint32(), f.uint32()
	}
	if a.Flags&hasExtended != 0 {
		for n := f.uint32(); n > 0 && !f.bad; n-- {
			f.bytes()
			f.bytes()
		}
	}
	return a
}

// Flags say which of the attributes are there.
const (
	HasSize     = 0x00000001
	HasOwner    = 0x00000002
	HasMode     = 0x00000004
	HasTimes    = 0x00000008
	hasExtended = 0x80000000
)

// Attrs are a file's attributes; which of them count is in Flags.
type Attrs struct {
	Flags    uint32
	Size     uint64
	UID, GID uint32
	// Mode has the type and the permissions, as st_mode does.
	Mode uint32
	// Accessed and Modified are Unix seconds.
	Accessed, Modified uint32
}

// Name is one entry of a directory.
type Name struct {
	Name  string
	Attrs Attrs
}
