package cli

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"relay-shell/internal/policy"
	"relay-shell/internal/policy/assess"
	"relay-shell/internal/policy/corpus"
)

type policyCmd struct {
	Explain policyExplainCmd `cmd:"" help:"Say what tier a command has and why, without running it."`
	Test    policyTestCmd    `cmd:"" help:"Score the assessment on labelled commands: exit status 0 if the targets are met and nothing is under-rated, else 1."`
	Replay  policyReplayCmd  `cmd:"" help:"Judge the recorded past by other rules or by those of now: what would be denied, newly allowed or asked about."`
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

type policyTestCmd struct {
	JSON bool   `help:"The report as JSON." name:"json"`
	File string `arg:"" help:"Tab-separated lines: expected tier, class, command with the escapes \\\\ \\n \\t \\r \\uXXXX; - is standard input."`
}

func (c *policyTestCmd) Run(s *session) error {
	in := s.world.Stdin
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return usage(err)
		}
		defer f.Close()
		in = f
	}
	lines, err := corpus.Read(in)
	if err != nil {
		return usage(fmt.Errorf("%s: %w", c.File, err))
	}
	if len(lines) == 0 {
		return usage(fmt.Errorf("%s: no labelled commands", c.File))
	}
	report := corpus.Score(lines, func(command string) assess.Result {
		a := policy.Assess(policy.Subject{Tool: "shell_exec", Text: command})
		return assess.Result{Tier: a.Tier, Reasons: a.Reasons, ParseError: a.ParseError}
	})
	if c.JSON {
		err = json.NewEncoder(s.world.Stdout).Encode(report)
	} else {
		err = report.Write(s.world.Stdout)
	}
	if err == nil && !report.OK() {
		err = &statusError{exitFailed, nil}
	}
	return err
}
