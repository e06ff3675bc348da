package tools

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"relay-shell/internal/files"
	"relay-shell/internal/policy"
	"relay-shell/internal/relay"
)

// forbids asks the policy about one of the files of a tree.
func (c *fileCall) forbids(path, text string) error {
	if c.run.Forbids == nil {
		return nil
	}
	return naming(path, c.run.Forbids(policy.Subject{Text: text, Floor: c.plan.floor}))
}

// naming says which of many files a refusal is about.
func naming(path string, err error) error {
	var refusal *relay.Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	return &relay.Refusal{Reason: files.Escape(path) + " " + refusal.Reason, Hint: refusal.Hint}
}

// forbidsIn refuses to remove or move a directory in which there is a file that may not be removed or moved by itself.
// text is the command that does that to one file.
func (c *fileCall) forbidsIn(ctx context.Context, dir string, text func(path string) string) error {
	if c.run.Forbids == nil {
		return nil
	}
	return files.Each(ctx, c.fs, dir, c.d.Config.TransferEntries, func(path string, _ files.Info) error { return c.forbids(path, text(path)) })
}

// unshown collects what a listing or a search leaves out because the policy forbids it.
type unshown struct {
	c     *fileCall
	paths []string
	count int
}

// maxUnshown is how many of the files that were left out are named.
const maxUnshown = 20

// out reports whether a path is to be left out. It is asked by one goroutine.
func (u *unshown) out(path string) bool {
	if u.c.forbids(path, u.c.plan.text(path)) == nil {
		return false
	}
	if u.count++; len(u.paths) < maxUnshown {
		u.paths = append(u.paths, files.Escape(path))
	}
	return true
}

// deniedFiles are what the policy kept out of a result.
type deniedFiles struct {
	Denied      []string `json:"denied,omitempty" jsonschema:"left out because the policy denies them, the first 20"`
	DeniedCount int      `json:"denied_count,omitempty"`
}

func (u *unshown) fields() deniedFiles { return deniedFiles{u.paths, u.count} }

func (f deniedFiles) text() string {
	if f.DeniedCount == 0 {
		return ""
	}
	more := ""
	if n := f.DeniedCount - len(f.Denied); n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return fmt.Sprintf("[left out, the policy denies them: %s%s]\n", strings.Join(f.Denied, " "), more)
}
