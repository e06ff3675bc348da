package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/term"

	"relay-shell/internal/files"
	"relay-shell/internal/mcpserver"
	"relay-shell/internal/relay"
)

type cpCmd struct {
	Paths      []string `arg:"" name:"path" help:"Files to copy, and where to; host:path is on a host. From host to host they pass through a private directory here."`
	Recursive  bool     `help:"Copy directories." short:"r"`
	Resume     bool     `help:"Go on where an interrupted copy ended."`
	Verify     bool     `help:"Compare SHA-256 of both ends." default:"true" negatable:""`
	Overwrite  bool     `help:"Replace files that are there." default:"true" negatable:""`
	Mode       string   `help:"Permissions of the copy, in octal." placeholder:"0644"`
	User       string   `help:"Login name." short:"l" placeholder:"NAME"`
	Port       int      `help:"TCP port." short:"p" placeholder:"N"`
	KeyPath    string   `help:"Private key file." short:"i" placeholder:"FILE"`
	KnownHosts string   `help:"strict, accept-new or ignore." placeholder:"POLICY"`
	Jump       string   `help:"Jump hosts." short:"J" placeholder:"HOST,..."`
	Quiet      bool     `help:"No progress." short:"q"`
}

func (c *cpCmd) Run(s *session) error {
	ctx, stop := signal.NotifyContext(s.ctx, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer stop()
	if len(c.Paths) < 2 {
		return usage(errors.New("cp takes a source and a destination (relay-shell cp --help)"))
	}
	sources, to := c.Paths[:len(c.Paths)-1], place(c.Paths[len(c.Paths)-1])
	if len(sources) > 1 {
		to.path = strings.TrimRight(to.path, "/") + "/" // a directory, whatever is there
	}
	for _, path := range sources {
		switch from := place(path); {
		case from.host == "" && to.host == "":
			return usage(fmt.Errorf("one of %s and %s has to be on a host (host:path)", path, c.Paths[len(c.Paths)-1]))
		case from.host != "" && to.host != "" && c.Resume:
			return usage(errors.New("--resume goes with one host: from host to host, copy to here first"))
		}
	}
	a, err := s.open()
	if err != nil {
		return usage(err)
	}
	defer a.close()
	var failed error
	for _, path := range sources {
		err := c.copy(ctx, s, a, place(path), to)
		switch {
		case err == nil:
		case len(sources) == 1 || ctx.Err() != nil:
			return err
		default:
			fmt.Fprintln(s.world.Stderr, "relay-shell: "+err.Error())
			failed = &statusError{exitFailed, nil}
		}
	}
	return failed
}

// copy copies one source. From host to host it goes by way of a private directory here, each half as safe as any transfer.
func (c *cpCmd) copy(ctx context.Context, s *session, a *app, from, to location) error {
	if from.host == "" || to.host == "" {
		return c.transfer(ctx, s, a, from, to, true)
	}
	above := ""
	if len(a.cfg.LocalRoots) > 0 {
		above = a.cfg.LocalRoots[0]
	}
	dir, err := os.MkdirTemp(above, ".relay-shell-cp-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	half := location{path: filepath.Join(dir, "content")}
	onward := half
	switch base := path.Base(from.path); base {
	case ".", "..", "/", "~": // what is in it
		onward.path += "/."
	default:
		half.path = dir + "/" + base
		onward = half
	}
	if err := c.transfer(ctx, s, a, from, half, false); err != nil {
		return err
	}
	return c.transfer(ctx, s, a, onward, to, true)
}

// transfer makes one call, and shows its progress and, if it is the last, its result.
func (c *cpCmd) transfer(ctx context.Context, s *session, a *app, from, to location, last bool) error {
	tool, args := c.call(from, to)
	if !last {
		delete(args, "mode")
	}
	call, err := a.call(tool, args)
	if err != nil {
		return err
	}
	line := &statusLine{out: s.world.Stdout}
	if f, ok := terminalOf(s.world.Stderr); ok && !c.Quiet {
		line.terminal = f
		line.width = func() int { w, _, _ := term.GetSize(int(f.Fd())); return w }
		name := files.Escape(path.Base(from.path))
		call.Progress = func(text string) { line.set(name + "  " + text) }
	}
	res := a.relay.Do(ctx, call)
	line.clear()
	if res.Outcome != relay.OK {
		return failure(res)
	}
	for _, note := range res.Notes {
		fmt.Fprintln(s.world.Stderr, "relay-shell: "+mcpserver.Visible(note))
	}
	if last {
		fmt.Fprint(s.world.Stdout, mcpserver.Visible(res.Text))
	}
	return nil
}

// call is the tool's name and its arguments for a transfer between this machine and a host.
func (c *cpCmd) call(from, to location) (string, map[string]any) {
	args := map[string]any{"recursive": c.Recursive, "resume": c.Resume, "verify": c.Verify, "overwrite": c.Overwrite}
	tool := "ssh_upload"
	if from.host == "" {
		args["host"], args["local_path"], args["remote_path"] = to.host, files.Escape(from.path), files.Escape(to.path)
	} else {
		tool = "ssh_download"
		args["host"], args["local_path"], args["remote_path"] = from.host, files.Escape(to.path), files.Escape(from.path)
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
