package approval

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Answer is what a person said.
type Answer struct {
	Approve bool      `json:"approve"`
	Reason  string    `json:"reason,omitempty"`
	By      string    `json:"by"` // who, as far as it is known
	At      time.Time `json:"at"`
}

// signed is an answer file. The signature covers the pending file as the person saw it, so that nothing shown can be swapped.
type signed struct {
	Answer Answer `json:"answer"`
	proof
}

const signContext = "relay-shell approval answer v1\n"

func message(pending []byte, a Answer) ([]byte, error) {
	body, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(pending)
	return append(append([]byte(signContext), sum[:]...), body...), nil
}

// Sign writes the signed answer to what waits under a token, as seen in seen, for the server to find.
func Sign(dir string, seen *Waiting, key *Key, a Answer) error {
	a.At = a.At.UTC().Truncate(time.Millisecond)
	msg, err := message(seen.raw, a)
	if err != nil {
		return err
	}
	p, err := key.sign(msg)
	if err != nil {
		return err
	}
	data, err := json.Marshal(signed{a, p})
	if err != nil {
		return err
	}
	if _, err := os.Stat(pendingPath(dir, seen.Token)); errors.Is(err, os.ErrNotExist) {
		return ErrUnknown
	}
	return writeFile(answerPath(dir, seen.Token), data)
}

// verify reads and checks the answer to a pending file; there may be none yet.
func (v *Verifier) verify(dir, token string, pending []byte) (*Answer, error) {
	data, err := readFile(answerPath(dir, token))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var s signed
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, ErrForged
	}
	msg, err := message(pending, s.Answer)
	if err != nil {
		return nil, ErrForged
	}
	if v == nil || !v.accepts(msg, s.proof) {
		return nil, ErrForged
	}
	return &s.Answer, nil
}

func pendingPath(dir, token string) string { return filepath.Join(dir, token+".pending") }
func answerPath(dir, token string) string  { return filepath.Join(dir, token+".answer") }

// writeFile puts a file in place as a whole, readable by its owner alone.
func writeFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	if info, serr := os.Stat(filepath.Dir(path)); os.Geteuid() == 0 && serr == nil {
		if st, ok := info.Sys().(*syscall.Stat_t); ok {
			_ = f.Chown(int(st.Uid), int(st.Gid)) // root answers for a server of another account, which has to read it
		}
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("writing %s: %w", filepath.Base(path), err)
	}
	return nil
}

// maxFile bounds every file that is read here, in bytes.
const maxFile = 2 << 20

func readFile(path string) ([]byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return nil, fmt.Errorf("%s is no file of ours", filepath.Base(path))
	}
	return os.ReadFile(path)
}
