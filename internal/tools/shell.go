package tools

import (
	"github.com/kballard/go-shellquote"

	"relay-shell/internal/params"
	"relay-shell/internal/policy"
	"relay-shell/internal/relay"
	"relay-shell/internal/target"
)

type shellExecParams struct {
	Command     string     `json:"command" required:"true" desc:"Command line for /bin/sh."`
	Timeout     *float64   `json:"timeout" min:"0" desc:"Seconds, at most 900; then its process tree is ended."`
	MaxOutput   int        `json:"max_output" min:"0" desc:"Bytes to show; the rest by output_read."`
	Cwd         string     `json:"cwd" path:"true" desc:"Working directory."`
	Stdin       string     `json:"stdin" audit:"hash" desc:"Standard input."`
	MergeStderr bool       `json:"merge_stderr" default:"true" desc:"Interleave stderr into stdout."`
	UseShell    bool       `json:"use_shell" default:"true" desc:"false: run the words without a shell."`
	Env         params.Env `json:"env" desc:"Variables to set; null removes."`
	EnvJSON     string     `json:"env_json" desc:"As JSON text."`
	TTY         bool       `json:"tty" desc:"Give it a terminal."`
	detachParams
}

type shellScriptParams struct {
	Script      string     `json:"script" required:"true" desc:"The script."`
	Interpreter string     `json:"interpreter" default:"bash" desc:"bash, sh, python, python3 or an absolute path."`
	Strict      bool       `json:"strict" default:"true" desc:"Shells: errexit, nounset, pipefail."`
	Timeout     *float64   `json:"timeout" min:"0" desc:"Seconds, at most 900."`
	MaxOutput   int        `json:"max_output" min:"0" desc:"Bytes to show."`
	Cwd         string     `json:"cwd" path:"true" desc:"Working directory."`
	Env         params.Env `json:"env" desc:"Variables to set; null removes."`
	EnvJSON     string     `json:"env_json" desc:"As JSON text."`
	Stdin       string     `json:"stdin" audit:"hash" desc:"The script's own standard input."`
	detachParams
}

func (d *Deps) shellTools() []*Tool {
	exec := define(Tool{
		name: "shell_exec", Title: "Run a local command", Toolset: "shell",
		Description: "Run one command on this machine and wait for it. For several lines use shell_script, for plain reads shell_read, on another host ssh_exec.",
		Hints:       Hints{Destructive: true, OpenWorld: true}, RunsCommand: true, Output: commandOutput(),
	}, func(p *shellExecParams) (*relay.Plan, error) { return d.planShell(p, false) })
	read := define(Tool{
		name: "shell_read", Title: "Read locally", Toolset: "shell",
		Description: "Run a command that only reads (ls, cat, journalctl…) on this machine. Anything that could change something or shows secrets is refused; use shell_exec for that.",
		Hints:       Hints{ReadOnly: true, Idempotent: true, OpenWorld: true}, RunsCommand: true, Output: commandOutput(),
	}, func(p *shellExecParams) (*relay.Plan, error) { return d.planShell(p, true) })
	script := define(Tool{
		name: "shell_script", Title: "Run a local script", Toolset: "shell",
		Description: "Run a multi-line script on this machine. Shell scripts stop at the first error unless strict is false. On another host use ssh_script.",
		Hints:       Hints{Destructive: true, OpenWorld: true}, RunsCommand: true, Output: commandOutput(),
	}, d.planScript)
	return []*Tool{d.defaults(exec), d.defaults(read).without(detachProperty), d.scriptDefaults(script), d.shellSpawnTool()}
}

func (d *Deps) planShell(p *shellExecParams, readOnly bool) (*relay.Plan, error) {
	if err := checkText("command", p.Command); err != nil {
		return nil, err
	}
	env, subjectEnv, err := overlay(p.Env, p.EnvJSON)
	if err != nil {
		return nil, err
	}
	b := d.bounded(p.Timeout, d.Config.DefaultTimeout, p.MaxOutput)
	detach, timeout, err := d.detaching(p.detachParams, readOnly, p.Timeout, b, p.Command)
	if err != nil {
		return nil, err
	}
	j := execution{merge: p.MergeStderr, stdin: p.Stdin, bounds: b, detach: detach, command: target.Command{Text: p.Command, Dir: d.here(p.Cwd), Env: env, TTY: p.TTY}}
	subject := policy.Subject{Text: p.Command, Stdin: p.Stdin, TTY: p.TTY, Env: subjectEnv, Dir: d.here(p.Cwd)}
	if !p.UseShell {
		argv, err := shellquote.Split(p.Command)
		if err != nil || len(argv) == 0 {
			return nil, params.Errorf("command", "close the quotes, or leave use_shell true", "cannot be split into words: %v", err)
		}
		j.command.Text, j.command.Argv = "", argv
		subject.Text, subject.Argv = "", argv
	}
	return &relay.Plan{Args: p, Subject: subject, ReadOnly: readOnly, Timeout: timeout, Notes: b.notes, Secrets: secretNames(p.Stdin, env), Run: d.runner(j)}, nil
}

func (d *Deps) planScript(p *shellScriptParams) (*relay.Plan, error) {
	s, err := scriptOf(p.Script, p.Interpreter, p.Strict)
	if err != nil {
		return nil, err
	}
	env, subjectEnv, err := overlay(p.Env, p.EnvJSON)
	if err != nil {
		return nil, err
	}
	b := d.bounded(p.Timeout, scriptTimeout, p.MaxOutput)
	detach, timeout, err := d.detaching(p.detachParams, false, p.Timeout, b, p.Script)
	if err != nil {
		return nil, err
	}
	j := execution{merge: true, stdin: p.Stdin, bounds: b, detach: detach, command: target.Command{Script: s, Dir: d.here(p.Cwd), Env: env}}
	subject := policy.Subject{Script: p.Script, Interpreter: s.Interpreter, Stdin: p.Stdin, Env: subjectEnv, Dir: d.here(p.Cwd)}
	return &relay.Plan{Args: p, Subject: subject, Timeout: timeout, Notes: b.notes, Secrets: secretNames(p.Stdin, env), Run: d.runner(j)}, nil
}

// defaults shows the settings that decide what an omitted parameter means.
func (d *Deps) defaults(t *Tool) *Tool {
	return d.detachDefault(t.withDefault("timeout", d.Config.DefaultTimeout.Seconds()).withDefault("max_output", int(d.Config.MaxOutput)))
}

func (d *Deps) scriptDefaults(t *Tool) *Tool {
	return d.detachDefault(t.withDefault("timeout", scriptTimeout.Seconds()).withDefault("max_output", int(d.Config.MaxOutput)))
}

// detachDefault shows when a call becomes a job. Without tools to follow a job with, none does.
func (d *Deps) detachDefault(t *Tool) *Tool {
	if !d.jobs {
		return t.without(detachProperty)
	}
	return t.withDefault(detachProperty, d.Config.DetachAfter.Seconds())
}
