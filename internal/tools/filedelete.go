package tools

import (
	"context"
	"path"
	"strings"

	"relay-shell/internal/files"
	"relay-shell/internal/policy"
	"relay-shell/internal/relay"
)

func (d *Deps) planFileDelete(p *fileDeleteParams) (*relay.Plan, error) {
	command, floor := "rm -d --", policy.Stateful
	if p.Recursive {
		command, floor = "rm -r --", policy.Irreversible
	}
	return d.planned(filePlan{
		host: p.Host, path: p.Path, args: p, floor: floor, timeout: fileTimeout,
		text: func(path string) string { return quoted(command, path) },
		do: func(ctx context.Context, c *fileCall) (*relay.Result, error) {
			real, err := c.entry(ctx, c.path)
			if err == nil {
				err = c.admit(real)
			}
			if err != nil {
				return nil, err
			}
			info, err := c.fs.Lstat(ctx, real)
			if err != nil {
				return nil, err
			}
			f := &fileDone{Path: files.Escape(real), Type: kindName(info.Mode)}
			switch {
			case !info.Mode.IsDir():
				err = c.fs.Remove(ctx, real)
			case p.Recursive:
				err = c.removeTree(ctx, real)
			default:
				if err = c.fs.Rmdir(ctx, real); err != nil {
					err = notEmpty(err)
				}
			}
			if err != nil {
				return nil, err
			}
			return f.result("deleted %s (%s)", f.Path, f.Type), nil
		},
	})
}

// notEmpty names the parameter that would delete a directory with what is in it.
func notEmpty(err error) error {
	e := relay.AsError(err)
	if e.Code == "not_found" || e.Code == "permission_denied" || e.Code == "connection_lost" {
		return err
	}
	return &relay.Error{Code: e.Code, Message: e.Message, Hint: "if it is not empty, file_list shows what is in it; recursive=true deletes that too"}
}

// removeTree removes a directory with all in it. On a host its own rm does it, from within the directory above: it holds on to the directories
// that it is in, so that nobody who swaps one for a link leads it elsewhere.
func (c *fileCall) removeTree(ctx context.Context, real string) error {
	if err := c.mayRemove(ctx, real); err != nil {
		return err
	}
	if err := c.forbidsIn(ctx, real, c.plan.text); err != nil {
		return err
	}
	if c.fs.Local() {
		return files.RemoveAll(ctx, c.fs, real)
	}
	r, err := c.shell(ctx, files.Within(path.Dir(real), shellText("rm -rf --", "./"+path.Base(real))))
	if err != nil {
		return err
	}
	if _, serr := c.fs.Lstat(ctx, real); r.Code == 0 && files.Code(serr) == "not_found" {
		return nil
	}
	return &relay.Error{Code: "permission_denied", Message: "not all of it could be deleted: " + strings.TrimSpace(r.Output), Hint: "file_list shows what is left"}
}

// mayRemove refuses what nobody means to delete as a whole, and what holds relay-shell's own files.
func (c *fileCall) mayRemove(ctx context.Context, real string) error {
	if real == "/" || path.Dir(real) == "/" {
		return no(files.Escape(real) + " is a directory of the system")
	}
	home, err := c.fs.RealPath(ctx, "~")
	if err == nil && within(real, home) {
		return no("the home directory is in it")
	}
	return c.holdsOwn(ctx, real)
}

func no(why string) error {
	return &relay.Error{Code: "invalid_argument", Message: why, Hint: "name what is in it, one by one"}
}

// holdsOwn refuses a directory of this machine in which relay-shell's own files are.
func (c *fileCall) holdsOwn(ctx context.Context, real string) error {
	if !c.fs.Local() {
		return nil
	}
	home, _ := c.fs.RealPath(ctx, "~") // unknown, it is no part of the bounds
	bounds := FileOptions(c.d.Config, home).Bounds
	for _, p := range append(bounds.Private, bounds.Roots...) {
		resolved, err := files.Local(files.Bounds{}).RealPath(ctx, strings.TrimSuffix(p, "*"))
		if err != nil {
			resolved = p
		}
		if within(real, resolved) {
			return no("relay-shell's own files, or one of LOCAL_ROOTS, are in it")
		}
	}
	return nil
}

// within says whether a path is a directory or lies below it.
func within(dir, p string) bool {
	return p == dir || strings.HasPrefix(p, strings.TrimSuffix(dir, "/")+"/")
}
