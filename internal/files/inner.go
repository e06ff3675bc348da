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
}

// clockStep is more than the clock that file systems read may be behind (a tick of the kernel).
const clockStep = 20 * time.Millisecond

// maxInner bounds what is looked at.
const maxInner = 200_000

// holds reports whether a file lies in a private directory. What was looked up last counts unless the file may have come there, or have been given a further
// name, since: both change its own time of change. For a refusal it is looked up again, since the numbers of files that are gone are given to others.
func (n *inner) holds(o *owned, st *unix.Stat_t) bool {
	if len(o.names) == 0 {
		return false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ids == nil {
		n.look(o)
		return n.ids[idOf(st)]
	}
	// Directories change all the time, have one name, and what lies in them is looked at by itself.
	old := uint32(st.Mode)&unix.S_IFMT == unix.S_IFDIR || time.Unix(st.Ctim.Unix()).Before(n.at.Add(-clockStep))
	if !n.devs[uint64(st.Dev)] || old && !n.ids[idOf(st)] {
		return false
	}
	n.look(o)
	return n.ids[idOf(st)]
}

// look looks it all up.
func (n *inner) look(o *owned) {
	n.at, n.ids, n.devs = time.Now(), map[id]bool{}, map[uint64]bool{}
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
	names, _ := d.Readdirnames(maxInner)
	for _, base := range names {
		var st unix.Stat_t
		if !strings.HasPrefix(base, stem) || len(n.ids) >= maxInner || unix.Fstatat(fd, base, &st, unix.AT_SYMLINK_NOFOLLOW) != nil {
			continue
		}
		n.ids[idOf(&st)] = true
		if uint32(st.Mode)&unix.S_IFMT == unix.S_IFDIR {
			n.beneath(fd, base, unix.O_NOFOLLOW, "")
		}
	}
}
