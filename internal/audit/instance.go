package audit

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/oklog/ulid/v2"

	"relay-shell/internal/lazyregexp"
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

var instanceName = lazyregexp.New(`^[0-9A-Za-z-]{8,64}$`)

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
