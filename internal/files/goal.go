package files

import (
	"context"
	"io/fs"
	"path"
	"strings"
)

// goal is where a source goes.
type goal struct {
	path   string
	exists bool
	old    Info // of what is there, if exists
}

func (g goal) dir() string { return path.Dir(g.path) }

// destination finds out where the source goes: into a directory that exists, or to the name itself. A link at the destination stays: what
// it leads to is replaced.
func (t *Transfer) destination(ctx context.Context, source Info) (goal, error) {
	name := t.Dest
	info, err := t.To.Stat(ctx, name)
	switch {
	case err == nil && info.Mode.IsDir():
		base := path.Base(t.Source)
		if base == "." || base == ".." || base == "/" || base == "~" {
			if !source.Mode.IsDir() {
				return goal{}, &Error{Op: "copy to", Path: name, Code: "invalid_argument", Message: "it is a directory", Hint: "give the file's name at the destination"}
			}
			base = "" // "dir/.": the content goes into what is there
		}
		name = strings.TrimRight(name, "/") + "/" + base
		if info, err = t.To.Lstat(ctx, strings.TrimRight(name, "/")); err == nil && info.Mode&fs.ModeSymlink != 0 {
			info, err = t.To.Stat(ctx, name)
		}
	case Code(err) == "not_found" && strings.HasSuffix(name, "/") && !source.Mode.IsDir():
		return goal{}, &Error{Op: "copy to", Path: name, Code: "not_found", Message: "there is no such directory", Hint: "make it first (file_mkdir), or leave the slash out", Err: err}
	}
	if err != nil && Code(err) != "not_found" {
		return goal{}, err
	}
	g := goal{path: strings.TrimRight(name, "/"), exists: err == nil, old: info}
	if real, rerr := t.To.RealPath(ctx, g.path); rerr == nil && real != "" {
		g.path = real
	} else if rerr != nil && Code(rerr) == "not_found" {
		return goal{}, &Error{Op: "copy to", Path: g.path, Code: "not_found", Message: "its directory does not exist", Hint: "make it first (file_mkdir)", Err: rerr}
	} else if rerr != nil {
		return goal{}, rerr
	}
	return g, t.allowed(source, g)
}

func (t *Transfer) allowed(source Info, g goal) error {
	switch {
	case !g.exists:
		return nil
	case source.Mode.IsDir() != g.old.Mode.IsDir():
		return &Error{Op: "copy to", Path: g.path, Code: "already_exists", Message: "there is something of another kind: a directory and a file cannot replace each other", Hint: "choose another name"}
	case source.Mode.IsDir():
		return nil
	case !g.old.Mode.IsRegular():
		return named("copy to", g.path, notRegular(g.old.Mode))
	case t.Keep:
		return &Error{Op: "copy to", Path: g.path, Code: "already_exists", Message: "there is a file of that name", Hint: "set overwrite, or choose another name"}
	}
	return nil
}
