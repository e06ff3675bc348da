// Package guard is the forced command of a restricted key: it holds a tier on the host itself, with the same assessment as
// the server, whoever holds the key and whatever client they use.
//
// Start with [Main]; sshd runs it for every session with the client's command line in SSH_ORIGINAL_COMMAND (sshd(8),
// AUTHORIZED_KEYS FILE FORMAT). It recognises what a relay-shell sends beside commands: the leash, changes to the environment,
// long commands in temporary files, transfers. An assessment is advice: the account that the key logs in to is the boundary.
package guard

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"relay-shell/internal/jobs"
	"relay-shell/internal/policy"
	"relay-shell/internal/sshbin"
	"relay-shell/internal/target"
)

// Name is the command by which sshd starts the guard: relay-shell guard --tier N.
const Name = "guard"

// World is what the guard sees of the outside.
type World struct {
	Args    []string // behind Name
	Environ []string
	Stdin   io.Reader
	Stderr  io.Writer
	// Feed makes data, and then the end of file, the standard input of what Exec starts.
	Feed func(data []byte) error
	// Exec replaces the process. It returns only if it fails.
	Exec func(path string, argv, environ []string) error
	// Log records a decision; it must not block.
	Log func(line string)
}

// refusedStatus is the exit status of what was refused: found, but not to be run (POSIX 2.8.2).
const refusedStatus = 126

// settings are the options in the authorized_keys line.
type settings struct {
	tier      policy.Tier
	noSecrets bool
}

// Main decides about one session and runs it. It returns the exit status of a refusal.
func Main(w World) int {
	s, err := parse(w.Args)
	if err != nil {
		fmt.Fprintln(w.Stderr, "relay-shell guard: "+err.Error())
		return 2
	}
	g := &guard{World: w, settings: s}
	err = g.session(g.variable("SSH_ORIGINAL_COMMAND"))
	var r *refusal
	if errors.As(err, &r) {
		g.log("deny", r.tier, r.text+": "+r.why)
		fmt.Fprintf(w.Stderr, "relay-shell guard: refused: %s; this key holds tier %d\n", r.why, s.tier)
		return refusedStatus
	}
	fmt.Fprintln(w.Stderr, "relay-shell guard: "+err.Error())
	return 1
}

func parse(args []string) (settings, error) {
	s := settings{tier: -1}
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "--no-secrets":
			s.noSecrets = true
		case args[i] == "--tier" && i+1 < len(args):
			i++
			n, err := strconv.Atoi(args[i])
			if err != nil || n < 0 || n > int(policy.Irreversible) {
				return s, fmt.Errorf("--tier %q: 0 to 3", args[i])
			}
			s.tier = policy.Tier(n)
		default:
			return s, fmt.Errorf("unknown option %q: --tier N, --no-secrets", args[i])
		}
	}
	if s.tier < 0 {
		return s, errors.New("--tier is missing")
	}
	return s, nil
}

type guard struct {
	World
	settings
}

// refusal says why a session does not run.
type refusal struct {
	tier      policy.Tier
	text, why string
}

func (r *refusal) Error() string { return r.why }

// session runs what was asked for, or says why not.
func (g *guard) session(line string) error {
	if strings.TrimSpace(line) == "" {
		return g.login()
	}
	if server, ok := sftpServer(line); ok {
		return g.sftp(server)
	}
	sent := sshbin.Receive(line)
	environ := clean(g.Environ)
	if sent.Leash {
		g.log("allow", policy.Observe, "leash")
		return g.run("/bin/sh", sent.Text, environ)
	}
	return g.command(sent, environ)
}

// login is a session without a command: a shell, whose input nobody sees before it runs.
func (g *guard) login() error {
	if g.tier < policy.Irreversible || g.noSecrets {
		return &refusal{policy.Irreversible, "shell", "an interactive shell can do anything"}
	}
	g.log("allow", policy.Irreversible, "shell")
	shell := g.shell()
	return g.Exec(shell, []string{"-" + filepath.Base(shell)}, g.Environ)
}

// command assesses shell text with its environment, and runs it.
func (g *guard) command(sent sshbin.Sent, environ []string) error {
	subject := policy.Subject{Tool: "ssh_exec", AnyStdin: true, Remote: true}
	if sent.Call != "" {
		environ = append(environ, sshbin.CallVariable+"="+sent.Call)
	}
	if sent.Env {
		changes, err := sshbin.ReadEnv(g.Stdin)
		if err != nil {
			return err
		}
		for _, v := range changes {
			environ = without(environ, v.Name)
			if v.Value == nil {
				subject.Env = append(subject.Env, policy.EnvVar{Name: v.Name, Unset: true})
				continue
			}
			subject.Env = append(subject.Env, policy.EnvVar{Name: v.Name, Value: *v.Value})
			environ = append(environ, v.Name+"="+*v.Value)
		}
	}
	text := sent.Text
	if sent.Staged > 0 {
		staged, err := readStaged(g.Stdin, sent.Staged)
		if err != nil {
			return err
		}
		text = staged
	}
	text = sent.Lead + text
	if call, ok := jobs.Receive(text); ok {
		return g.job(call, text, subject, environ)
	}
	subject.Text = target.WithoutSudoPrelude(text)
	a := policy.Assess(subject)
	if err := g.admit(subject.Text, a); err != nil {
		return err
	}
	g.log("allow", a.Tier, subject.Text)
	return g.run(g.shell(), text, environ)
}

// admit refuses what is above the tier, what cannot be read to its end, and secrets where they are withheld.
func (g *guard) admit(text string, a policy.Assessment) error {
	switch {
	case a.Refused || a.TooComplex && g.tier < policy.Irreversible:
		return &refusal{policy.Irreversible, text, "it is nested or long beyond what can be assessed"}
	case a.Tier > g.tier:
		return &refusal{a.Tier, text, fmt.Sprintf("it is of tier %d, %s", a.Tier, because(a))}
	case a.Sensitive && g.noSecrets:
		return &refusal{a.Tier, text, "it reads secrets (keys, passwords, tokens or the like)"}
	}
	return nil
}

func because(a policy.Assessment) string {
	for _, r := range a.Reasons {
		if r.Tier == a.Tier {
			return r.Text + " (" + r.Why + ")"
		}
	}
	return a.ParseError
}

// run replaces the guard by a shell that reads no start-up file, so that what was assessed is what runs.
func (g *guard) run(shell, text string, environ []string) error {
	argv := []string{filepath.Base(shell)}
	if argv[0] == "bash" {
		argv = append(argv, "--noprofile", "--norc")
	}
	return fmt.Errorf("starting %s: %w", shell, g.Exec(shell, append(argv, "-c", text), environ))
}

// shell runs commands: the account's bash, or sh. Other shells read text differently than it was assessed.
func (g *guard) shell() string {
	if shell := g.variable("SHELL"); filepath.Base(shell) == "bash" && filepath.IsAbs(shell) {
		return shell
	}
	return "/bin/sh"
}

func (g *guard) variable(name string) string {
	for _, v := range g.Environ {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value
		}
	}
	return ""
}

// maxLogged bounds the text of a command in the log, in bytes.
const maxLogged = 1000

func (g *guard) log(decision string, tier policy.Tier, text string) {
	if g.Log == nil {
		return
	}
	if len(text) > maxLogged {
		text = text[:maxLogged] + "…"
	}
	g.Log(fmt.Sprintf("%s tier=%d holds=%d from=%q command=%s", decision, tier, g.tier, g.variable("SSH_CONNECTION"), strconv.QuoteToASCII(text)))
}

// maxStaged bounds the text of a command on standard input in bytes: more is beyond what is assessed anyway.
const maxStaged = 4 << 20

// readStaged reads the text of a long command, and not a byte of what follows.
func readStaged(r io.Reader, n int) (string, error) {
	if n > maxStaged {
		return "", fmt.Errorf("a command of %d bytes is too long", n)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return "", fmt.Errorf("reading the command: %w", err)
	}
	text, ok := strings.CutPrefix(string(b), sshbin.StagedHead)
	if !ok {
		return "", errors.New("what stands on the standard input is no command")
	}
	return text, nil
}
