package audit

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/oklog/ulid/v2"
)

// instance is this process's presence in the log: a file that is locked for as long as it lives, named after its ULID. It holds the
// sequence number before which the process has no call in flight, so that whoever finds it dead need not read the whole log.
type instance struct {
	fsys FS
	id   string
	name string
	f    File
	low  int64
}

// noCalls marks an instance that has not begun to append.
const noCalls = math.MaxInt64

var instanceName = regexp.MustCompile(`^[0-9A-Za-z-]{8,64}$`)

// register makes the file of a new instance. The caller holds the log's lock, so that nobody sees the file before it is locked.
func register(fsys FS, lay *layout, id string) (*instance, error) {
	if !instanceName.MatchString(id) {
		id = newID()
	}
	for range 3 {
		i := &instance{fsys: fsys, id: id, name: filepath.Join(lay.instances(), id), low: -1}
		f, err := fsys.OpenFile(i.name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) {
			id = newID() // another log of the same session: each needs a life of its own
			continue
		}
		if err != nil {
			return nil, err
		}
		i.f = f
		if err := f.Lock(Exclusive, false); err != nil {
			f.Close()
			return nil, err
		}
		if err := i.mark(noCalls); err != nil {
			f.Close()
			_ = fsys.Remove(i.name)
			return nil, err
		}
		return i, nil
	}
	return nil, fmt.Errorf("registering the instance: the name %s is taken", id)
}

func newID() string { return ulid.MustNew(ulid.Now(), rand.Reader).String() }

// mark notes that no call in flight is older than this sequence number.
func (i *instance) mark(low int64) error {
	if low == i.low {
		return nil
	}
	if _, err := i.f.WriteAt(fmt.Appendf(nil, "%020d\n", low), 0); err != nil {
		return err
	}
	i.low = low
	return nil
}

// close gives the instance up. A file with calls still in flight stays for the next start to find.
func (i *instance) close(idle bool) error {
	if idle {
		if err := i.fsys.Remove(i.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// dead is an instance whose process is gone.
type dead struct {
	name string
	low  int64
}

// findDead lists the instances whose lock nobody holds.
func findDead(fsys FS, lay *layout) (map[string]dead, error) {
	names, err := fsys.ReadDir(lay.instances())
	if err != nil {
		return nil, err
	}
	found := map[string]dead{}
	for _, id := range names {
		name := filepath.Join(lay.instances(), id)
		f, err := fsys.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			continue // ended just now
		}
		if f.Lock(Exclusive, false) == nil {
			found[id] = dead{name: name, low: readLow(f)}
		}
		f.Close()
	}
	return found, nil
}

func readLow(f File) int64 {
	text, err := io.ReadAll(io.NewSectionReader(f, 0, 32))
	if err != nil {
		return 0
	}
	low, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return 0
	}
	return low
}

// closeOrphans writes a result with the outcome unknown for every call whose process died before it could. Calls of living processes are
// not touched. The caller holds the lock.
func (l *Log) closeOrphans() error {
	gone, err := findDead(l.fsys, l.lay)
	if err != nil || len(gone) == 0 {
		return err
	}
	from := l.state.tree.size
	for _, d := range gone {
		from = min(from, d.low)
	}
	orphans, err := l.orphans(from, gone)
	if err != nil {
		return err
	}
	for _, intent := range orphans {
		if err := l.closeOrphan(intent); err != nil {
			return err
		}
	}
	if err := l.state.live.Sync(); err != nil {
		return l.poisonLocked(err)
	}
	for _, d := range gone {
		_ = l.fsys.Remove(d.name) // found again at the next start, and then it has no orphans
	}
	return nil
}

// orphans reads the intents from a sequence number on that have no result and whose process is gone, in their order.
func (l *Log) orphans(from int64, gone map[string]dead) ([]*Record, error) {
	segs, err := segments(l.fsys, l.lay)
	if err != nil {
		return nil, err
	}
	waiting := map[string]*Record{}
	var order []*Record
	for i := range segs {
		if segs[i].compressed() || i+1 < len(segs) && segs[i+1].first >= 0 && segs[i+1].first <= from {
			continue
		}
		err := l.eachFrom(&segs[i], from, func(line []byte) {
			if !bytes.Contains(line, []byte(`"phase":"intent"`)) && !bytes.Contains(line, []byte(`"phase":"result"`)) {
				return
			}
			r := new(Record)
			if json.Unmarshal(line, r) != nil {
				return
			}
			if r.Phase == Result {
				delete(waiting, r.Call)
				return
			}
			if _, ok := gone[r.owner()]; ok {
				waiting[r.Call] = r
				order = append(order, r)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	var left []*Record
	for _, r := range order {
		if waiting[r.Call] == r {
			left = append(left, r)
		}
	}
	return left, nil
}

// owner is the instance that wrote the record.
func (r *Record) owner() string {
	if r.Server != "" {
		return r.Server
	}
	return r.Session
}

// eachFrom calls do for every line of a segment from about a sequence number on.
func (l *Log) eachFrom(s *segment, from int64, do func(line []byte)) error {
	f, err := l.fsys.OpenFile(s.name, os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	at, err := bisect(f, s.size, from)
	if err != nil {
		return err
	}
	lines := newLineReader(io.NewSectionReader(f, at, 1<<62), at)
	for {
		line, _, err := lines.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		do(line)
	}
}

func (l *Log) closeOrphan(intent *Record) error {
	r := *intent
	r.Phase, r.Outcome = Result, unknownOutcome
	r.Error = &Error{Code: unknownOutcome, Message: "the process that ran this call ended before it could record the outcome"}
	r.Server = l.instance.id
	r.DurationMS = 0
	encoded, err := encode(&r)
	if err != nil {
		return err
	}
	return l.put(&r, encoded)
}
