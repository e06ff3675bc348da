package main

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

const (
	warmRounds  = 500
	coldRounds  = 15
	startRounds = 15
)

// benchExec times `true` on a host: a warm ssh_exec through the whole of MCP and the road, the ssh client over a live master, and a
// new connection for each command. The ways take turns, so that a slow moment of the machine slows them all.
func benchExec(b *bench) error {
	starts := &samples{name: "server start to first tools/list"}
	for range startRounds {
		session, _, took, err := b.serve()
		if err != nil {
			return err
		}
		starts.took = append(starts.took, took)
		if err := session.Close(); err != nil {
			return err
		}
	}
	session, pid, _, err := b.serve()
	if err != nil {
		return err
	}
	defer session.Close()
	time.Sleep(time.Second) // idle, for the memory
	rss, pss := residentMiB(pid)

	ctl := filepath.Join(b.lab.Dir(), "ctl")
	if out, err := b.ssh("-M", "-N", "-f", "-S", ctl, "target"); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	defer b.ssh("-S", ctl, "-O", "exit", "target")

	local := &samples{name: "sh -c true, local"}
	relay := &samples{name: "ssh_exec, warm"}
	shell := &samples{name: "shell_exec, local"}
	master := &samples{name: "ssh -S, live master"}
	cold := &samples{name: "ssh, new connection"}
	for i := range warmRounds + 20 {
		if i == 20 { // warmed up
			relay.took, shell.took, master.took, local.took = nil, nil, nil, nil
		}
		if err := errors.Join(
			relay.measure(func() error { return call(b, session, "ssh_exec", map[string]any{"host": "target", "command": "true"}) }),
			master.measure(func() error { _, err := b.ssh("-S", ctl, "target", "true"); return err }),
			shell.measure(func() error { return call(b, session, "shell_exec", map[string]any{"command": "true"}) }),
			local.measure(func() error { return exec.Command("/bin/sh", "-c", "true").Run() }),
		); err != nil {
			return err
		}
	}
	for range coldRounds {
		if err := cold.measure(func() error { _, err := b.ssh("-o", "ControlPath=none", "target", "true"); return err }); err != nil {
			return err
		}
	}
	master.print(nil)
	relay.print(master)
	cold.print(master)
	local.print(nil)
	shell.print(local)
	starts.print(nil)
	fmt.Printf("server idle: %s resident, %s proportional\n", rss, pss)
	return nil
}

func (b *bench) ssh(args ...string) ([]byte, error) {
	cmd := exec.CommandContext(b.ctx, "ssh", b.lab.SSH(args...)...)
	cmd.Env = b.lab.Env()
	return cmd.CombinedOutput()
}

func call(b *bench, session *mcp.ClientSession, tool string, args map[string]any) error {
	res, err := session.CallTool(b.ctx, &mcp.CallToolParams{Name: tool, Arguments: args})
	if err == nil && res.IsError {
		err = fmt.Errorf("%s failed: %v", tool, res.StructuredContent)
	}
	return err
}
