package files

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// keepAttributes gives an open file the extended attributes of another one, access list and label among them, if it may. lost are the names of the others,
// links is how many names that file has.
func (l *local) keepAttributes(ctx context.Context, old string, fresh *localFile, may bool) (lost []string, links int) {
	_ = l.at(ctx, "look at", old, false, func(p *place) error { // a file that has gone meanwhile has nothing to keep
		fd, err := p.open(unix.O_PATH, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		var st unix.Stat_t
		if unix.Fstat(fd, &st) == nil {
			links = int(st.Nlink)
		}
		at := "/proc/self/fd/" + strconv.Itoa(fd)
		names := attributeNames(at)
		if !may || !slices.Contains(names, accessListName) { // with what the directory gives to new files others could read it than could read the old one
			_ = unix.Fremovexattr(int(fresh.Fd()), accessListName)
		}
		for _, name := range names {
			value, err := attributeOf(at, name)
			if err == nil && may {
				err = unix.Fsetxattr(int(fresh.Fd()), name, value, 0)
			}
			if err != nil || !may {
				lost = append(lost, name)
			}
		}
		return nil
	})
	slices.Sort(lost)
	return lost, links
}

// accessListName is the attribute that holds an access list (acl(5)).
const accessListName = "system.posix_acl_access"

// maxAttributes bounds a list of names, and a value (XATTR_LIST_MAX and XATTR_SIZE_MAX of linux/limits.h).
const maxAttributes = 64 << 10

func attributeNames(at string) []string {
	b := make([]byte, maxAttributes)
	n, err := unix.Listxattr(at, b)
	if err != nil || n == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(b[:n]), "\x00"), "\x00")
}

func attributeOf(at, name string) ([]byte, error) {
	b := make([]byte, maxAttributes)
	n, err := unix.Getxattr(at, name, b)
	if err != nil {
		return nil, err
	}
	return b[:n], nil
}
