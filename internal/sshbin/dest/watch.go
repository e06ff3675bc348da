package dest

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A watch notices that the files behind an answer of `ssh -G` have changed: any of the files, or what the patterns of
// Include match. It costs one stat a file and one glob a pattern.
type watch struct {
	files    []string
	patterns []string
}

// signature is equal for two moments between which nothing changed. newest is the latest change that it saw.
func (w watch) signature() (sig string, newest time.Time) {
	var b strings.Builder
	for _, path := range w.files {
		newest = later(newest, addFile(&b, path))
	}
	for _, pattern := range w.patterns {
		matches, _ := filepath.Glob(pattern) // a malformed pattern matches nothing for ssh, too
		for _, path := range matches {
			newest = later(newest, addFile(&b, path))
		}
		b.WriteByte('\n')
	}
	return b.String(), newest
}

// addFile writes what identifies the content of path, after symbolic links, and returns when it last changed.
func addFile(b *strings.Builder, path string) time.Time {
	var st syscall.Stat_t
	if err := syscall.Stat(path, &st); err != nil {
		fmt.Fprintf(b, "%s: %v\n", path, err)
		return time.Time{}
	}
	changed := changeTime(&st)
	fmt.Fprintf(b, "%s %d %d %d %d %d\n", path, st.Dev, st.Ino, st.Size, modTime(&st).UnixNano(), changed.UnixNano())
	return changed
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// watchFor lists what an answer depends on: what ssh read, what Include patterns may come to match, and the files
// that ssh would read if they existed.
func (r *Resolver) watchFor(resolved *Resolved) watch {
	w := watch{files: slices.Clone(resolved.Files)}
	for _, hop := range resolved.Jump {
		w.add(hop.Resolved.Files...)
	}
	home, err := homeDir()
	if err != nil {
		return w
	}
	user := filepath.Join(home, ".ssh")
	if r.opt.ConfigFile == "" {
		w.add(filepath.Join(user, "config"), "/etc/ssh/ssh_config")
	}
	for _, path := range w.files {
		base := user
		if r.opt.ConfigFile == "" && strings.HasPrefix(path, "/etc/") {
			base = filepath.Dir(path)
		}
		w.patterns = append(w.patterns, includePatterns(path, home, base)...)
	}
	return w
}

func (w *watch) add(paths ...string) {
	for _, path := range paths {
		if !slices.Contains(w.files, path) {
			w.files = append(w.files, path)
		}
	}
}
