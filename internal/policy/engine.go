package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"time"
)

// Options configure an Engine. The zero value allows everything.
type Options struct {
	Mode      Mode         // Open
	Deny      string       // RE2, searched; empty denies nothing
	Allow     string       // RE2, must match whole commands; empty admits nothing
	RulesFile string       // TOML; empty is no rules
	Confirm   Confirmation // ConfirmOff
	// Now is the clock of rules with working hours; nil is time.Now.
	Now func() time.Time
}

// Engine decides about calls. It is safe for concurrent use, and no call can change it.
type Engine struct {
	mode    Mode
	confirm Confirmation
	deny    *regexp.Regexp
	allow   *regexp.Regexp
	now     func() time.Time
	rules   *ruleFile
	base    string // what the version says of the options
}

// New makes an Engine, and fails if a pattern or the rules file is not valid.
func New(o Options) (*Engine, error) {
	e := &Engine{now: o.Now}
	if e.now == nil {
		e.now = time.Now
	}
	var err error
	if e.mode, err = ParseMode(string(o.Mode)); err != nil {
		return nil, err
	}
	if e.confirm, err = ParseConfirmation(string(o.Confirm)); err != nil {
		return nil, err
	}
	if o.Deny != "" {
		if e.deny, err = regexp.Compile(o.Deny); err != nil {
			return nil, fmt.Errorf("policy deny pattern: %w", err)
		}
	}
	if o.Allow != "" {
		if e.allow, err = regexp.Compile(`^(?:` + o.Allow + `)$`); err != nil {
			return nil, fmt.Errorf("policy allow pattern: %w", err)
		}
	}
	if o.RulesFile != "" {
		if e.rules, err = openRules(o.RulesFile, e.now); err != nil {
			return nil, err
		}
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s\x00%s", e.mode, e.confirm, o.Deny, o.Allow))
	e.base = hex.EncodeToString(sum[:4])
	return e, nil
}

// Mode is the server's mode; a host may have a stricter one.
func (e *Engine) Mode() Mode { return e.mode }

// Confirmation is who has to confirm tier 3.
func (e *Engine) Confirmation() Confirmation { return e.confirm }

// Version names the rules that decide now: the assessment's tables, the options and the rules file. It is part of every
// audit record, so that a decision can be understood later.
func (e *Engine) Version() string {
	v := assessVersion + "-" + e.base
	if e.rules != nil {
		v += "-" + e.rules.version()
	}
	return v
}

// Problems lists what is wrong with the policy now: a rules file that was changed and is not valid. The last valid rules
// stay in force.
func (e *Engine) Problems() []string {
	if e.rules == nil {
		return nil
	}
	return e.rules.problems()
}
