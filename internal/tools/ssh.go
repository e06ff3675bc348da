package tools

import (
	"relay-shell/internal/params"
	"relay-shell/internal/policy"
	"relay-shell/internal/relay"
	"relay-shell/internal/sshbin/dest"
	"relay-shell/internal/target"
)

// connParams choose the connection. All optional: what ssh_config says holds otherwise.
type connParams struct {
	User       string `json:"user" desc:"Login name."`
	Port       int    `json:"port" min:"0" max:"65535" desc:"TCP port."`
	KeyPath    string `json:"key_path" path:"true" desc:"Private key file."`
	KnownHosts string `json:"known_hosts" enum:"strict,accept-new,ignore" desc:"Host key policy."`
	Jump       string `json:"jump" desc:"Jump hosts, comma list."`
}

func (c connParams) options() dest.Options {
	return dest.Options{User: c.User, Port: c.Port, KeyPath: c.KeyPath, KnownHosts: c.KnownHosts, Jump: c.Jump}
}

type sshExecParams struct {
	Host        string     `json:"host" required:"true" desc:"Alias (see ssh_hosts), host, user@host or ssh://user@host:port."`
	Command     string     `json:"command" required:"true" desc:"Command line for the remote shell."`
	Timeout     *float64   `json:"timeout" min:"0" desc:"Seconds once connected, at most 900; then its process tree is ended."`
	MaxOutput   int        `json:"max_output" min:"0" desc:"Bytes to show; the rest by output_read."`
	Cwd         string     `json:"cwd" path:"true" desc:"Remote working directory."`
	Stdin       string     `json:"stdin" audit:"hash" desc:"Standard input."`
	Env         params.Env `json:"env" desc:"Variables to set; null removes."`
	MergeStderr bool       `json:"merge_stderr" default:"true" desc:"Interleave stderr into stdout."`
	TTY         bool       `json:"tty" desc:"Give it a terminal."`
	detachParams
	connParams
}

type sshScriptParams struct {
	Host        string     `json:"host" required:"true" desc:"As in ssh_exec."`
	Script      string     `json:"script" required:"true" desc:"The script."`
	Interpreter string     `json:"interpreter" default:"bash" desc:"bash, sh, python, python3 or an absolute path."`
	Strict      bool       `json:"strict" default:"true" desc:"Shells: errexit, nounset, pipefail."`
	Timeout     *float64   `json:"timeout" min:"0" desc:"Seconds once connected, at most 900."`
	MaxOutput   int        `json:"max_output" min:"0" desc:"Bytes to show."`
	Cwd         string     `json:"cwd" path:"true" desc:"Remote working directory."`
	Env         params.Env `json:"env" desc:"Variables to set; null removes."`
	Stdin       string     `json:"stdin" audit:"hash" desc:"The script's own standard input."`
	detachParams
	connParams
}

func (d *Deps) sshTools() []*Tool {
	exec := define(Tool{
		name: "ssh_exec", Title: "Run a command on a host", Toolset: "ssh",
		Description: "Run one command on a host over the operator's OpenSSH and wait for it. For several lines use ssh_script, for plain reads ssh_read.",
		Hints:       Hints{Destructive: true, OpenWorld: true}, RunsCommand: true, Output: commandOutput(),
	}, func(p *sshExecParams) (*relay.Plan, error) { return d.planSSH(p, false) })
	read := define(Tool{
		name: "ssh_read", Title: "Read on a host", Toolset: "ssh",
		Description: "Run a command that only reads on a host. Anything that could change something or shows secrets is refused; use ssh_exec for that. Never stores a host key.",
		Hints:       Hints{ReadOnly: true, Idempotent: true, OpenWorld: true}, RunsCommand: true, Output: commandOutput(),
	}, func(p *sshExecParams) (*relay.Plan, error) { return d.planSSH(p, true) })
	script := define(Tool{
		name: "ssh_script", Title: "Run a script on a host", Toolset: "ssh",
		Description: "Run a multi-line script on a host. Shell scripts stop at the first error unless strict is false.",
		Hints:       Hints{Destructive: true, OpenWorld: true}, RunsCommand: true, Output: commandOutput(),
	}, d.planSSHScript)
	return []*Tool{d.defaults(exec), d.defaults(read).without(detachProperty), d.scriptDefaults(script), d.sshSpawnTool()}
}

func (d *Deps) planSSH(p *sshExecParams, readOnly bool) (*relay.Plan, error) {
	host, err := dest.Parse(p.Host, p.options())
	if err != nil {
		return nil, err
	}
	if err := checkText("command", p.Command); err != nil {
		return nil, err
	}
	env, subjectEnv, err := overlay(p.Env, "")
	if err != nil {
		return nil, err
	}
	b := d.bounded(p.Timeout, d.Config.DefaultTimeout, p.MaxOutput)
	detach, timeout, err := d.detaching(p.detachParams, readOnly, p.Timeout, b, p.Command)
	if err != nil {
		return nil, err
	}
	j := execution{merge: p.MergeStderr, stdin: p.Stdin, bounds: b, detach: detach, command: target.Command{Text: p.Command, Dir: p.Cwd, Env: env, TTY: p.TTY}}
	return &relay.Plan{
		Args: p, Hosts: []dest.Destination{host}, ReadOnly: readOnly, Timeout: timeout, Notes: b.notes,
		Subject: policy.Subject{Text: p.Command, Stdin: p.Stdin, TTY: p.TTY, Env: subjectEnv, Dir: p.Cwd, Remote: true},
		Secrets: secretNames(p.Stdin, env), Run: d.runner(j),
	}, nil
}

func (d *Deps) planSSHScript(p *sshScriptParams) (*relay.Plan, error) {
	host, err := dest.Parse(p.Host, p.options())
	if err != nil {
		return nil, err
	}
	s, err := scriptOf(p.Script, p.Interpreter, p.Strict)
	if err != nil {
		return nil, err
	}
	env, subjectEnv, err := overlay(p.Env, "")
	if err != nil {
		return nil, err
	}
	b := d.bounded(p.Timeout, scriptTimeout, p.MaxOutput)
	detach, timeout, err := d.detaching(p.detachParams, false, p.Timeout, b, p.Script)
	if err != nil {
		return nil, err
	}
	j := execution{merge: true, stdin: p.Stdin, bounds: b, detach: detach, command: target.Command{Script: s, Dir: p.Cwd, Env: env}}
	return &relay.Plan{
		Args: p, Hosts: []dest.Destination{host}, Timeout: timeout, Notes: b.notes,
		Subject: policy.Subject{Script: p.Script, Interpreter: s.Interpreter, Stdin: p.Stdin, Env: subjectEnv, Dir: p.Cwd, Remote: true},
		Secrets: secretNames(p.Stdin, env), Run: d.runner(j),
	}, nil
}
