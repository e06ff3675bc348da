package policy

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// rule is one [[rule]] of a rules file. All the conditions that it has must hold; the first rule that matches a call decides.
type rule struct {
	Name      string   `toml:"name"`
	Effect    string   `toml:"effect"`    // allow, deny or confirm
	Reason    string   `toml:"reason"`    // shown to who is refused
	Principal []string `toml:"principal"` // globs
	Host      []string `toml:"host"`      // globs over every name of the target; @group; "local" is this machine
	Tool      []string `toml:"tool"`      // globs
	Tier      string   `toml:"tier"`      // "2", "0-1", ">=2", "<=1"
	Sensitive *bool    `toml:"sensitive"`
	Program   []string `toml:"program"` // globs over the programs of simple commands
	Args      string   `toml:"args"`    // RE2, searched in simple commands
	Hours     string   `toml:"hours"`   // "Mon-Fri 08:00-18:00, Sat 10:00-12:00"
	TimeZone  string   `toml:"time_zone"`
	Match     []string `toml:"match"`    // commands that the rule must match, checked when the file is read
	NoMatch   []string `toml:"no_match"` // commands that it must not match

	effect Effect
	tiers  [4]bool
	args   *regexp.Regexp
	hours  *schedule
}

type ruleSet struct {
	rules   []*rule
	version string
}

// parseRules reads a rules file. The error names every fault with its rule.
func parseRules(data []byte) (*ruleSet, error) {
	var file struct {
		Rule []*rule `toml:"rule"`
	}
	dec := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields()
	if err := dec.Decode(&file); err != nil {
		var strict *toml.StrictMissingError
		if errors.As(err, &strict) {
			return nil, fmt.Errorf("unknown keys:\n%s", strict.String())
		}
		return nil, err
	}
	var faults []error
	seen := map[string]bool{}
	for i, r := range file.Rule {
		if err := r.prepare(); err != nil {
			faults = append(faults, fmt.Errorf("rule %d (%s): %w", i+1, r.Name, err))
			continue
		}
		if seen[r.Name] {
			faults = append(faults, fmt.Errorf("rule %d: the name %q is there twice", i+1, r.Name))
		}
		seen[r.Name] = true
		if err := r.examples(); err != nil {
			faults = append(faults, fmt.Errorf("rule %d (%s): %w", i+1, r.Name, err))
		}
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	sum := sha256.Sum256(data)
	return &ruleSet{file.Rule, hex.EncodeToString(sum[:4])}, nil
}

func (r *rule) prepare() error {
	if r.Name == "" {
		return errors.New("it has no name")
	}
	switch e := Effect(r.Effect); e {
	case Allow, Deny, Confirm:
		r.effect = e
	default:
		return fmt.Errorf("effect is %q: allow, deny or confirm", r.Effect)
	}
	for _, globs := range [][]string{r.Principal, r.Host, r.Tool, r.Program} {
		for _, g := range globs {
			if _, err := path.Match(g, ""); err != nil {
				return fmt.Errorf("pattern %q: %w", g, err)
			}
		}
	}
	var err error
	if r.tiers, err = parseTiers(r.Tier); err != nil {
		return err
	}
	if r.Args != "" {
		if r.args, err = regexp.Compile(r.Args); err != nil {
			return fmt.Errorf("args: %w", err)
		}
	}
	if r.Hours != "" {
		if r.hours, err = parseSchedule(r.Hours, r.TimeZone); err != nil {
			return fmt.Errorf("hours: %w", err)
		}
	} else if r.TimeZone != "" {
		return errors.New("time_zone without hours")
	}
	return nil
}

// parseTiers reads "2", "0-1", ">=2" and "<=1"; nothing is every tier.
func parseTiers(s string) (tiers [4]bool, err error) {
	low, high := 0, 3
	bad := fmt.Errorf("tier is %q: 2, 0-1, >=2 or <=1", s)
	number := func(s string) int {
		n, e := strconv.Atoi(strings.TrimSpace(s))
		if e != nil || n < 0 || n > 3 {
			err = bad
		}
		return n
	}
	switch from, to, ok := strings.Cut(s, "-"); {
	case s == "":
	case ok:
		low, high = number(from), number(to)
	case strings.HasPrefix(s, ">="):
		low = number(s[2:])
	case strings.HasPrefix(s, "<="):
		high = number(s[2:])
	default:
		low = number(s)
		high = low
	}
	if err == nil && low > high {
		err = bad
	}
	for i := range tiers {
		tiers[i] = err == nil && i >= low && i <= high
	}
	return tiers, err
}

// examples checks the rule's own examples: they say what it is meant for, and a pattern that is mistyped fails here.
func (r *rule) examples() error {
	for _, command := range r.Match {
		if !r.matchesCommand(command) {
			return fmt.Errorf("it does not match its example %q", command)
		}
	}
	for _, command := range r.NoMatch {
		if r.matchesCommand(command) {
			return fmt.Errorf("it matches %q, which it must not", command)
		}
	}
	return nil
}

// matchesCommand looks only at what the rule says of commands.
func (r *rule) matchesCommand(command string) bool {
	a := Assess(Subject{Text: command})
	return r.tiers[a.Tier] && (r.Sensitive == nil || *r.Sensitive == a.Sensitive) && r.matchesCommands(a)
}
