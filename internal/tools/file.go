package tools

import (
	"context"
	"path"
	"path/filepath"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"

	"relay-shell/internal/files"
	"relay-shell/internal/files/change"
	"relay-shell/internal/output"
	"relay-shell/internal/policy"
	"relay-shell/internal/relay"
	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/target"
)

// fileTimeout is what a call that changes a file may take, its check included.
const fileTimeout = 120 * time.Second

// fileParams name a file.
type fileParams struct {
	Host string `json:"host" desc:"Else here."`
	Path string `json:"path" required:"true" desc:"Path."`
}

func (d *Deps) fileTools() []*Tool {
	return slices.Concat(d.transferTools(), d.fileViewTools(), d.fileChangeTools(), d.fileManageTools())
}

// fileCall is what a tool works with while it runs.
type fileCall struct {
	d    *Deps
	run  *relay.Run
	fs   files.FS
	path string // as given, unescaped
	plan *filePlan
}

// filePlan is what a tool says of itself before it runs.
type filePlan struct {
	host, path string
	args       any
	// text is the command that does the same to the path given, for the policy; Floor is the least tier.
	text     func(path string) string
	floor    policy.Tier
	readOnly bool
	timeout  time.Duration
	do       func(ctx context.Context, c *fileCall) (*relay.Result, error)
}

// planned makes the plan.
func (d *Deps) planned(p filePlan) (*relay.Plan, error) {
	name, err := files.Unescape(p.path)
	if err != nil {
		return nil, err
	}
	if p.timeout == 0 {
		p.timeout = d.Config.DefaultTimeout
	}
	plan := &relay.Plan{
		Args: p.args, ReadOnly: p.readOnly, Timeout: min(p.timeout, d.Config.MaxTimeout),
		Subject: policy.Subject{Text: p.text(name), Floor: p.floor},
	}
	if p.host != "" {
		host, err := dest.Parse(p.host, dest.Options{})
		if err != nil {
			return nil, err
		}
		plan.Hosts = []dest.Destination{host}
	}
	plan.Run = func(ctx context.Context, run *relay.Run) (*relay.Result, error) {
		fsys, err := d.Files.Of(run.Target(), run.StoreHostKeys)
		if err != nil {
			return nil, err
		}
		return p.do(ctx, &fileCall{d: d, run: run, fs: fsys, path: name, plan: &p})
	}
	return plan, nil
}

// admit asks the policy about a path that is not the one given: what a link leads to, a relative path spelt out.
func (c *fileCall) admit(real string) error {
	if real == c.path {
		return nil
	}
	return c.run.Admit(policy.Subject{Text: c.plan.text(real), Floor: c.plan.floor})
}

// real is the path without links, admitted.
func (c *fileCall) real(ctx context.Context) (string, error) {
	real, err := c.fs.RealPath(ctx, c.path)
	if err != nil {
		return "", err
	}
	return real, c.admit(real)
}

// entry is the path with its directories free of links, the file itself not followed, admitted.
func (c *fileCall) entry(ctx context.Context, name string) (string, error) {
	clean := path.Clean(name)
	if base := path.Base(clean); base == "." || base == ".." || base == "/" || clean == "~" {
		return c.fs.RealPath(ctx, name)
	}
	dir, base := path.Split(clean)
	if dir == "" {
		dir = "."
	}
	real, err := c.fs.RealPath(ctx, dir)
	return path.Join(real, base), err
}

// shellOutput is how much of the output of a check is shown, in bytes.
const shellOutput = 8 << 10

// shellText is a command text that runs: every byte as it is.
func shellText(command string, words ...string) string {
	for _, w := range words {
		command += " " + target.Quote(w)
	}
	return command
}

// shell runs text where the file is, as a command of its own with regard to its processes.
func (c *fileCall) shell(ctx context.Context, text string) (change.ShellResult, error) {
	capture := output.NewCapture(output.CaptureOptions{Budget: shellOutput, Merge: true})
	exit, err := c.run.Target().Run(ctx, target.Command{
		Text: text, ID: ulid.Make().String(), StoreHostKeys: c.run.StoreHostKeys, Stdout: capture.Stdout(), Stderr: capture.Stderr(),
	})
	r := change.ShellResult{Code: -1, Output: capture.Finish().Stdout}
	if exit.Code != nil {
		r.Code = *exit.Code
	}
	return r, err
}

// place is the target as changes see it.
func (c *fileCall) place(ctx context.Context) (*change.Place, error) {
	p := &change.Place{
		FS: c.fs, State: c.fs, Shell: c.shell, Locks: c.d.fileLocks(),
		Limit: c.d.Config.FileBytes, Retention: c.d.Config.BackupRetention, MaxBackups: c.d.Config.BackupBytes,
	}
	if c.fs.Local() {
		p.State, p.Dir = files.Local(files.Bounds{}), c.d.Config.StateDir // which is closed to the file tools themselves
		return p, nil
	}
	if opener, ok := c.run.Target().(target.Opener); ok {
		p.Key = opener.Identity()
	}
	home, err := c.fs.RealPath(ctx, "~")
	p.Dir = path.Join(home, ".local/state/relay-shell")
	return p, err
}

func (d *Deps) fileLocks() *change.Locks {
	d.locksOnce.Do(func() { d.locks = change.NewLocks(filepath.Join(d.Config.RuntimeDir, "edits")) })
	return d.locks
}

// quoted are words of a command text for the policy and for people.
func quoted(command string, words ...string) string {
	for _, w := range words {
		command += " " + shownWord(w)
	}
	return command
}

// shownWord is a word as the policy reads it. One with bytes that nobody sees is spelt $'…', as [files.Escape] does it: raw, such bytes are what
// the policy mistrusts a command for, and the same name spelt so is taken by every file tool.
func shownWord(w string) string {
	if e := files.Escape(w); e != w {
		return e
	}
	return target.Quote(w)
}

// masked is a part of a file as a model may see it. It is masked here, before anything is cut or put together, and once more as a whole.
func (d *Deps) masked(text string) string {
	if d.Mask == nil || text == "" {
		return text
	}
	return d.Mask.String(text)
}
