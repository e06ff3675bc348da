package cli

import (
	"errors"
	"fmt"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/term"

	"relay-shell/internal/files"
	"relay-shell/internal/mcpserver"
	"relay-shell/internal/relay"
)

type cpCmd struct {
	Paths      []string `arg:"" name:"path" help:"Files to copy, and where to; host:path is on a host."`
	Recursive  bool     `help:"Copy directories." short:"r"`
	Resume     bool     `help:"Go on where an interrupted copy ended."`
	Verify     bool     `help:"Compare SHA-256 of both ends." default:"true" negatable:""`
	Overwrite  bool     `help:"Replace files that are there." default:"true" negatable:""`
	Mode       string   `help:"Permissions of the copy, in octal." placeholder:"0644"`
	User       string   `help:"Login name." short:"l"`
	Port       int      `help:"TCP port." short:"p"`
	KeyPath    string   `help:"Private key file." short:"i" placeholder:"FILE"`
	KnownHosts string   `help:"strict, accept-new or ignore." placeholder:"POLICY"`
	Jump       string   `help:"Jump hosts." short:"J"`
	Quiet      bool     `help:"No progress." short:"q"`
}

func (c *cpCmd) Run(s *session) error {
	ctx, stop := signal.NotifyContext(s.ctx, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer stop()
	if len(c.Paths) < 2 {
		return usage(errors.New("cp takes a source and a destination (relay-shell cp --help)"))
	}
	sources, to := c.Paths[:len(c.Paths)-1], place(c.Paths[len(c.Paths)-1])
	calls := make([]map[string]any, len(sources))
	tools := make([]string, len(sources))
	for i, path := range sources {
		from := place(path)
		if len(sources) > 1 {
			to := to
			to.path = strings.TrimRight(to.path, "/") + "/" // a directory, whatever is there
			tools[i], calls[i] = c.call(from, to)
		} else {
			tools[i], calls[i] = c.call(from, to)
		}
		if tools[i] == "" {
			return usage(fmt.Errorf("one of %s and %s has to be on a host (host:path), and only one", path, c.Paths[len(c.Paths)-1]))
		}
	}
	a, err := s.open()
	if err != nil {
		return usage(err)
	}
	defer a.close()
	var failed error
	for i, args := range calls {
		call, err := a.call(tools[i], args)
		if err != nil {
			return err
		}
		line := &statusLine{out: s.world.Stdout}
		if f, ok := terminalOf(s.world.Stderr); ok && !c.Quiet {
			line.terminal = f
			line.width = func() int { w, _, _ := term.GetSize(int(f.Fd())); return w }
			name := files.Escape(filepath.Base(sources[i]))
			call.Progress = func(text string) { line.set(name + "  " + text) }
		}
		res := a.relay.Do(ctx, call)
		line.clear()
		if res.Outcome != relay.OK {
			failed = failure(res)
			if len(calls) > 1 && ctx.Err() == nil {
				fmt.Fprintln(s.world.Stderr, "relay-shell: "+failed.Error())
				failed = &statusError{exitFailed, nil}
				continue
			}
			return failed
		}
		for _, note := range res.Notes {
			fmt.Fprintln(s.world.Stderr, "relay-shell: "+mcpserver.Visible(note))
		}
		fmt.Fprint(s.world.Stdout, mcpserver.Visible(res.Text))
	}
	return failed
}

// call is the tool's name and its arguments, "" where the two places make no transfer.
func (c *cpCmd) call(from, to location) (string, map[string]any) {
	args := map[string]any{"recursive": c.Recursive, "resume": c.Resume, "verify": c.Verify, "overwrite": c.Overwrite}
	tool := "ssh_upload"
	switch {
	case from.host == "" && to.host != "":
		args["host"], args["local_path"], args["remote_path"] = to.host, files.Escape(from.path), files.Escape(to.path)
	case from.host != "" && to.host == "":
		tool = "ssh_download"
		args["host"], args["local_path"], args["remote_path"] = from.host, files.Escape(to.path), files.Escape(from.path)
	default:
		return "", nil
	}
	for name, value := range map[string]string{"mode": c.Mode, "user": c.User, "key_path": c.KeyPath, "known_hosts": c.KnownHosts, "jump": c.Jump} {
		if value != "" {
			args[name] = value
		}
	}
	if c.Port != 0 {
		args["port"] = c.Port
	}
	return tool, args
}

// location is a path and the host that it is on, "" for this machine.
type location struct{ host, path string }

// place reads an argument as scp does: what stands before a colon is a host, unless there is a slash before it. An address of IPv6 is written in
// brackets; ssh://user@host:port/path is taken, too.
func place(arg string) location {
	if rest, ok := strings.CutPrefix(arg, "ssh://"); ok {
		host, path, _ := strings.Cut(rest, "/")
		if after, home := strings.CutPrefix(path, "~/"); home {
			return location{"ssh://" + host, orHome("~/" + after)}
		}
		return location{"ssh://" + host, "/" + path}
	}
	colon := strings.IndexByte(arg, ':')
	if bracket := strings.Index(arg, "]:"); bracket > 0 && strings.Contains(arg[:bracket], "[") {
		host := strings.Replace(arg[:bracket], "[", "", 1)
		return location{host, orHome(arg[bracket+2:])}
	}
	if colon <= 0 || strings.Contains(arg[:colon], "/") {
		return location{"", arg}
	}
	return location{arg[:colon], orHome(arg[colon+1:])}
}

func orHome(path string) string {
	if path == "" {
		return "~"
	}
	return path
}
