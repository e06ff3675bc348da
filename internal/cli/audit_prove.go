package cli

import (
	"encoding/json"
	"fmt"
	"time"

	"relay-shell/internal/audit"
	"relay-shell/internal/mcpserver"
	"relay-shell/internal/relay"
)

type auditProveCmd struct {
	logFlags
	Seq int64 `arg:"" help:"The record's sequence number (seq)."`
}

func (c *auditProveCmd) Run(s *session) error {
	proof, err := audit.Prove(nil, c.path(s), c.Seq)
	if err != nil {
		return hinted(err)
	}
	_, err = s.world.Stdout.Write(proof.Text())
	return err
}

// hinted is an error of the trail with its hint, as the road shows it.
func hinted(err error) error {
	e := relay.AsError(err)
	return failure(&relay.Result{Err: e})
}

type auditCheckProofCmd struct {
	logFlags
	File   string `arg:"" help:"The proof; - is standard input."`
	Pubkey string `help:"Verifier key of the log as you keep it elsewhere; without it the one beside the log." placeholder:"KEY"`
	JSON   bool   `help:"The finding as JSON." name:"json"`
}

// proven is what check-proof finds.
type proven struct {
	OK     bool   `json:"ok"`
	Reason string `json:"reason,omitempty"`
	Seq    int64  `json:"seq"`
	Origin string `json:"origin,omitempty"`
	// Size is that of the signed tree, Signed when it was signed.
	Size   int64           `json:"size,omitempty"`
	Signed *time.Time      `json:"signed,omitempty"`
	Record json.RawMessage `json:"record,omitempty"`
}

// Run reads nothing but the proof and the key.
func (c *auditCheckProofCmd) Run(s *session) error {
	text, err := s.readFile(c.File)
	if err != nil {
		return usage(err)
	}
	key := c.Pubkey
	if key == "" {
		if key, _, err = audit.PublicKey(c.path(s)); err != nil {
			return usage(fmt.Errorf("%w (--pubkey KEY checks the proof of a log that is elsewhere)", err))
		}
	}
	verifier, err := audit.ParsePublicKey(key)
	if err != nil {
		return usage(err)
	}
	found := proven{}
	record, checkpoint, err := audit.CheckProof(text, verifier)
	if err != nil {
		found.Reason = err.Error()
	} else if proof, err := audit.ParseProof(text); err == nil {
		found = proven{OK: true, Seq: proof.Index, Origin: checkpoint.Origin, Size: checkpoint.Size}
		if !checkpoint.Time.IsZero() {
			found.Signed = &checkpoint.Time
		}
		if record != nil {
			found.Record = proof.Line
		}
	}
	if err := c.print(s, &found); err != nil {
		return err
	}
	if !found.OK {
		return &statusError{exitUsage, nil}
	}
	return nil
}

func (c *auditCheckProofCmd) print(s *session, found *proven) (err error) {
	switch {
	case c.JSON:
		return json.NewEncoder(s.world.Stdout).Encode(found)
	case !found.OK:
		_, err = fmt.Fprintln(s.world.Stdout, "NOT PROVEN: "+mcpserver.Visible(found.Reason))
		return err
	}
	when := ""
	if found.Signed != nil {
		when = ", signed " + found.Signed.UTC().Format(time.RFC3339)
	}
	_, err = fmt.Fprintf(s.world.Stdout, "proven: record %d of the %d in %s%s\n%s\n", found.Seq, found.Size, mcpserver.Visible(found.Origin), when, mcpserver.Visible(string(found.Record)))
	if c.Pubkey == "" {
		fmt.Fprintln(s.world.Stderr, "note: checked with the key that lies beside the log here; --pubkey takes one that you keep elsewhere")
	}
	return err
}

type auditCheckpointCmd struct{}

// Run opens the log as a server does: only who may write it can sign.
func (c *auditCheckpointCmd) Run(s *session) error {
	o, err := s.auditOptions("")
	if err != nil {
		return usage(err)
	}
	log, err := audit.Open(o)
	if err != nil {
		return usage(fmt.Errorf("audit: %w", err))
	}
	note, err := log.Checkpoint(s.ctx)
	if cerr := log.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return hinted(err)
	}
	_, err = s.world.Stdout.Write(note)
	return err
}
