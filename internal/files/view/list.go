package view

import (
	"context"
	"io/fs"
	"slices"
	"strings"

	"relay-shell/internal/files"
)

// Entry is one file of a directory.
type Entry struct {
	files.Info
	// Target is where a symbolic link leads.
	Target string
}

// Listing is a directory.
type Listing struct {
	Entries []Entry
	// Total counts the entries that matched, at least; Partial says that there are more than were looked at.
	Total   int
	Partial bool
}

// maxEntries is how many entries of a directory are looked at.
const maxEntries = 100_000

// List lists a directory sorted by name, at most limit entries that match. out, if set, leaves entries out.
func List(ctx context.Context, fsys files.FS, path string, glob Glob, limit int, out func(path string) bool) (*Listing, error) {
	all, more, err := fsys.ReadDir(ctx, path, maxEntries)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(i files.Info) bool { return !glob.Match(i.Name) })
	slices.SortFunc(all, func(a, b files.Info) int { return strings.Compare(a.Name, b.Name) })
	if out != nil {
		all = slices.DeleteFunc(all, func(i files.Info) bool { return out(join(path, i.Name)) })
	}
	l := &Listing{Total: len(all), Partial: more}
	for _, info := range all[:min(len(all), limit)] {
		e := Entry{Info: info}
		if info.Mode&fs.ModeSymlink != 0 {
			e.Target, _ = fsys.ReadLink(ctx, join(path, info.Name)) // it may be gone by now
		}
		l.Entries = append(l.Entries, e)
	}
	return l, context.Cause(ctx)
}

// join puts a name below a directory as exact bytes: nothing is cleaned.
func join(dir, name string) string {
	if strings.HasSuffix(dir, "/") {
		return dir + name
	}
	return dir + "/" + name
}
