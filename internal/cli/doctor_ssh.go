package cli

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"relay-shell/internal/lazyregexp"
	"relay-shell/internal/sshbin/dest"
)

// The oldest OpenSSH whose protocol and messages are known.
const (
	sshMajor = 8
	sshMinor = 4
)

var sshVersion = lazyregexp.New(`OpenSSH_(?:[A-Za-z_]*)(\d+)\.(\d+)`)

// ssh checks the program and its configuration.
func (d *doctor) ssh(ctx context.Context) {
	const install = "install OpenSSH's client (Debian: apt install openssh-client)"
	path, err := exec.LookPath("ssh")
	if err != nil {
		d.fault("ssh", "there is no ssh in PATH", install)
		return
	}
	out, err := d.run(ctx, path, "-V")
	version, _, _ := strings.Cut(out, "\n")
	if err != nil {
		d.fault("ssh", fmt.Sprintf("%s -V: %v: %s", path, err, version), install)
		return
	}
	switch m := sshVersion.FindStringSubmatch(version); {
	case m == nil:
		d.warn("ssh", fmt.Sprintf("%s is %q, not OpenSSH as it is known", path, version), "put OpenSSH's own client first in PATH")
	case olderSSH(m[1], m[2]):
		d.fault("ssh", fmt.Sprintf("%s is too old (%s)", path, version), fmt.Sprintf("OpenSSH %d.%d or newer is needed", sshMajor, sshMinor))
	default:
		d.good("ssh", "%s, %s", path, version)
	}
	args := []string{"-G"}
	if file := d.session.cfg.SSHConfig; file != "" {
		args = append(args, "-F", file)
	}
	if out, err := d.run(ctx, path, append(args, "--", "localhost")...); err != nil {
		d.fault("ssh_config", "ssh can't read its configuration: "+lastLine(out), "correct what it names; ssh -G localhost shows the same")
		return
	}
	d.good("ssh_config", "good")
}

// olderSSH compares a version with the oldest one that is supported. Digits of any number are a version.
func olderSSH(major, minor string) bool {
	a, errA := strconv.Atoi(major)
	b, errB := strconv.Atoi(minor)
	return errA == nil && errB == nil && (a < sshMajor || a == sshMajor && b < sshMinor)
}

// agent checks that keys are at hand. A key file without a passphrase, or one that a host names, needs none.
func (d *doctor) agent(ctx context.Context) {
	const remedy = "start one and add a key (ssh-add), unless your ssh_config names key files without a passphrase"
	environ := dest.Environ(d.session.world.Environ)
	named := false
	for _, v := range environ {
		named = named || strings.HasPrefix(v, "SSH_AUTH_SOCK=") && v != "SSH_AUTH_SOCK="
	}
	if !named {
		d.warn("agent", "no ssh agent (SSH_AUTH_SOCK is not set)", remedy)
		return
	}
	out, err := d.run(ctx, "ssh-add", "-l")
	status, ended := err.(*exec.ExitError)
	switch {
	case err == nil:
		d.good("agent", "%d keys", strings.Count(strings.TrimSpace(out), "\n")+1)
	case ended && status.ExitCode() == 1: // ssh-add(1): the agent answers and has none
		d.warn("agent", "the ssh agent has no keys", "ssh-add")
	default:
		d.warn("agent", "the ssh agent does not answer: "+lastLine(out), remedy)
	}
}

// checkTimeout bounds one program that a check runs.
const checkTimeout = 10 * time.Second

// run runs a program as ssh's own processes are run, and returns all it printed.
func (d *doctor) run(ctx context.Context, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = dest.Environ(d.session.world.Environ)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func lastLine(text string) string {
	return text[strings.LastIndexByte(text, '\n')+1:]
}
