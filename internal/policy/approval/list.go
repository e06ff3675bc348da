package approval

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// List reads the questions that wait for a person in a directory, oldest first. Expired ones are removed; files that are none
// of ours are passed over.
func List(dir string, now time.Time) ([]*Waiting, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.pending"))
	if err != nil {
		return nil, err
	}
	var out []*Waiting
	for _, name := range names {
		w, err := load(name)
		if err != nil {
			continue
		}
		if now.After(w.Expires) {
			os.Remove(name)
			os.Remove(answerPath(dir, w.Token))
			continue
		}
		out = append(out, w)
	}
	slices.SortFunc(out, func(a, b *Waiting) int { return a.Asked.Compare(b.Asked) })
	return out, nil
}

// Find reads the question of a token, or of the only token that begins with it.
func Find(dir, token string, now time.Time) (*Waiting, error) {
	all, err := List(dir, now)
	if err != nil {
		return nil, err
	}
	var found *Waiting
	for _, w := range all {
		if w.Token == token {
			return w, nil
		}
		if len(token) >= 4 && strings.HasPrefix(w.Token, token) {
			if found != nil {
				return nil, &Error{"invalid_argument", "more than one token begins like this", "type more of it"}
			}
			found = w
		}
	}
	if found == nil {
		return nil, ErrUnknown
	}
	return found, nil
}

func load(path string) (*Waiting, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	w := &Waiting{raw: data}
	if err := json.Unmarshal(data, w); err != nil {
		return nil, err
	}
	if w.Token+".pending" != filepath.Base(path) || w.Digest == "" || !w.Human {
		return nil, errors.New("it is no question of ours")
	}
	return w, nil
}

// alive reports whether a process exists.
func alive(pid int) bool {
	if pid <= 0 {
		return false
	}
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}
