package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/term"

	"relay-shell/internal/mcpserver"
	"relay-shell/internal/relay"
)

type execCmd struct {
	Host       string   `arg:"" help:"Alias, host, user@host or ssh://user@host:port."`
	Command    []string `arg:"" passthrough:"" help:"Command; words are joined by spaces, as ssh does. Flags come before it."`
	Timeout    float64  `help:"Seconds it may run." placeholder:"N"`
	User       string   `help:"Login name." short:"l" placeholder:"NAME"`
	Port       int      `help:"TCP port." short:"p" placeholder:"N"`
	KeyPath    string   `help:"Private key file." short:"i" placeholder:"FILE"`
	KnownHosts string   `help:"strict, accept-new or ignore." placeholder:"POLICY"`
	Jump       string   `help:"Jump hosts." short:"J" placeholder:"HOST,..."`
}

func (c *execCmd) Run(s *session) error {
	ctx, stop := signal.NotifyContext(s.ctx, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer stop()
	a, err := s.open()
	if err != nil {
		return usage(err)
	}
	defer a.close()
	args := map[string]any{"host": c.Host, "command": strings.Join(trimDashes(c.Command), " "), "merge_stderr": false}
	for name, value := range map[string]string{"user": c.User, "key_path": c.KeyPath, "known_hosts": c.KnownHosts, "jump": c.Jump} {
		if value != "" {
			args[name] = value
		}
	}
	if c.Port != 0 {
		args["port"] = c.Port
	}
	if c.Timeout != 0 {
		args["timeout"] = c.Timeout
	}
	call, err := a.call("ssh_exec", args)
	if err != nil {
		return err
	}
	stdout := &outlet{Writer: s.world.Stdout, end: stop}
	call.Stdout, call.Stderr = stdout, s.world.Stderr
	if s.world.Stdin != nil && !term.IsTerminal(int(s.world.Stdin.Fd())) {
		call.Stdin = s.world.Stdin
	}
	res := a.relay.Do(ctx, call)
	if stdout.unread.Load() {
		return errUnread
	}
	return commandStatus(res)
}

// trimDashes drops the -- that separates the command from our own flags.
func trimDashes(words []string) []string {
	if len(words) > 0 && words[0] == "--" {
		return words[1:]
	}
	return words
}

// commandStatus passes on how the command ended; what it printed has been shown already.
func commandStatus(res *relay.Result) error {
	if res.Outcome != relay.OK {
		return failure(res)
	}
	if c := res.Command; c != nil && c.ExitCode != nil && *c.ExitCode != 0 {
		return &statusError{*c.ExitCode, nil}
	} else if c != nil && c.ExitCode == nil {
		return errors.New("the command ended without a status (killed?)")
	}
	return nil
}

// failure is a result that is not ok, for a terminal. Refused arguments are errors of usage.
func failure(res *relay.Result) error {
	text := fmt.Sprintf("%s: %s", res.Err.Code, res.Err.Message)
	if res.Err.Hint != "" {
		text += "\nhint: " + commandWords.Replace(res.Err.Hint)
	}
	status := exitFailed
	if res.Err.Code == "invalid_argument" {
		status = exitUsage
	}
	return &statusError{status, errors.New(mcpserver.Visible(text))}
}

// call makes a tool call of the command line.
func (a *app) call(tool string, args map[string]any) (*relay.Call, error) {
	t := a.tools.Get(tool)
	if t == nil {
		return nil, usage(fmt.Errorf("the tool %s is switched off (TOOLSETS)", tool))
	}
	raw, err := json.Marshal(args)
	if err != nil {
		return nil, err
	}
	return &relay.Call{Operation: t, Args: raw, Caller: a.caller, Dialog: a.dialog}, nil
}
