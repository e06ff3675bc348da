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
	Passphrase passphraseCmd `cmd:"" help:"Set the passphrase with which a person approves calls (CONFIRM=human)."`
}

type passphraseCmd struct{}

func (c *passphraseCmd) Run(s *session) error {
	path, mode := s.passphraseFile()
	tty, err := openTerminal()
	if err != nil {
		return err
	}
	defer tty.Close()
	if err := s.knowsOld(tty, path); err != nil {
		return approvalFailure(err)
	}
	first, err := tty.secret(s.ctx, "New approval passphrase: ")
	if err != nil {
		return err
	}
	again, err := tty.secret(s.ctx, "The same again: ")
	if err != nil {
		return err
	}
	if !bytes.Equal(first, again) {
		return errors.New("the two differ; nothing was changed")
	}
	data, err := approval.NewVerifierFile(first)
	if err != nil {
		return approvalFailure(err)
	}
	if err := writePassphrase(path, append(data, '\n'), mode); err != nil {
		return err
	}
	v, err := approval.LoadVerifier(path)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.world.Stdout, "%s\nIt counts for servers that start from now on.\n", approvalState(v))
	if v.Advisory && os.Geteuid() != 0 {
		fmt.Fprintln(s.world.Stdout, "To have one that the agent cannot replace: sudo relay-shell auth passphrase")
	}
	if os.Geteuid() == 0 {
		fmt.Fprintln(s.world.Stdout, "A server that runs as root can replace it all the same; run the server as an ordinary account.")
	}
	return nil
}

// passphraseFile is where the passphrase goes: root's is for every account of this machine, so all have to be able to read its public half.
func (s *session) passphraseFile() (path string, mode os.FileMode) {
	switch {
	case s.cfg.ApprovalFile != "":
		path = s.cfg.ApprovalFile
	case os.Geteuid() == 0:
		path = systemApprovals
	default:
		return filepath.Join(s.cfg.StateDir, "approval.json"), 0o600
	}
	if os.Geteuid() == 0 {
		return path, 0o644
	}
	return path, 0o600
}

// knowsOld asks for the passphrase that is to be replaced; root may have forgotten it.
func (s *session) knowsOld(tty console, path string) error {
	old, err := approval.LoadVerifier(path)
	if errors.Is(err, approval.ErrNoKey) || os.Geteuid() == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = tty.key(s.ctx, old, "Present approval passphrase: ")
	return err
}

// writePassphrase puts the file in place as a whole.
func writePassphrase(path string, data []byte, mode os.FileMode) error {
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
