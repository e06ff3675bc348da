package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"relay-shell/internal/policy/approval"
)

type authCmd struct {
	Passphrase  passphraseCmd  `cmd:"" help:"Set the passphrase with which a person approves calls (CONFIRM=human)."`
	SecurityKey securityKeyCmd `cmd:"" help:"List, add and remove the security keys (FIDO) whose touch approves calls."`
}

type passphraseCmd struct{}

func (c *passphraseCmd) Run(s *session) error {
	return s.changeApprovals(func(tty console, old *approval.Verifier) ([]byte, error) {
		first, err := tty.secret(s.ctx, "New approval passphrase: ")
		if err != nil {
			return nil, err
		}
		again, err := tty.secret(s.ctx, "The same again: ")
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(first, again) {
			return nil, errors.New("the two differ; nothing was changed")
		}
		return approval.SetPassphrase(old, first)
	})
}

// changeApprovals writes what change makes of the approval file there is, nil for none, and says what it is worth. Only who may approve gets so far.
func (s *session) changeApprovals(change func(tty console, old *approval.Verifier) ([]byte, error)) error {
	path := s.approvalFile()
	tty, err := openTerminal()
	if err != nil {
		return err
	}
	defer tty.Close()
	old, err := s.knownOld(tty, path)
	if err != nil {
		return approvalFailure(err)
	}
	data, err := change(tty, old)
	if err != nil {
		return approvalFailure(err)
	}
	if err := writeApprovals(path, append(data, '\n')); err != nil {
		return err
	}
	v, err := approval.LoadVerifier(path)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.world.Stdout, "%s\nIt counts for servers that start from now on.\n", approvalState(v))
	if v.Advisory && os.Geteuid() != 0 {
		fmt.Fprintln(s.world.Stdout, "To have one that the agent cannot replace, do the same as root.")
	}
	if os.Geteuid() == 0 {
		fmt.Fprintln(s.world.Stdout, "A server that runs as root can replace it all the same; run the server as an ordinary account.")
	}
	return nil
}

// approvalFile is where a new approval file goes.
func (s *session) approvalFile() string {
	switch {
	case s.cfg.ApprovalFile != "":
		return s.cfg.ApprovalFile
	case os.Geteuid() == 0:
		return systemApprovals
	}
	return filepath.Join(s.cfg.StateDir, "approval.json")
}

// knownOld loads the file that is to be changed, nil for none, once the person has proven to be one who may approve. Root need not: it may
// have forgotten the passphrase.
func (s *session) knownOld(tty console, path string) (*approval.Verifier, error) {
	old, err := approval.LoadVerifier(path)
	if errors.Is(err, approval.ErrNoKey) {
		return nil, nil
	}
	if err != nil || os.Geteuid() == 0 {
		return old, err
	}
	key, err := tty.key(s.ctx, old, "as it is now, to change who approves", old.HasPassphrase())
	if err != nil {
		return nil, err
	}
	return old, key.Prove()
}

// writeApprovals puts the file in place as a whole. Root's is for every account of this machine, so all have to be able to read its public keys.
func writeApprovals(path string, data []byte) error {
	mode := os.FileMode(0o600)
	if os.Geteuid() == 0 {
		mode = 0o644
	}
	dirMode := os.FileMode(0o700)
	if mode&0o044 != 0 {
		dirMode = 0o755
	}
	if err := os.MkdirAll(filepath.Dir(path), dirMode); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".approval-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // it is gone once it has been renamed
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Chmod(mode), tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
