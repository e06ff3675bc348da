package localexec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"syscall"
)

// kind is what a message between a server and its supervisor says.
type kind byte

const (
	// From the server.
	msgStart  kind = iota + 1 // arguments: see startMessage; with the command's files
	msgEnd                    // end the tree
	msgForget                 // nobody asks about the command any more
	msgDetach                 // with the file that gets the status line
	// From the supervisor.
	msgStarted  // pid
	msgFailed   // errno
	msgExited   // code, signal
	msgEnded    // descriptions of survivors
	msgDetached // nothing, or a reason why not
)

// message is about one command. On the socket it is the length of the rest (uint32), the kind, the command's number and
// the arguments, each with its length; files come with its first byte.
type message struct {
	kind  kind
	seq   uint32
	args  []string
	files []*os.File
}

const (
	headerSize = 9
	// maxBody bounds a message in bytes. The kernel takes at most 6 MiB of arguments and environment (execve(2)).
	maxBody = 8 << 20
	// maxFiles is the most files a message brings: three streams and a long script.
	maxFiles = 4
)

var errTooLarge = fmt.Errorf("arguments and environment: %w", syscall.E2BIG)

// link is one end of the socket between a server and its supervisor.
type link struct {
	conn *net.UnixConn
	mu   sync.Mutex // one message at a time is written
}

// newLink takes over a file that is a connected unix stream socket.
func newLink(f *os.File) (*link, error) {
	defer f.Close()
	c, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	conn, ok := c.(*net.UnixConn)
	if !ok {
		c.Close()
		return nil, errors.New("not a unix socket")
	}
	return &link{conn: conn}, nil
}

func (l *link) send(m message) error {
	frame := m.encode()
	if len(frame)-headerSize > maxBody {
		return errTooLarge
	}
	var rights []byte
	if len(m.files) > 0 {
		fds := make([]int, len(m.files))
		for i, f := range m.files {
			fds[i] = int(f.Fd()) // also makes it blocking, which is what programs expect of their streams
		}
		rights = syscall.UnixRights(fds...)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	// The header goes alone: it is small enough never to be split, and the files belong to its first byte.
	if _, _, err := l.conn.WriteMsgUnix(frame[:headerSize], rights, nil); err != nil {
		return err
	}
	if len(frame) == headerSize {
		return nil
	}
	_, err := l.conn.Write(frame[headerSize:])
	return err
}

// receive reads one message. The files are the caller's to close.
func (l *link) receive() (m message, err error) {
	header := make([]byte, headerSize)
	oob := make([]byte, syscall.CmsgSpace(4*maxFiles))
	n, oobn, _, _, err := l.conn.ReadMsgUnix(header, oob)
	if err == nil && n == 0 {
		err = io.EOF
	}
	if err != nil {
		return m, err
	}
	if m.files, err = receivedFiles(oob[:oobn]); err != nil {
		return m, err
	}
	defer func() {
		if err != nil {
			closeAll(m.files)
		}
	}()
	if _, err := io.ReadFull(l.conn, header[n:]); err != nil {
		return m, err
	}
	size := binary.BigEndian.Uint32(header)
	if size > maxBody {
		return m, errTooLarge
	}
	m.kind, m.seq = kind(header[4]), binary.BigEndian.Uint32(header[5:])
	body := make([]byte, size)
	if _, err := io.ReadFull(l.conn, body); err != nil {
		return m, err
	}
	m.args, err = decodeArgs(body)
	return m, err
}

func receivedFiles(oob []byte) (files []*os.File, err error) {
	if len(oob) == 0 {
		return nil, nil
	}
	controls, err := syscall.ParseSocketControlMessage(oob)
	if err != nil {
		return nil, err
	}
	for _, c := range controls {
		fds, err := syscall.ParseUnixRights(&c)
		if err != nil {
			return files, err
		}
		for _, fd := range fds {
			files = append(files, os.NewFile(uintptr(fd), "received"))
		}
	}
	return files, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}

func (m message) encode() []byte {
	size := headerSize
	for _, a := range m.args {
		size += 4 + len(a)
	}
	b := make([]byte, headerSize, size)
	binary.BigEndian.PutUint32(b, uint32(size-headerSize))
	b[4] = byte(m.kind)
	binary.BigEndian.PutUint32(b[5:], m.seq)
	for _, a := range m.args {
		b = binary.BigEndian.AppendUint32(b, uint32(len(a)))
		b = append(b, a...)
	}
	return b
}

var errMalformed = errors.New("malformed message")

func decodeArgs(b []byte) (args []string, err error) {
	for len(b) > 0 {
		if len(b) < 4 {
			return nil, errMalformed
		}
		n := binary.BigEndian.Uint32(b)
		if b = b[4:]; uint64(n) > uint64(len(b)) {
			return nil, errMalformed
		}
		args = append(args, string(b[:n]))
		b = b[n:]
	}
	return args, nil
}

// number reads an argument that is a number.
func (m message) number(i int) int {
	if i >= len(m.args) {
		return 0
	}
	n, _ := strconv.Atoi(m.args[i]) // both ends are the same program
	return n
}

// startMessage asks for a command.
func startMessage(s spec) message {
	tty := ""
	if s.tty {
		tty = "tty"
	}
	args := []string{s.id, s.program, s.dir, tty, strconv.Itoa(len(s.argv))}
	return message{kind: msgStart, args: append(append(args, s.argv...), s.env...), files: s.files}
}

// startSpec is what a start message asks for.
func (m message) startSpec() (spec, error) {
	const fixed = 5
	if len(m.args) < fixed || len(m.files) < 3 {
		return spec{}, errMalformed
	}
	argc, rest := m.number(4), m.args[fixed:]
	if argc < 1 || argc > len(rest) {
		return spec{}, errMalformed
	}
	return spec{id: m.args[0], program: m.args[1], dir: m.args[2], tty: m.args[3] != "", argv: rest[:argc], env: rest[argc:], files: m.files}, nil
}
