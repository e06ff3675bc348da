package tools

import (
	"context"
	"fmt"
	"path"
	"strings"

	"relay-shell/internal/files"
	"relay-shell/internal/params"
	"relay-shell/internal/policy"
	"relay-shell/internal/relay"
)

type fileMkdirParams struct {
	fileParams
	Parents bool `json:"parents" desc:"As mkdir -p."`
}

type fileChmodParams struct {
	fileParams
	Mode string `json:"mode" required:"true" desc:"Octal."`
}

type fileRenameParams struct {
	fileParams
	To        string `json:"to" required:"true" desc:"New path."`
	Overwrite bool   `json:"overwrite" desc:"Replace it."`
}

type fileDeleteParams struct {
	fileParams
	Recursive bool `json:"recursive" desc:"With all in it."`
}

// fileDone is what was done to a file.
type fileDone struct {
	Path string `json:"path" jsonschema:"without links in its directories"`
	To   string `json:"to,omitempty"`
	Mode string `json:"mode,omitempty" jsonschema:"octal"`
	Was  string `json:"was,omitempty" jsonschema:"the mode before"`
	Made int    `json:"made,omitempty" jsonschema:"directories that were made"`
	Type string `json:"type,omitempty" jsonschema:"what was deleted or renamed"`
}

func (d *Deps) fileManageTools() []*Tool {
	mkdir := define(Tool{
		name: "file_mkdir", Title: "Make a directory", Toolset: "file", Hints: Hints{OpenWorld: true}, Output: outputOf[fileDone](),
		Description: "Make a directory there.",
	}, d.planFileMkdir)
	chmod := define(Tool{
		name: "file_chmod", Title: "Change a mode", Toolset: "file", Hints: Hints{Destructive: true, Idempotent: true, OpenWorld: true}, Output: outputOf[fileDone](),
		Description: "Set the mode of a file.",
	}, d.planFileChmod)
	rename := define(Tool{
		name: "file_rename", Title: "Rename a file", Toolset: "file", Hints: Hints{Destructive: true, OpenWorld: true}, Output: outputOf[fileDone](),
		Description: "Rename or move a file.",
	}, d.planFileRename)
	remove := define(Tool{
		name: "file_delete", Title: "Delete a file", Toolset: "file", Hints: Hints{Destructive: true, OpenWorld: true}, Output: outputOf[fileDone](),
		Description: "Delete a file or an empty directory.",
	}, d.planFileDelete)
	return []*Tool{mkdir, chmod, rename, remove}
}

// done is the result of a small step.
func (f *fileDone) result(format string, args ...any) *relay.Result {
	return &relay.Result{Fields: f, Text: fmt.Sprintf(format, args...) + "\n", Record: map[string]any{"real_path": f.Path}}
}

func (d *Deps) planFileMkdir(p *fileMkdirParams) (*relay.Plan, error) {
	return d.planned(filePlan{
		host: p.Host, path: p.Path, args: p, floor: policy.Stateful,
		text: func(path string) string { return quoted("mkdir -p --", path) },
		do: func(ctx context.Context, c *fileCall) (*relay.Result, error) {
			f := &fileDone{Path: files.Escape(c.path)}
			made, err := c.mkdir(ctx, c.path, p.Parents, 0)
			if err != nil {
				return nil, err
			}
			if f.Made = made; made == 0 {
				return f.result("%s is there already", f.Path), nil
			}
			return f.result("made %s", f.Path), nil
		},
	})
}

// maxParents is how many missing directories are made at most.
const maxParents = 100

// mkdir makes a directory, with parents those above it too, and counts them.
func (c *fileCall) mkdir(ctx context.Context, dir string, parents bool, depth int) (made int, err error) {
	real, err := c.entry(ctx, dir)
	if err == nil {
		if err = c.admit(real); err == nil {
			err = c.fs.Mkdir(ctx, real, 0o777)
		}
	}
	above := path.Dir(strings.TrimRight(dir, "/"))
	switch {
	case err == nil:
		return 1, nil
	case !parents:
		return 0, err
	case files.Code(err) == "not_found" && depth < maxParents && above != dir && above != ".":
		if made, err = c.mkdir(ctx, above, true, depth+1); err != nil {
			return made, err
		}
		more, err := c.mkdir(ctx, dir, false, depth)
		return made + more, err
	case files.Code(err) == "already_exists":
		if info, serr := c.fs.Stat(ctx, dir); serr == nil && info.Mode.IsDir() {
			return 0, nil
		}
	}
	return 0, err
}

func (d *Deps) planFileChmod(p *fileChmodParams) (*relay.Plan, error) {
	mode, err := parseMode(p.Mode)
	if err != nil || mode == nil {
		return nil, orError(err, params.Errorf("mode", `pass octal digits, such as "0644"`, "is empty"))
	}
	return d.planned(filePlan{
		host: p.Host, path: p.Path, args: p, floor: policy.Stateful,
		text: func(path string) string { return quoted("chmod", p.Mode, "--", path) },
		do: func(ctx context.Context, c *fileCall) (*relay.Result, error) {
			real, err := c.real(ctx)
			if err != nil {
				return nil, err
			}
			before, err := c.fs.Stat(ctx, real)
			if err == nil {
				err = c.fs.Chmod(ctx, real, *mode)
			}
			if err != nil {
				return nil, err
			}
			f := &fileDone{Path: files.Escape(real), Mode: files.Octal(*mode), Was: files.Octal(before.Mode)}
			return f.result("mode of %s is %s, was %s", f.Path, f.Mode, f.Was), nil
		},
	})
}

func orError(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

func (d *Deps) planFileRename(p *fileRenameParams) (*relay.Plan, error) {
	to, err := files.Unescape(p.To)
	if err != nil {
		return nil, err
	}
	command := "mv -n -T --"
	if p.Overwrite {
		command = "mv -f -T --"
	}
	destination := to
	return d.planned(filePlan{
		host: p.Host, path: p.Path, args: p, floor: policy.Stateful,
		text: func(path string) string { return quoted(command, path, destination) },
		do: func(ctx context.Context, c *fileCall) (*relay.Result, error) {
			from, err := c.entry(ctx, c.path)
			if err != nil {
				return nil, err
			}
			real, err := c.entry(ctx, to)
			if err != nil {
				return nil, err
			}
			if from != c.path || real != to {
				if err := c.run.Admit(policy.Subject{Text: quoted(command, from, real), Floor: policy.Stateful}); err != nil {
					return nil, err
				}
			}
			info, err := c.fs.Lstat(ctx, from)
			if err == nil && info.Mode.IsDir() {
				if err = c.holdsOwn(ctx, from); err == nil {
					err = c.forbidsIn(ctx, from, func(path string) string { return quoted(command, path, real+strings.TrimPrefix(path, from)) })
				}
			}
			if err == nil && p.Overwrite {
				err = c.fs.Rename(ctx, from, real)
			} else if err == nil {
				err = c.fs.RenameNew(ctx, from, real)
			}
			if err != nil {
				return nil, renameError(err)
			}
			f := &fileDone{Path: files.Escape(from), To: files.Escape(real), Type: kindName(info.Mode)}
			return f.result("renamed %s to %s", f.Path, f.To), nil
		},
	})
}

// renameError says what to do about the usual reasons.
func renameError(err error) error {
	e := relay.AsError(err)
	if e.Code == "already_exists" {
		return &relay.Error{Code: e.Code, Message: e.Message, Hint: "pass overwrite=true to replace it, or choose another name"}
	}
	if e.Code == "unsupported" {
		return &relay.Error{Code: e.Code, Message: e.Message, Hint: "across file systems use mv with ssh_exec or shell_exec"}
	}
	return err
}
