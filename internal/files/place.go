package files

import (
	"errors"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// place is a name in an open directory.
type place struct {
	own  *owned
	dir  int
	base string // "." for the root directory itself
	at   string // the directory's path, free of links when it was walked
}

func (p *place) close()       { unix.Close(p.dir) }
func (p *place) path() string { return path.Join(p.at, p.base) }

// maxLinks is how many links a path may lead over (SYMLOOP_MAX of Linux).
const maxLinks = 40

// maxPath bounds the bytes of a path; systems take 4096 or less at a time.
const maxPath = 16 << 10

// walk opens the directory that name is in. With follow a final link has been followed.
func (l *local) walk(name string, follow bool) (*place, error) {
	if name == "" || strings.ContainsRune(name, 0) {
		return nil, unix.EINVAL
	}
	if len(name) > maxPath {
		return nil, unix.ENAMETOOLONG
	}
	full, err := l.absolute(name)
	if err != nil {
		return nil, err
	}
	// A trailing slash asks for a directory, as in POSIX: then a final link is followed.
	follow = follow || strings.HasSuffix(full, "/")
	w := walker{own: l.owned(), rest: split(full)}
	if err := w.restart(); err != nil {
		return nil, err
	}
	p, err := w.run(follow)
	if err != nil {
		unix.Close(w.dir)
		return nil, err
	}
	return p, nil
}

// walker goes down a path.
type walker struct {
	own   *owned
	dir   int      // where it is
	at    []string // the way there
	rest  []string // the way to go
	links int
	// inside: one of the directories on the way is a root.
	inside bool
}

// restart goes to the root directory.
func (w *walker) restart() error {
	fd, err := unix.Open("/", openSearch, 0)
	if err != nil {
		return err
	}
	w.dir, w.at = fd, nil
	return w.entered()
}

func (w *walker) run(follow bool) (*place, error) {
	for {
		if len(w.rest) == 0 {
			return w.here()
		}
		next := w.rest[0]
		w.rest = w.rest[1:]
		if next == ".." {
			if err := w.up(); err != nil {
				return nil, err
			}
			continue
		}
		target, err := readLinkAt(w.dir, next)
		isLink := err == nil
		last := len(w.rest) == 0
		switch {
		case isLink && (!last || follow):
			if err := w.follow(target); err != nil {
				return nil, err
			}
		case last:
			return w.end(next)
		default:
			if err := w.enter(next); err != nil {
				return nil, err
			}
		}
	}
}

// enter goes one directory down. A family of private names (Bounds.Private) has directories too: the audit's tree holds its key.
func (w *walker) enter(name string) error {
	if err := (&place{own: w.own, dir: w.dir, base: name}).private(); err != nil {
		return err
	}
	fd, err := unix.Openat(w.dir, name, openSearch|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err // a link by now, too: somebody plays with us
	}
	unix.Close(w.dir)
	w.dir, w.at = fd, append(w.at, name)
	return w.entered()
}

// up goes to the parent by walking there again: ".." of a directory that was moved meanwhile is another.
func (w *walker) up() error {
	if len(w.at) == 0 {
		return nil
	}
	w.rest = append(append([]string{}, w.at[:len(w.at)-1]...), w.rest...)
	unix.Close(w.dir)
	return w.restart()
}

func (w *walker) follow(target string) error {
	if w.links++; w.links > maxLinks {
		return unix.ELOOP
	}
	w.rest = append(split(target), w.rest...)
	if !path.IsAbs(target) {
		return nil
	}
	unix.Close(w.dir)
	return w.restart()
}

// entered judges the directory that the walk is in.
func (w *walker) entered() error {
	if len(w.at) == 0 {
		w.inside = len(w.own.roots) == 0
	}
	var here unix.Stat_t
	if err := unix.Fstat(w.dir, &here); err != nil {
		return err
	}
	at := idOf(&here)
	w.inside = w.inside || slices.Contains(w.own.roots, at)
	if slices.Contains(w.own.private, at) {
		return errPrivate // what lies in it is looked at when the walk ends
	}
	return nil
}

// end is a name in the directory of the walk.
func (w *walker) end(base string) (*place, error) {
	p := &place{own: w.own, dir: w.dir, base: base, at: "/" + strings.Join(w.at, "/")}
	if err := p.private(); err != nil {
		return nil, err
	}
	if ownMemory(w.at, base) {
		return nil, errPrivate
	}
	if !w.inside && !p.isRoot() {
		return nil, errOutside
	}
	return p, nil
}

// ownMemory reports whether a path is this process's own memory, or the environment that it was started with.
func ownMemory(at []string, base string) bool {
	return len(at) >= 2 && at[0] == "proc" && at[1] == strconv.Itoa(os.Getpid()) && (base == "mem" || base == "environ")
}

// here is the directory of the walk itself.
func (w *walker) here() (*place, error) {
	if !w.inside {
		return nil, errOutside
	}
	return &place{own: w.own, dir: w.dir, base: ".", at: "/" + strings.Join(w.at, "/")}, nil
}

var (
	errOutside = &Error{Op: "resolve", Code: "permission_denied", Message: "outside of what file tools may touch on this machine (RELAY_SHELL_LOCAL_ROOTS)",
		Hint: "use a path beneath one of the roots that server_info names; only the operator can change them"}
	errPrivate = &Error{Op: "resolve", Code: "permission_denied", Message: "it belongs to relay-shell itself (state, keys, sockets, audit, policy), which no file tool touches",
		Hint: "audit_tail, output_read and session_recv show what is meant to be read"}
	errCrowded = &Error{Op: "resolve", Code: "permission_denied", Message: "it has several names (hard links), and relay-shell's own directories hold too many files to tell whether one of them lies there",
		Hint: "only the operator can change that: fewer files in the state directory"}
)

// bounds reports whether an error is one of this machine's bounds.
func bounds(err error) bool {
	return errors.Is(err, errPrivate) || errors.Is(err, errOutside) || errors.Is(err, errCrowded)
}

// isRoot reports whether the place is a root: it may be looked at by its name in the directory above.
func (p *place) isRoot() bool {
	var here unix.Stat_t
	return unix.Fstatat(p.dir, p.base, &here, unix.AT_SYMLINK_NOFOLLOW) == nil && slices.Contains(p.own.roots, idOf(&here))
}

// private says why a place must not be touched: it is relay-shell's own, by identity, also by another way to it or as a hard link.
func (p *place) private() error {
	var here, dir unix.Stat_t
	if unix.Fstatat(p.dir, p.base, &here, unix.AT_SYMLINK_NOFOLLOW) == nil {
		if err := p.own.refuses(&here); err != nil {
			return err
		}
	}
	if len(p.own.families) == 0 || unix.Fstat(p.dir, &dir) != nil {
		return nil
	}
	if slices.ContainsFunc(p.own.families, func(f family) bool { return f.has(idOf(&dir), p.base) }) {
		return errPrivate
	}
	return nil
}

func (p *place) stat() (Info, error) {
	var st unix.Stat_t
	if err := unix.Fstatat(p.dir, p.base, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return Info{}, err
	}
	return infoOf(path.Base(p.path()), &st), nil
}

func (p *place) readLink() (string, error) { return readLinkAt(p.dir, p.base) }

// open never follows a link: the walk has.
func (p *place) open(flags int, mode uint32) (int, error) {
	for {
		fd, err := unix.Openat(p.dir, p.base, flags|unix.O_NOFOLLOW|unix.O_CLOEXEC, mode)
		if !errors.Is(err, unix.EINTR) {
			return fd, err
		}
	}
}

func readLinkAt(dir int, name string) (string, error) {
	for size := 256; ; size *= 4 {
		buf := make([]byte, size)
		n, err := unix.Readlinkat(dir, name, buf)
		if err != nil {
			return "", err
		}
		if n < size {
			return string(buf[:n]), nil
		}
	}
}

// split is a path's names without "." and empty ones.
func split(name string) []string {
	var parts []string
	for _, part := range strings.Split(name, "/") {
		if part != "" && part != "." {
			parts = append(parts, part)
		}
	}
	return parts
}
