package policy

import (
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"
)

// ruleFile is a rules file that is read again when it changes.
//
// An agent with a shell under the server's account may be able to write the file, so a change can only make the policy
// stricter: until the server is started again, a call has to pass both the rules of the start and those of now.
type ruleFile struct {
	path  string
	now   func() time.Time
	start *ruleSet

	mu      sync.Mutex
	current *ruleSet
	seen    fileState
	problem string
}

// fileState tells whether a file has changed.
type fileState struct {
	size  int64
	mtime time.Time
	inode uint64
	dev   uint64
	mode  os.FileMode
}

// maxRulesFile bounds a rules file in bytes.
const maxRulesFile = 1 << 20

func openRules(path string, now func() time.Time) (*ruleFile, error) {
	f := &ruleFile{path: path, now: now}
	set, state, err := f.read()
	if err != nil {
		return nil, fmt.Errorf("policy file %s: %w", path, err)
	}
	f.start, f.current, f.seen = set, set, state
	return f, nil
}

func (f *ruleFile) read() (*ruleSet, fileState, error) {
	file, err := os.OpenFile(f.path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe in its place must not hold up every call
	if err != nil {
		return nil, fileState{}, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fileState{}, err
	}
	state := stateOf(info)
	if err := trusted(info); err != nil {
		return nil, state, err
	}
	data, err := io.ReadAll(io.LimitReader(file, maxRulesFile+1))
	if err != nil {
		return nil, state, err
	}
	if len(data) > maxRulesFile {
		return nil, state, fmt.Errorf("it is longer than %d bytes", maxRulesFile)
	}
	set, err := parseRules(data)
	return set, state, err
}

// trusted refuses a file that others than root and the server's own user can change.
func trusted(info os.FileInfo) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("it is no regular file")
	}
	if info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("others can write it (mode %04o); chmod go-w", info.Mode().Perm())
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid != 0 && int(st.Uid) != os.Getuid() {
		return fmt.Errorf("it belongs to uid %d, neither to root nor to this server's user", st.Uid)
	}
	return nil
}

func stateOf(info os.FileInfo) fileState {
	s := fileState{size: info.Size(), mtime: info.ModTime(), mode: info.Mode()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		s.inode, s.dev = st.Ino, uint64(st.Dev)
	}
	return s
}

// sets returns the rules of the start, and those of now if they differ.
func (f *ruleFile) sets() []*ruleSet {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refresh()
	if f.current.version == f.start.version {
		return []*ruleSet{f.start}
	}
	return []*ruleSet{f.start, f.current}
}

// namesHosts reports whether a rule that denies or asks is about hosts.
func (f *ruleFile) namesHosts() bool {
	for _, set := range f.sets() {
		for _, r := range set.rules {
			if r.effect != Allow && len(r.Host) > 0 {
				return true
			}
		}
	}
	return false
}

// refresh reads the file again if it changed. A file that is gone or not valid leaves the last valid rules in force.
func (f *ruleFile) refresh() {
	info, err := os.Stat(f.path)
	if err != nil {
		f.problem, f.seen = fmt.Sprintf("policy file: %v; the rules before stay in force", err), fileState{} // what comes in its place is read
		return
	}
	if stateOf(info) == f.seen {
		return
	}
	set, state, err := f.read()
	f.seen = state
	if err != nil {
		f.problem = fmt.Sprintf("policy file %s: %v; the rules before stay in force", f.path, err)
		return
	}
	f.current, f.problem = set, ""
}

func (f *ruleFile) version() string {
	v := ""
	for i, s := range f.sets() {
		if i > 0 {
			v += "+"
		}
		v += s.version
	}
	return v
}

func (f *ruleFile) problems() []string {
	f.sets()
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	if f.problem != "" {
		out = append(out, f.problem)
	}
	if f.current.version != f.start.version {
		out = append(out, "the policy file has changed since the start: what it now allows more counts only after a restart")
	}
	return out
}

// match asks each set of rules and returns the strictest answer: a rule that denies before one that asks; a rule that allows
// only if every set has one.
func (f *ruleFile) match(s Subject, a Assessment, who Who) *rule {
	var best *rule
	silent := false
	for _, set := range f.sets() {
		r := set.match(s, a, who, f.now())
		if r == nil {
			silent = true
			continue
		}
		if best == nil || strictness(r.effect) > strictness(best.effect) {
			best = r
		}
	}
	if best != nil && best.effect == Allow && silent {
		return nil
	}
	return best
}

func strictness(e Effect) int {
	switch e {
	case Deny:
		return 2
	case Confirm:
		return 1
	}
	return 0
}
