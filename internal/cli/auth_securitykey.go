package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"relay-shell/internal/policy/approval"
)

type securityKeyCmd struct {
	File   string `arg:"" optional:"" help:"The public half (.pub) of a key made with ssh-keygen -t ed25519-sk or ecdsa-sk. Without one, those set up are listed."`
	PIN    bool   `name:"pin" help:"A touch alone is not enough: the key has to be given its PIN or a finger (a key made with -O verify-required)."`
	Remove string `help:"Remove the key with this fingerprint." placeholder:"SHA256:…"`
}

func (c *securityKeyCmd) Run(s *session) error {
	switch {
	case c.Remove != "" && (c.File != "" || c.PIN), c.PIN && c.File == "":
		return usage(errors.New("pass the key's file (with --pin or without), or --remove, or nothing for the list"))
	case c.File == "" && c.Remove == "":
		return s.listSecurityKeys()
	}
	var added approval.SecurityKey
	if c.File != "" {
		file, err := filepath.Abs(c.File)
		if err != nil {
			return err
		}
		line, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		added = approval.SecurityKey{Key: strings.TrimSpace(string(line)), File: file, PIN: c.PIN}
		if _, err := approval.AddSecurityKey(nil, added); err != nil { // before anybody is asked
			return approvalFailure(err)
		}
	}
	return s.changeApprovals(func(_ console, old *approval.Verifier) ([]byte, error) {
		if c.Remove != "" {
			return approval.RemoveSecurityKey(old, c.Remove)
		}
		return approval.AddSecurityKey(old, added)
	})
}

func (s *session) listSecurityKeys() error {
	v, err := s.openVerifier()
	if err != nil {
		return err
	}
	if v == nil || len(v.SecurityKeys()) == 0 {
		fmt.Fprintln(s.world.Stdout, "no security key approves; add one: relay-shell auth security-key FILE.pub")
		return nil
	}
	for _, k := range v.SecurityKeys() {
		touch := "touch"
		if k.PIN {
			touch = "touch and PIN"
		}
		fmt.Fprintf(s.world.Stdout, "%s  %s  %s\n", k.Fingerprint(), touch, k.File)
	}
	return nil
}
