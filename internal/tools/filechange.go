package tools

import (
	"context"
	"encoding/base64"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"relay-shell/internal/files"
	"relay-shell/internal/files/change"
	"relay-shell/internal/params"
	"relay-shell/internal/policy"
	"relay-shell/internal/redact"
	"relay-shell/internal/relay"
)

// guards are how a change is made safe.
type guards struct {
	Check       string `json:"check" desc:"Command to pass first, {} is the new file: sshd -t -f {}."`
	RevertAfter int    `json:"revert_after" desc:"Seconds; the old file then returns unless file_confirm comes."`
}

type fileWriteParams struct {
	fileParams
	Content    string `json:"content" required:"true" audit:"hash" desc:"Content."`
	Encoding   string `json:"encoding" desc:"utf-8 or base64."`
	Mode       string `json:"mode" desc:"Octal; else kept."`
	Append     bool   `json:"append" desc:"Append."`
	CreateOnly bool   `json:"create_only" desc:"Replace nothing."`
	guards
}

type fileEditParams struct {
	fileParams
	Old            string `json:"old" required:"true" audit:"hash" desc:"Exact text."`
	New            string `json:"new" required:"true" audit:"hash" desc:"Its replacement."`
	Count          int    `json:"count" default:"1" desc:"Occurrences."`
	ExpectedSHA256 string `json:"expected_sha256" desc:"From file_read."`
	Check          string `json:"check" desc:"As in file_write."`
	RevertAfter    int    `json:"revert_after" desc:"As in file_write."`
}

type fileConfirmParams struct {
	ChangeID string `json:"change_id" required:"true" desc:"Of the change."`
	Undo     bool   `json:"undo" desc:"Undo it."`
}

// fileChanged is a change of a file.
type fileChanged struct {
	ChangeID  string  `json:"change_id,omitempty" jsonschema:"for file_confirm"`
	Path      string  `json:"path" jsonschema:"what was changed, without links"`
	Created   bool    `json:"created"`
	Unchanged bool    `json:"unchanged,omitempty" jsonschema:"it was like that already; nothing was written"`
	Bytes     int64   `json:"bytes" jsonschema:"size of the new content"`
	SHA256    string  `json:"sha256,omitempty" jsonschema:"of the new content"`
	Diff      string  `json:"diff" jsonschema:"unified; \"\" for new files"`
	Mode      string  `json:"mode,omitempty" jsonschema:"octal"`
	Owner     string  `json:"owner,omitempty"`
	Backup    string  `json:"backup,omitempty" jsonschema:"where the old content is kept"`
	RevertsAt *string `json:"reverts_at" jsonschema:"when the old file comes back unless file_confirm is called"`
	Check     string  `json:"check_output,omitempty"`
}

func (d *Deps) fileChangeTools() []*Tool {
	changes := Hints{Destructive: true, OpenWorld: true}
	write := define(Tool{
		name: "file_write", Title: "Write a file", Toolset: "file", Hints: changes, Output: outputOf[fileChanged](),
		Description: "Create or replace a file atomically; a backup, mode and owner are kept. For small changes use file_edit, for local files ssh_upload.",
	}, d.planFileWrite)
	edit := define(Tool{
		name: "file_edit", Title: "Edit a file", Toolset: "file", Hints: changes, Output: outputOf[fileChanged](),
		Description: "Replace exact text in a file; answers the diff. If a mistake could lock you out, use check and revert_after.",
	}, d.planFileEdit)
	confirm := define(Tool{
		name: "file_confirm", Title: "Keep or undo a change", Toolset: "file", Hints: changes, Output: outputOf[fileConfirmed](),
		Description: "Keep a change that would revert, or undo one.",
	}, d.planFileConfirm)
	return []*Tool{write, edit, confirm}
}

// refuseMasks refuses text that stood in a result in the place of a secret.
func refuseMasks(param, text string) error {
	if redact.HasMark(text) {
		return params.Errorf(param, "the marks ‹secret:…› hide what is in the file; leave those parts out of old and new, or change them with a command", "holds masked secrets, which would overwrite the real ones")
	}
	return nil
}

func parseMode(text string) (*fs.FileMode, error) {
	if text == "" {
		return nil, nil
	}
	mode, ok := files.ParseOctal(text)
	if !ok {
		return nil, params.Errorf("mode", `pass octal digits, such as "0644"`, "%q is no octal mode", text)
	}
	return &mode, nil
}

func (g guards) validate() error {
	if g.RevertAfter < 0 || g.RevertAfter > 86400 {
		return params.Errorf("revert_after", "pass 1 to 86400 seconds, or 0 for never", "is out of bounds")
	}
	if g.Check != "" && !strings.Contains(g.Check, "{}") {
		return params.Errorf("check", "put {} where the command takes the path: nginx -t -c {}", "has no {}, so it would look at the old file")
	}
	return nil
}

// text is what a change is to the policy: the write, then the check.
func (g guards) text(write string) func(string) string {
	return func(path string) string {
		text := quoted(write+" --", path)
		if g.Check != "" {
			check, err := change.Mentioned(g.Check, path, shownWord)
			if err != nil {
				check = strings.ReplaceAll(g.Check, "{}", shownWord(path)) // it is refused before it runs; what it says counts all the same
			}
			text += "\n" + check
		}
		return text
	}
}

func (d *Deps) planFileWrite(p *fileWriteParams) (*relay.Plan, error) {
	form, err := encoding(p.Encoding)
	if err != nil {
		return nil, err
	}
	content, err := decoded(p.Content, form)
	if err == nil {
		err = refuseMasks("content", string(content))
	}
	if err == nil {
		err = p.validate()
	}
	if err != nil {
		return nil, err
	}
	mode, err := parseMode(p.Mode)
	if err != nil {
		return nil, err
	}
	command := "tee"
	if p.Append {
		command = "tee -a"
	}
	request := change.Request{
		CreateOnly: p.CreateOnly, Mode: mode, Blind: !p.Append,
		Make: func(old []byte) ([]byte, error) {
			if p.Append {
				return append(append([]byte{}, old...), content...), nil
			}
			return content, nil
		},
	}
	if p.Append && p.Check == "" && p.RevertAfter == 0 && !p.CreateOnly {
		return d.planned(filePlan{
			host: p.Host, path: p.Path, args: p, text: p.text(command), floor: policy.Stateful, timeout: fileTimeout,
			do: func(ctx context.Context, c *fileCall) (*relay.Result, error) {
				return c.appendInPlace(ctx, content, mode)
			},
		})
	}
	return d.plannedChange(p.fileParams, p, p.guards, command, request)
}

// encoding is the form of a file's content in a call.
func encoding(name string) (string, error) {
	switch name {
	case "":
		return "utf-8", nil
	case "utf-8", "base64":
		return name, nil
	}
	return "", params.Errorf("encoding", "pass utf-8 or base64", "%q is neither", name)
}

func decoded(content, encoding string) ([]byte, error) {
	if encoding != "base64" {
		return []byte(content), nil
	}
	b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(content), ""))
	if err != nil {
		return nil, params.Errorf("content", "pass standard base64 with padding", "is no base64: %v", err)
	}
	return b, nil
}

func (d *Deps) planFileEdit(p *fileEditParams) (*relay.Plan, error) {
	guard := guards{p.Check, p.RevertAfter}
	err := guard.validate()
	switch {
	case p.Old == "":
		err = params.Errorf("old", "pass the text to replace; file_write replaces the whole file, with append it adds to the end", "is empty")
	case p.Count < 1:
		err = params.Errorf("count", "pass how often old is in the file", "is less than 1")
	case p.Old == p.New:
		err = params.Errorf("new", "pass what old shall become", "is the same as old")
	}
	for param, text := range map[string]string{"old": p.Old, "new": p.New} {
		if err == nil {
			err = refuseMasks(param, text)
		}
	}
	if sum := p.ExpectedSHA256; err == nil && sum != "" && (len(sum) != 64 || strings.Trim(strings.ToLower(sum), "0123456789abcdef") != "") {
		err = params.Errorf("expected_sha256", "pass the sha256 that file_read answered", "is no SHA-256: 64 hexadecimal digits")
	}
	if err != nil {
		return nil, err
	}
	r := change.Replacement{Old: p.Old, New: p.New, Count: p.Count}
	return d.plannedChange(p.fileParams, p, guard, "tee", change.Request{
		MustExist: true, Expected: p.ExpectedSHA256,
		Make: func(old []byte) ([]byte, error) {
			changed, _, err := r.Apply(old)
			return changed, err
		},
	})
}

// plannedChange plans a change of a whole file.
func (d *Deps) plannedChange(f fileParams, args any, g guards, command string, r change.Request) (*relay.Plan, error) {
	return d.planned(filePlan{
		host: f.Host, path: f.Path, args: args, text: g.text(command), floor: policy.Stateful, timeout: fileTimeout,
		do: func(ctx context.Context, c *fileCall) (*relay.Result, error) {
			r.Path, r.Check, r.RevertAfter = c.path, g.Check, time.Duration(g.RevertAfter)*time.Second
			r.Admit = func(real, _ string) error { return c.admit(real) }
			place, err := c.place(ctx)
			if err != nil {
				return nil, err
			}
			done, err := change.Apply(ctx, place, r)
			if err != nil {
				return d.failedChange(done, err)
			}
			if err := d.remember(c, done); err != nil {
				done.Notes = append(done.Notes, "file_confirm will not know this change: "+err.Error())
			}
			return d.shownChange(done, c.accounts(ctx)), nil
		},
	})
}

// appendInPlace adds to a file as the shell's >> does: those who have it open see it, and nothing is replaced.
func (c *fileCall) appendInPlace(ctx context.Context, content []byte, mode *fs.FileMode) (*relay.Result, error) {
	real, err := c.real(ctx)
	if err != nil {
		return nil, err
	}
	place, err := c.place(ctx)
	if err != nil {
		return nil, err
	}
	created, size, err := place.Append(ctx, real, content, mode)
	if err != nil {
		return nil, err
	}
	f := &fileChanged{Path: files.Escape(real), Created: created, Bytes: size}
	return &relay.Result{
		Fields: f, Text: fmt.Sprintf("appended %d bytes to %s, now %d bytes\n", len(content), f.Path, size),
		Record: map[string]any{"real_path": f.Path},
	}, nil
}
