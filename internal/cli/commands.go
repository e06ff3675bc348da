package cli

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/user"
	"strings"
	"time"

	"relay-shell/internal/policy"
	"relay-shell/internal/relay"
)

type hostsCmd struct {
	Pattern string `arg:"" optional:"" help:"Glob, part of an alias, or @group."`
}

func (c *hostsCmd) Run(s *session) error {
	return s.show("ssh_hosts", map[string]any{"pattern": c.Pattern})
}

type connectionsCmd struct{}

func (c *connectionsCmd) Run(s *session) error {
	return s.show("ssh_connections", map[string]any{})
}

type policyCmd struct {
	Explain policyExplainCmd `cmd:"" help:"Say what tier a command has and why, without running it."`
}

type policyExplainCmd struct {
	JSON    bool     `help:"JSON instead of text." name:"json"`
	Host    string   `help:"The host it would run on." placeholder:"HOST"`
	Tool    string   `help:"The tool that would run it." placeholder:"TOOL"`
	Command []string `arg:"" passthrough:"" help:"Command; - reads one JSON string a line from standard input and prints one JSON object a line."`
}

// verdict is one line of policy explain --json.
type verdict struct {
	Tier      int             `json:"tier"`
	TierName  string          `json:"tier_name"`
	Sensitive bool            `json:"sensitive"`
	Reasons   []policy.Reason `json:"reasons"`
}

func (c *policyExplainCmd) Run(s *session) error {
	words := trimDashes(c.Command)
	if len(words) == 1 && words[0] == "-" {
		return s.explainLines()
	}
	command := strings.Join(words, " ")
	if c.JSON {
		return json.NewEncoder(s.world.Stdout).Encode(explainOne(command))
	}
	return s.show("policy_explain", map[string]any{"command": command, "host": c.Host, "tool": c.Tool})
}

func explainOne(command string) verdict {
	a := policy.Assess(policy.Subject{Tool: "shell_exec", Text: command})
	return verdict{Tier: int(a.Tier), TierName: a.Tier.String(), Sensitive: a.Sensitive, Reasons: a.Reasons}
}

// explainLines is the batch form, for programs: it needs no state.
func (s *session) explainLines() error {
	in := bufio.NewReader(s.world.Stdin)
	out := json.NewEncoder(s.world.Stdout)
	for n := 1; ; n++ {
		line, err := in.ReadString('\n')
		if strings.TrimSpace(line) != "" {
			var command string
			if json.Unmarshal([]byte(line), &command) != nil {
				return usage(fmt.Errorf("line %d is not a JSON string", n))
			}
			if err := out.Encode(explainOne(command)); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

type stopCmd struct {
	Resume bool   `help:"Lift the stop."`
	Reason string `help:"Why, for the record."`
}

func (c *stopCmd) Run(s *session) error {
	mark := relay.StopMark(s.cfg.StateDir)
	if c.Resume {
		return s.resume(mark)
	}
	if err := os.MkdirAll(s.cfg.StateDir, 0o700); err != nil {
		return err
	}
	name := fmt.Sprint(os.Getuid())
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	text := fmt.Sprintf("%s by %s %s\n", time.Now().UTC().Format(time.RFC3339), name, c.Reason)
	if err := os.WriteFile(mark, []byte(text), 0o600); err != nil {
		return err
	}
	fmt.Fprintln(s.world.Stdout, "stopped: running work ends, new calls are refused until relay-shell stop --resume")
	return s.recordStop("stop", c.Reason)
}

func (s *session) resume(mark string) error {
	if err := os.Remove(mark); os.IsNotExist(err) {
		fmt.Fprintln(s.world.Stdout, "relay-shell was not stopped")
		return nil
	} else if err != nil {
		return err
	}
	fmt.Fprintln(s.world.Stdout, "resumed")
	return s.recordStop("resume", "")
}
