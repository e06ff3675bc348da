package files

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// infoOf describes a file.
func infoOf(name string, st *unix.Stat_t) Info {
	return Info{
		Name: name, Size: st.Size, Mode: goMode(uint32(st.Mode)), UID: int(st.Uid), GID: int(st.Gid),
		ModTime: time.Unix(st.Mtim.Unix()), AccessTime: time.Unix(st.Atim.Unix()),
	}
}

// goMode and unixMode translate between the two forms of a mode. The numbers of POSIX systems and of SFTP are the same.
func goMode(m uint32) fs.FileMode {
	mode := fs.FileMode(m & 0o777)
	switch m & 0o170000 {
	case 0o040000:
		mode |= fs.ModeDir
	case 0o120000:
		mode |= fs.ModeSymlink
	case 0o010000:
		mode |= fs.ModeNamedPipe
	case 0o140000:
		mode |= fs.ModeSocket
	case 0o060000:
		mode |= fs.ModeDevice
	case 0o020000:
		mode |= fs.ModeDevice | fs.ModeCharDevice
	}
	for bit, flag := range map[uint32]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
		if m&bit != 0 {
			mode |= flag
		}
	}
	return mode
}

func unixMode(mode fs.FileMode) uint32 {
	m := uint32(mode.Perm())
	if mode&fs.ModeSetuid != 0 {
		m |= 0o4000
	}
	if mode&fs.ModeSetgid != 0 {
		m |= 0o2000
	}
	if mode&fs.ModeSticky != 0 {
		m |= 0o1000
	}
	return m
}

// kinds are what a file can be besides a regular one. A character device has the bit of a device, too.
var kinds = []struct {
	bit         fs.FileMode
	name, words string
}{
	{fs.ModeDir, "dir", "a directory"}, {fs.ModeSymlink, "link", "a link"}, {fs.ModeNamedPipe, "pipe", "a named pipe"}, {fs.ModeSocket, "socket", "a socket"},
	{fs.ModeCharDevice, "char", "a device"}, {fs.ModeDevice, "block", "a device"},
}

// Kind is what a file is, in a word and in words: "dir", "a directory".
func Kind(mode fs.FileMode) (name, words string) {
	for _, k := range kinds {
		if mode&k.bit != 0 {
			return k.name, k.words
		}
	}
	if !mode.IsRegular() {
		return "file", "something special"
	}
	return "file", "a file"
}

// Permissions are the bits of a mode that chmod(2) sets: setuid, setgid and sticky, too.
func Permissions(mode fs.FileMode) fs.FileMode {
	return mode & (fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky)
}

// Octal is a mode as chmod(1) takes it.
func Octal(mode fs.FileMode) string { return fmt.Sprintf("%04o", unixMode(mode)) }

// ParseOctal reads a mode as chmod(1) takes it.
func ParseOctal(text string) (mode fs.FileMode, ok bool) {
	n, err := strconv.ParseUint(strings.TrimPrefix(text, "0o"), 8, 32)
	if err != nil || n > 0o7777 {
		return 0, false
	}
	return goMode(uint32(n)), true
}
