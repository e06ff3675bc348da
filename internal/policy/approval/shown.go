package approval

import (
	"fmt"
	"strings"

	"relay-shell/internal/policy"
)

// Shown is what the person who answers sees.
type Shown struct {
	Tool    string `json:"tool"`
	Target  string `json:"target"` // user@host:port, or this machine
	Dir     string `json:"dir,omitempty"`
	Tier    int    `json:"tier"`
	Why     string `json:"why"`
	Command string `json:"command"` // rendered, hidden characters visible
	Who     string `json:"who,omitempty"`
	Client  string `json:"client,omitempty"`
}

// maxShown bounds the text of a question, in bytes: what is longer is cut, and says so.
const maxShown = 64 << 10

// Text is the question for a person, line by line. Nothing in it can move a cursor, reorder a line or hide, wherever it comes from.
func (s Shown) Text() string {
	var b strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-8s %s\n", name+":", strings.ReplaceAll(policy.Visible(value), "\n", `\n`))
		}
	}
	line("tool", s.Tool)
	line("where", s.Target)
	line("in", s.Dir)
	line("asks", strings.TrimSpace(s.Who+" "+s.Client))
	line("why", s.Why)
	for l := range strings.Lines(s.Command) {
		b.WriteString(policy.Visible(l))
		if b.Len() > maxShown {
			fmt.Fprintf(&b, "\n… cut: %d bytes in all\n", len(s.Command))
			break
		}
	}
	return b.String()
}
