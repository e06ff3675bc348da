package audit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// VerifyOptions say what to verify, and against what.
type VerifyOptions struct {
	// Path is the live segment.
	Path string
	// Since leaves out the segments that were sealed before; zero verifies all.
	Since time.Time
	// Floors are tree heads from elsewhere that the log must contain: a result's, or a witness's. See [ParseFloor].
	Floors []Floor
	// PublicKey is the verifier key of the checkpoints as somebody keeps it outside of this machine; "" takes the one that lies beside the
	// log, which whoever rewrites the log can replace.
	PublicKey string
	// FS is the file system, nil = the operating system's.
	FS FS
}

// Fault is the first thing wrong with a log.
type Fault struct {
	// File is where it is; Line counts from 1, 0 where no line is meant.
	File string `json:"file"`
	Line int64  `json:"line"`
	// Seq is the sequence number concerned, Offset the byte in the file where the line begins.
	Seq    int64  `json:"seq"`
	Offset int64  `json:"offset"`
	Reason string `json:"reason"`
}

func (f *Fault) Error() string {
	if f.Line == 0 {
		return fmt.Sprintf("%s: record %d: %s", f.File, f.Seq, f.Reason)
	}
	return fmt.Sprintf("%s:%d: record %d: %s", f.File, f.Line, f.Seq, f.Reason)
}

// Report is what Verify found.
type Report struct {
	// OK says that nothing is wrong.
	OK    bool   `json:"ok"`
	Fault *Fault `json:"fault,omitempty"`
	// Size and Root are those of the tree, as far as it was read.
	Size int64  `json:"size"`
	Root string `json:"root"`
	// First is the first sequence number that was read: more than 0 where the beginning was dropped, or left out with Since.
	First    int64 `json:"first"`
	Records  int64 `json:"records"`
	Segments int   `json:"segments"`
	Bytes    int64 `json:"bytes"`
	// Checkpoints counts the signed heads that were checked against the records, and Signed is the largest one's size.
	Checkpoints int   `json:"checkpoints"`
	Signed      int64 `json:"signed"`
	// Damaged counts lines that a crash tore and the log itself says so.
	Damaged int64 `json:"damaged"`
	// PublicKey is the key that the checkpoints were checked with.
	PublicKey string `json:"public_key,omitempty"`
	// Notes are things worth knowing that are no faults.
	Notes []string `json:"notes,omitempty"`
}

// Verify reads a log and checks that its records stand in one unbroken sequence, that they are those whose hashes were stored and signed,
// and that it contains every floor. It may run while the log is written. The error is for what kept it from verifying; what is wrong with the log is
// in the report.
func Verify(ctx context.Context, o VerifyOptions) (*Report, error) {
	if o.FS == nil {
		o.FS = osFS{}
	}
	lay, err := newLayout(o.Path)
	if err != nil {
		return nil, err
	}
	for try := 0; ; try++ {
		v := &verifier{opts: o, fsys: o.FS, lay: lay, report: &Report{}}
		err := v.run(ctx)
		// A segment that is gone after it was listed was dropped or compressed meanwhile: look again.
		if errors.Is(err, fs.ErrNotExist) && v.listed && try < 3 {
			continue
		}
		var fault *Fault
		if errors.As(err, &fault) {
			v.report.Fault, err = fault, nil
		}
		v.report.OK = v.report.Fault == nil && err == nil
		v.report.Size, v.report.Root = v.tree.size, v.tree.root().String()
		return v.report, err
	}
}

// verifier is one run of Verify.
type verifier struct {
	opts   VerifyOptions
	fsys   FS
	lay    *layout
	report *Report
	listed bool

	log    *snapshot
	segs   []segment
	hashes *hashFile
	// storedBytes is the size of the stored hashes at the snapshot.
	storedBytes int64
	// heads are what the tree must have been, by size.
	heads []head

	tree    edge
	stored  *storedHashes
	damage  damage
	hasher  leafHasher
	scratch []byte
	// good is the size up to which a head has confirmed the tree.
	good int64
	// suspect is the first line whose hash is not the stored one.
	suspect *Fault
	// dropped is the sequence number before which a record of the log says that payloads were dropped.
	dropped  int64
	external bool
	// headed says that the file has said what it continues.
	headed bool
	// file, line and offset are where the verification stands.
	file         string
	line, offset int64
}

// head is a tree head from a checkpoint or a floor.
type head struct {
	size int64
	root tlog.Hash
	name string
}

func (v *verifier) run(ctx context.Context) error {
	defer v.close()
	if err := v.snapshot(); err != nil {
		return err
	}
	start, err := v.begin()
	if err != nil {
		return err
	}
	if err := v.passHeads(); err != nil {
		return err
	}
	for i := start; i < len(v.segs); i++ {
		if err := v.segment(ctx, &v.segs[i]); err != nil {
			return v.earliest(err)
		}
	}
	return v.earliest(v.end())
}

// earliest is the first of the fault that ended the run and the ones noticed on the way.
func (v *verifier) earliest(err error) error {
	var fault *Fault
	if err != nil && !errors.As(err, &fault) {
		return err
	}
	if v.suspect != nil && (fault == nil || v.suspect.Seq <= fault.Seq) {
		fault = v.suspect
	}
	if len(v.damage.runs) > 0 {
		if r := v.damage.runs[0]; fault == nil || r.from <= fault.Seq {
			fault = &Fault{File: r.file, Line: r.line, Seq: r.from, Offset: r.offset, Reason: r.reason()}
		}
	}
	if fault == nil {
		return nil
	}
	return fault
}

// snapshot takes in, while nobody writes, what the log is made of.
func (v *verifier) snapshot() (err error) {
	v.log, err = takeSnapshot(v.fsys, v.lay, func() error {
		if f, err := v.fsys.OpenFile(v.lay.hashes(), os.O_RDONLY, 0); err == nil {
			v.hashes = &hashFile{f}
			info, err := f.Stat()
			if err != nil {
				return err
			}
			v.storedBytes = info.Size
		} else {
			v.note("the stored hashes are not there: a changed line can't be told from its neighbours")
		}
		return v.readHeads()
	})
	if err != nil {
		return err
	}
	if !v.log.locked {
		v.note("the lock could not be taken: if the log is being written, its last line may look torn")
	}
	if len(v.log.segs) == 0 {
		return &fs.PathError{Op: "verify", Path: v.lay.live, Err: fs.ErrNotExist}
	}
	v.segs, v.listed = v.log.segs, true
	return nil
}

func (v *verifier) close() {
	if v.log != nil {
		v.log.close()
	}
	if v.hashes != nil {
		v.hashes.f.Close()
	}
}

func (v *verifier) note(format string, args ...any) {
	v.report.Notes = append(v.report.Notes, fmt.Sprintf(format, args...))
}

// begin finds the first segment to read, and the tree before it.
func (v *verifier) begin() (start int, err error) {
	if !v.opts.Since.IsZero() {
		for i := 1; i < len(v.segs); i++ {
			began, err := beganAt(v.fsys, &v.segs[i])
			if err != nil {
				return 0, err
			}
			if began.IsZero() || began.After(v.opts.Since) {
				break
			}
			start = i
		}
	}
	first := v.segs[start].first
	v.report.First = max(first, 0)
	if first <= 0 {
		v.openStored()
		return start, nil
	}
	e, external, err := firstEdge(v.fsys, &v.segs[start])
	if err != nil {
		return 0, err
	}
	if e.size != first {
		return 0, &Fault{File: v.segs[start].base(), Line: 1, Seq: first, Reason: "the segment does not begin with a record that says what it continues"}
	}
	v.tree, v.external = e, external
	if v.hashes != nil {
		stored, err := edgeAt(first, v.hashes)
		if err != nil || stored.root() != e.root() {
			return 0, &Fault{File: v.segs[start].base(), Line: 1, Seq: first, Reason: "the segment's first record names a root that is not that of the stored hashes"}
		}
	}
	if start > 0 {
		v.dropped = first // left out on purpose
	}
	v.openStored()
	return start, nil
}

// passHeads checks the heads of trees that end before what is read, which only the stored hashes can show.
func (v *verifier) passHeads() error {
	for len(v.heads) > 0 && v.heads[0].size < v.tree.size {
		h := v.heads[0]
		v.heads = v.heads[1:]
		if v.hashes == nil {
			continue
		}
		e, err := edgeAt(h.size, v.hashes)
		if err != nil || e.root() != h.root {
			return &Fault{File: filepath.Join(filepath.Base(v.lay.tree), "hashes"), Seq: max(h.size-1, 0), Reason: "the stored hashes before this record do not have the root of " + h.name}
		}
		v.report.Checkpoints++
	}
	return v.checkHeads()
}

// checkHeads compares the tree with the heads of its size.
func (v *verifier) checkHeads() error {
	var root tlog.Hash
	for first := true; len(v.heads) > 0 && v.heads[0].size == v.tree.size; first = false {
		if first {
			root = v.tree.root()
		}
		h := v.heads[0]
		if h.root != root {
			return v.mismatch(h)
		}
		v.heads = v.heads[1:]
		v.report.Checkpoints++
		v.good = v.tree.size
		if v.suspect != nil {
			// The records lead to the signed root: it is the stored hash that was changed.
			return &Fault{
				File: filepath.Join(filepath.Base(v.lay.tree), "hashes"), Seq: v.suspect.Seq,
				Reason: "the stored hash is not that of the record, which is the one that was signed",
			}
		}
	}
	return nil
}

// mismatch names what made the root another one, as closely as is known.
func (v *verifier) mismatch(h head) error {
	if v.suspect != nil {
		return v.suspect
	}
	return &Fault{
		File: v.file, Line: v.line, Offset: v.offset, Seq: max(v.tree.size-1, 0),
		Reason: fmt.Sprintf("the root over the records up to here is not that of %s; a record from %d on was changed, and its stored hash with it", h.name, v.good),
	}
}

// end checks what can be said only after the last line.
func (v *verifier) end() error {
	r := v.report
	at := Fault{File: filepath.Base(v.lay.live), Line: v.line + 1, Offset: v.offset, Seq: v.tree.size}
	if len(v.heads) > 0 {
		h := v.heads[len(v.heads)-1]
		at.Reason = fmt.Sprintf("the log ends here, but %s covers %d records: its end was cut off", h.name, h.size)
		return &at
	}
	if v.stored != nil {
		if more := v.stored.left(); more > 0 && v.suspect == nil {
			at.Reason = fmt.Sprintf("the log ends here, but hashes of %d records more are stored: its end was cut off", more)
			return &at
		}
	}
	if r.First > v.dropped {
		if !v.external {
			return &Fault{File: v.segs[0].base(), Line: 1, Seq: 0, Reason: fmt.Sprintf("the records before %d are missing, and no record says that they were dropped", r.First)}
		}
		v.note("records 0 to %d are in no file here; something else rotates this log", r.First-1)
	}
	if v.report.Signed == 0 && v.tree.size > 1 {
		return &Fault{File: filepath.Join(filepath.Base(v.lay.tree), "checkpoints"), Seq: 0, Reason: "no checkpoint carries a signature of this key"}
	}
	if tail := v.tree.size - r.Signed; tail > 0 {
		v.note("the last %d records are not signed yet", tail)
	}
	return nil
}

// readHeads collects the checkpoints with a good signature, and the floors.
func (v *verifier) readHeads() error {
	if err := v.readCheckpoints(); err != nil {
		return err
	}
	for _, f := range v.opts.Floors {
		v.heads = append(v.heads, head{f.Size, f.Root, fmt.Sprintf("the floor %d:%s", f.Size, f.Root)})
	}
	sort.SliceStable(v.heads, func(i, j int) bool { return v.heads[i].size < v.heads[j].size })
	return nil
}

func (v *verifier) readCheckpoints() error {
	key, verifier, err := verifierKey(v.fsys, v.lay, v.opts.PublicKey)
	if errors.Is(err, fs.ErrNotExist) {
		v.note("there is no public key beside the log")
		return nil
	}
	if err != nil {
		return err
	}
	v.report.PublicKey = key
	data, err := readFile(v.fsys, v.lay.checkpoints())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	bad := 0
	for _, n := range splitNotes(data) {
		c, err := openNote(n, verifier)
		if err != nil {
			bad++
			continue
		}
		v.heads = append(v.heads, head{c.Size, c.Root, fmt.Sprintf("the checkpoint signed at %s over %d records", c.Time.UTC().Format(time.RFC3339), c.Size)})
		v.report.Signed = max(v.report.Signed, c.Size)
	}
	if bad > 0 {
		v.note("%d checkpoints are torn or not signed with this key", bad)
	}
	return nil
}
