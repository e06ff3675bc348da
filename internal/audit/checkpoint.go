package audit

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint is a signed tree head (C2SP tlog-checkpoint).
type Checkpoint struct {
	// Origin names the log.
	Origin string
	Size   int64
	Root   tlog.Hash
	// Time is when it was signed, from an extension line; zero where there is none.
	Time time.Time
	// Note is the whole signed note.
	Note []byte
}

// checkpointText is what is signed.
func checkpointText(origin string, size int64, root tlog.Hash, at time.Time) string {
	return fmt.Sprintf("%s\n%d\n%s\ntime %s\n", origin, size, root, at.UTC().Format(time.RFC3339Nano))
}

// parseCheckpoint reads the text of a checkpoint. Extension lines that it does not know are passed over.
func parseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || lines[0] == "" || lines[len(lines)-1] != "" {
		return Checkpoint{}, errors.New("not a checkpoint")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return Checkpoint{}, errors.New("not a checkpoint: its second line is no size")
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return Checkpoint{}, errors.New("not a checkpoint: its third line is no hash")
	}
	c := Checkpoint{Origin: lines[0], Size: size, Root: root}
	for _, line := range lines[3 : len(lines)-1] {
		if at, ok := strings.CutPrefix(line, "time "); ok {
			c.Time, _ = time.Parse(time.RFC3339Nano, at) // an extension: a checkpoint without it is as good
		}
	}
	return c, nil
}

// openCheckpoint checks the signature of a note and reads it.
func openCheckpoint(signed []byte, v note.Verifier) (Checkpoint, error) {
	n, err := note.Open(signed, note.VerifierList(v))
	if err != nil {
		return Checkpoint{}, err
	}
	for _, sig := range n.Sigs {
		if _, err := base64.StdEncoding.Strict().DecodeString(sig.Base64); err != nil {
			return Checkpoint{}, errors.New("a signature is not spelled as it was written")
		}
	}
	c, err := parseCheckpoint(n.Text)
	if err != nil {
		return Checkpoint{}, err
	}
	if c.Origin != v.Name() {
		return Checkpoint{}, fmt.Errorf("checkpoint of another log: %s", c.Origin)
	}
	c.Note = signed
	return c, nil
}

// sigPrefix begins a signature line of a note.
const sigPrefix = "— "

// splitNotes cuts a file of notes apart. What a crash left of a note ends up before the note behind it.
func splitNotes(data []byte) [][]byte {
	var notes [][]byte
	start, signed := 0, false
	for at := 0; at < len(data); {
		end := bytes.IndexByte(data[at:], '\n')
		if end < 0 {
			break // torn
		}
		end += at + 1
		sig := bytes.HasPrefix(data[at:], []byte(sigPrefix))
		if signed && !sig {
			notes = append(notes, data[start:at])
			start, signed = at, false
		}
		signed = signed || sig
		at = end
		if at == len(data) && signed {
			notes = append(notes, data[start:at])
		}
	}
	return notes
}

// openNote opens a note that may have the remains of another before it.
func openNote(data []byte, v note.Verifier) (Checkpoint, error) {
	c, err := openCheckpoint(data, v)
	for rest := data; err != nil; {
		i := bytes.Index(rest, []byte("\n"+v.Name()+"\n"))
		if i < 0 {
			return Checkpoint{}, err
		}
		rest = rest[i+1:]
		if c, retry := openCheckpoint(rest, v); retry == nil {
			return c, nil
		}
	}
	return c, nil
}

// checkpoints is the file of signed tree heads.
type checkpoints struct {
	fsys FS
	name string
	key  *key

	mu   sync.Mutex
	lock lockFile
	// broken is why nothing is signed any more: a failed sync is final.
	broken error
}

// maxCheckpoints is the size in bytes at which the older half of the file is thinned out.
const maxCheckpoints = 1 << 20

// lastTail is where the newest checkpoint is looked for first.
const lastTail = 8 << 10

// last is the newest checkpoint with a good signature; ok is false if there is none.
func (c *checkpoints) last() (newest Checkpoint, ok bool, err error) {
	f, err := c.fsys.OpenFile(c.name, os.O_RDONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return Checkpoint{}, false, nil
	}
	if err != nil {
		return Checkpoint{}, false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Checkpoint{}, false, err
	}
	for _, from := range []int64{max(0, info.Size-lastTail), 0} {
		data, err := io.ReadAll(io.NewSectionReader(f, from, info.Size-from))
		if err != nil {
			return Checkpoint{}, false, err
		}
		notes := splitNotes(data)
		for i := len(notes) - 1; i >= 0; i-- {
			if found, err := openNote(notes[i], c.key.verifier); err == nil {
				return found, true, nil
			}
		}
	}
	return Checkpoint{}, false, nil
}

// sign signs a tree head, after proving that it continues the last one. When another process has signed as much or more, that
// checkpoint is returned instead.
func (c *checkpoints) sign(size int64, root tlog.Hash, now time.Time, hashes tlog.HashReader) (Checkpoint, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken != nil {
		return Checkpoint{}, c.broken
	}
	release, err := c.lock.acquire(Exclusive)
	if err != nil {
		return Checkpoint{}, err
	}
	defer release()
	last, ok, err := c.last()
	if err != nil {
		return Checkpoint{}, err
	}
	if ok {
		if last.Size >= size {
			return last, nil
		}
		if err := consistent(last, size, root, hashes); err != nil {
			return Checkpoint{}, err
		}
	}
	signed, err := note.Sign(&note.Note{Text: checkpointText(c.key.signer.Name(), size, root, now)}, c.key.signer)
	if err != nil {
		return Checkpoint{}, err
	}
	if err := c.write(signed); err != nil {
		return Checkpoint{}, err
	}
	return Checkpoint{Origin: c.key.signer.Name(), Size: size, Root: root, Time: now, Note: signed}, nil
}

// consistent proves that the tree with this root has last as its beginning.
func consistent(last Checkpoint, size int64, root tlog.Hash, hashes tlog.HashReader) error {
	proof, err := tlog.ProveTree(size, last.Size, hashes)
	if err == nil {
		err = tlog.CheckTree(proof, size, root, last.Size, last.Root)
	}
	if err != nil {
		return &InconsistentError{Signed: last.Size, Size: size, Err: err}
	}
	return nil
}

func (c *checkpoints) write(signed []byte) error {
	f, err := c.fsys.OpenFile(c.name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size > maxCheckpoints {
		// Thinning is a rename, which an append-only directory forbids; then the file grows.
		if err := c.thin(); err == nil {
			return c.write(signed)
		}
	}
	var end [1]byte
	if info.Size > 0 {
		if _, err := f.ReadAt(end[:], info.Size-1); err != nil {
			return err
		}
		if end[0] != '\n' {
			signed = append([]byte{'\n'}, signed...) // a crash tore the last note
		}
	}
	if _, err := f.Write(signed); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		c.broken = fmt.Errorf("checkpoints stopped: %w", err)
		return c.broken
	}
	if info.Size == 0 {
		return c.fsys.SyncDir(filepath.Dir(c.name))
	}
	return nil
}

// thin keeps every other note of the older half, and all of the newer.
func (c *checkpoints) thin() error {
	data, err := readFile(c.fsys, c.name)
	if err != nil {
		return err
	}
	notes := splitNotes(data)
	var kept []byte
	for i, n := range notes {
		if i >= len(notes)/2 || i%2 == 0 {
			kept = append(kept, n...)
		}
	}
	if int64(len(kept)) > maxCheckpoints {
		kept = kept[len(kept)-maxCheckpoints/2:] // notes without end: damage
	}
	return writeFile(c.fsys, c.name, kept)
}

// InconsistentError says that the tree does not continue what was signed last, so that nothing more is signed.
type InconsistentError struct {
	// Signed is the size that was signed last, Size that of the tree now.
	Signed, Size int64
	Err          error
}

func (e *InconsistentError) Error() string {
	return fmt.Sprintf("the tree of %d records does not continue the signed one of %d: %v", e.Size, e.Signed, e.Err)
}

func (e *InconsistentError) Unwrap() error { return e.Err }

// ErrorCode is audit_unavailable: what is recorded from now on can't be proven.
func (e *InconsistentError) ErrorCode() string { return codeUnavailable }

// ErrorHint says what to do next.
func (e *InconsistentError) ErrorHint() string {
	return "relay-shell audit verify names the record; keep the files as evidence and move them away to start a new log"
}
