package tools

import (
	"bufio"
	"context"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"relay-shell/internal/files"
	"relay-shell/internal/target"
)

// accounts are the names of users and groups of a target, from its passwd(5) and group(5). Those that it knows from elsewhere, such
// as a directory service, have none here.
type accounts struct {
	users, groups map[int]string
	read          time.Time
}

// ownerCache keeps the names of targets for a while.
type ownerCache struct {
	mu       sync.Mutex
	byTarget map[string]*accounts
}

const (
	// ownersKept is how long names are used before they are read again.
	ownersKept = 5 * time.Minute
	// maxAccounts is how much of each file is read, in bytes.
	maxAccounts = 1 << 20
)

// accounts are the target's; those of one that shows none are numbers.
func (c *fileCall) accounts(ctx context.Context) *accounts {
	key := ""
	if opener, ok := c.run.Target().(target.Opener); ok {
		key = opener.Identity()
	}
	cache := &c.d.owners
	cache.mu.Lock()
	known := cache.byTarget[key]
	cache.mu.Unlock()
	if known != nil && time.Since(known.read) < ownersKept {
		return known
	}
	fsys := c.fs
	if fsys.Local() {
		fsys = files.Local(files.Bounds{}) // names are no file of anybody's: LOCAL_ROOTS are about others
	}
	a := &accounts{read: time.Now(), users: accountNames(ctx, fsys, "/etc/passwd"), groups: accountNames(ctx, fsys, "/etc/group")}
	cache.mu.Lock()
	defer cache.mu.Unlock()
	if cache.byTarget == nil || len(cache.byTarget) > 1024 {
		cache.byTarget = map[string]*accounts{}
	}
	cache.byTarget[key] = a
	return a
}

// accountNames reads lines of name:password:id:…
func accountNames(ctx context.Context, fsys files.FS, path string) map[int]string {
	f, err := fsys.Open(ctx, path)
	if err != nil {
		return nil
	}
	defer f.Close()
	names := map[int]string{}
	lines := bufio.NewScanner(io.LimitReader(f, maxAccounts))
	for lines.Scan() {
		fields := strings.SplitN(lines.Text(), ":", 4)
		if len(fields) < 3 || fields[0] == "" || strings.HasPrefix(fields[0], "+") || strings.HasPrefix(fields[0], "-") {
			continue
		}
		id, err := strconv.Atoi(fields[2])
		if _, taken := names[id]; err == nil && !taken {
			names[id] = fields[0]
		}
	}
	return names
}

// of is user:group.
func (a *accounts) of(info files.Info) string {
	name := func(id int, names map[int]string) string {
		if n, known := names[id]; known {
			return files.Escape(n)
		}
		if id < 0 {
			return "?"
		}
		return strconv.Itoa(id)
	}
	return name(info.UID, a.users) + ":" + name(info.GID, a.groups)
}
