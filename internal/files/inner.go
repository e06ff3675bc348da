package files

import (
	"os"
	"path"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// inner is all that lies in the private directories, by identity. A file there may have further names elsewhere, by hard links or bind mounts, and the walk to
// such a name passes no private directory.
type inner struct {
	mu   sync.Mutex
	at   time.Time // when it was looked up last
	ids  map[id]bool
	devs map[uint64]bool
	most int  // 0: maxInner
	full bool // not all was looked at
}

// clockStep is more than the clock that file systems read may be behind (a tick of the kernel).
const clockStep = 20 * time.Millisecond

// maxInner bounds what is looked at. Past it nobody knows which files with several names have one in a private directory.
const maxInner = 200_000

// refuses says why a file must not be touched: it lies in a private directory, or may. What was looked up last counts unless the file may have come there, or have been given a further
// name, since: both change its own time of change. For a refusal it is looked up again, since the numbers of files that are gone are given to others.
func (n *inner) refuses(o *owned, st *unix.Stat_t) error {
	if len(o.names) == 0 {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ids == nil {
		n.look(o)
		return n.known(st)
	}
	// Directories change all the time, have one name, and what lies in them is looked at by itself.
	old := isDir(st) || time.Unix(st.Ctim.Unix()).Before(n.at.Add(-clockStep))
	if !n.devs[uint64(st.Dev)] || old && n.known(st) == nil {
		return nil
	}
	n.look(o)
	return n.known(st)
}

// known is what the last look says of a file.
func (n *inner) known(st *unix.Stat_t) error {
	switch {
	case n.ids[idOf(st)]:
		return errPrivate
	case n.full && !isDir(st) && st.Nlink > 1 && n.devs[uint64(st.Dev)]:
		return errCrowded
	}
	return nil
}

func isDir(st *unix.Stat_t) bool { return uint32(st.Mode)&unix.S_IFMT == unix.S_IFDIR }

func (n *inner) bound() int {
	if n.most > 0 {
		return n.most
	}
	return maxInner
}

// look looks it all up.
func (n *inner) look(o *owned) {
	n.at, n.ids, n.devs, n.full = time.Now(), map[id]bool{}, map[uint64]bool{}, false
	for _, name := range o.names {
		stem, many := strings.CutSuffix(name, "*")
		if !many {
			n.beneath(unix.AT_FDCWD, name, 0, "")
			continue
		}
		n.beneath(unix.AT_FDCWD, path.Dir(stem), 0, path.Base(stem))
	}
}

// beneath adds what a directory holds, of the first level only names that begin with stem. name may be a link, what lies below is not followed.
func (n *inner) beneath(dir int, name string, flags int, stem string) {
	fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC|flags, 0)
	if err != nil {
		return // it is no directory, or is gone
	}
	d := os.NewFile(uintptr(fd), name)
	defer d.Close()
	var here unix.Stat_t
	if unix.Fstat(fd, &here) == nil {
		n.devs[uint64(here.Dev)] = true
	}
	names, _ := d.Readdirnames(n.bound() + 1)
	n.full = n.full || len(names) > n.bound()
	for _, base := range names {
		var st unix.Stat_t
		if !strings.HasPrefix(base, stem) || unix.Fstatat(fd, base, &st, unix.AT_SYMLINK_NOFOLLOW) != nil {
			continue
		}
		if len(n.ids) >= n.bound() && !n.ids[idOf(&st)] {
			n.full = true
			return
		}
		n.ids[idOf(&st)] = true
		if isDir(&st) {
			n.beneath(fd, base, unix.O_NOFOLLOW, "")
		}
	}
}
