package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"relay-shell/internal/mcpserver"
	"relay-shell/internal/relay"
	"relay-shell/internal/tools"
)

type fanoutCmd struct {
	Hosts       string   `arg:"" help:"Aliases, @group, glob, !exclude; comma or blank between them; @all is the whole inventory."`
	Command     []string `arg:"" passthrough:"" help:"Command; words are joined by spaces, as ssh does. Flags come before it."`
	Timeout     float64  `help:"Seconds it may run on each host." placeholder:"N"`
	Concurrency int      `help:"Hosts at a time (32)." short:"c" placeholder:"N"`
	Batch       string   `help:"Rolling: hosts that must end before the next start." placeholder:"N|P%"`
	MaxFailures int      `help:"Start no further host after this many failures." placeholder:"N"`
	Aggregate   bool     `help:"Show each different result once, with its hosts, at the end."`
	JSON        bool     `help:"Print the result as JSON and nothing else." name:"json"`
	User        string   `help:"Login name." short:"l" placeholder:"NAME"`
	Port        int      `help:"TCP port." short:"p" placeholder:"N"`
	KeyPath     string   `help:"Private key file." short:"i" placeholder:"FILE"`
	KnownHosts  string   `help:"strict, accept-new or ignore." placeholder:"POLICY"`
	Jump        string   `help:"Jump hosts." short:"J" placeholder:"HOST,..."`
}

func (c *fanoutCmd) args() map[string]any {
	args := map[string]any{"hosts": c.Hosts, "command": strings.Join(trimDashes(c.Command), " ")}
	for name, value := range map[string]string{"user": c.User, "key_path": c.KeyPath, "known_hosts": c.KnownHosts, "jump": c.Jump, "batch": c.Batch} {
		if value != "" {
			args[name] = value
		}
	}
	for name, value := range map[string]int{"port": c.Port, "concurrency": c.Concurrency, "max_failures": c.MaxFailures} {
		if value != 0 {
			args[name] = value
		}
	}
	if c.Timeout != 0 {
		args["timeout"] = c.Timeout
	}
	if c.Aggregate {
		args["aggregate"] = true
	}
	return args
}

// Run shows output as it comes, each line behind its host, and a table at the end. The exit status is 0 when the command exited with 0 on
// every host.
func (c *fanoutCmd) Run(s *session) error {
	if strings.TrimSpace(c.Hosts) == "" { // as a variable of a script that was never set
		return usage(errors.New("fanout: no host is named; @all is the whole inventory"))
	}
	live := !c.JSON && !c.Aggregate
	res, err := s.many("ssh_fanout", c.args(), live)
	if err != nil {
		return err
	}
	all, ok := res.Fields.(*tools.Fanout)
	if !ok {
		return failure(res)
	}
	switch {
	case c.JSON:
		err = json.NewEncoder(s.world.Stdout).Encode(all)
	case c.Aggregate:
		_, err = io.WriteString(s.world.Stdout, mcpserver.Visible(operatorText(res.Text)))
	default:
		err = fanoutTable(s.world.Stdout, all)
	}
	for _, note := range res.Notes {
		if !live || !all.Truncated || !strings.HasPrefix(note, "not all is shown") { // it was shown as it came
			fmt.Fprintln(s.world.Stderr, "note: "+mcpserver.Visible(note))
		}
	}
	switch {
	case err != nil:
		return err
	case res.Err != nil:
		return failure(res)
	case all.Counts.OK < all.Counts.Total:
		return &statusError{exitFailed, nil}
	}
	return nil
}

// fanoutTable lists every host with how it ended, failures last, where the eye is.
func fanoutTable(w io.Writer, f *tools.Fanout) error {
	table := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(table, "\nHOST\tTIME\tRESULT")
	for _, good := range []bool{true, false} {
		for i := range f.Results {
			if r := &f.Results[i]; r.Good() == good {
				fmt.Fprintf(table, "%s\t%s\t%s\n", r.Host, time.Duration(r.DurationMS)*time.Millisecond, fanoutStatus(r))
			}
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if f.Omitted > 0 {
		fmt.Fprintf(w, "and %d hosts more\n", f.Omitted)
	}
	_, err := fmt.Fprintln(w, f.Counts)
	return err
}

func fanoutStatus(r *tools.FanoutResult) string {
	switch {
	case r.Error != nil:
		return mcpserver.Visible(r.Error.Code + ": " + strings.Join(strings.Fields(r.Error.Message), " "))
	case r.Outcome != string(relay.OK):
		return r.Outcome
	case r.ExitCode == nil:
		return "exit unknown"
	case r.Signal != "":
		return fmt.Sprintf("exit %d (SIG%s)", *r.ExitCode, r.Signal)
	}
	return fmt.Sprintf("exit %d", *r.ExitCode)
}

type checkCmd struct {
	Hosts   []string `arg:"" optional:"" help:"As in fanout; none is the whole inventory."`
	Timeout float64  `help:"Seconds per host (5)." placeholder:"N"`
	JSON    bool     `help:"Print the result as JSON." name:"json"`
}

// Run probes the hosts; the exit status is 0 when all are up.
func (c *checkCmd) Run(s *session) error {
	args := map[string]any{"hosts": strings.Join(c.Hosts, ",")}
	if c.Timeout != 0 {
		args["timeout"] = c.Timeout
	}
	res, err := s.many("ssh_check", args, false)
	if err != nil {
		return err
	}
	all, ok := res.Fields.(*tools.Check)
	if !ok {
		return failure(res)
	}
	if c.JSON {
		err = json.NewEncoder(s.world.Stdout).Encode(all)
	} else {
		_, err = io.WriteString(s.world.Stdout, mcpserver.Visible(operatorText(res.Text)))
	}
	switch {
	case err != nil:
		return err
	case res.Err != nil:
		return failure(res)
	case all.Counts.Up < all.Counts.Total:
		return &statusError{exitFailed, nil}
	}
	return nil
}

// many makes a call over many hosts, with a line of progress on a terminal. An interrupt ends the work on all hosts; what there is of the results
// is shown.
func (s *session) many(tool string, args map[string]any, live bool) (*relay.Result, error) {
	ctx, stop := signal.NotifyContext(s.ctx, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer stop()
	a, err := s.open()
	if err != nil {
		return nil, usage(err)
	}
	defer a.close()
	call, err := a.call(tool, args)
	if err != nil {
		return nil, err
	}
	line := &statusLine{out: s.world.Stdout}
	_, line.visible = terminalOf(s.world.Stdout)
	if f, ok := terminalOf(s.world.Stderr); ok {
		line.terminal = f
		line.width = func() int { w, _, _ := term.GetSize(int(f.Fd())); return w }
		call.Progress = line.set
	}
	if live {
		call.Stdout, call.Stderr = line, line
	}
	defer line.clear()
	return a.relay.Do(ctx, call), nil
}

func terminalOf(w io.Writer) (*os.File, bool) {
	f, ok := w.(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd()))
}
