package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Proof shows that one record is in the log of a signed checkpoint, without showing any other record.
type Proof struct {
	// Line is the record as it stands in the log, without its newline.
	Line []byte
	// Index is its place in the log: its sequence number.
	Index int64
	// Hashes is the inclusion proof (RFC 6962, 2.1.1).
	Hashes tlog.RecordProof
	// Checkpoint is the signed note of the tree.
	Checkpoint []byte
}

// proofHeader begins the part of a proof that other programs read too (C2SP tlog-proof).
const proofHeader = "c2sp.org/tlog-proof@v1"

// Text is the proof as a file: the record, an empty line, and a C2SP tlog-proof.
func (p *Proof) Text() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n\n%s\nindex %d\n", p.Line, proofHeader, p.Index)
	for _, h := range p.Hashes {
		fmt.Fprintln(&b, h)
	}
	b.WriteByte('\n')
	b.Write(p.Checkpoint)
	return b.Bytes()
}

// maxProof is the number of hashes that a proof may have: no tree is deeper.
const maxProof = 63

// ParseProof reads what Text writes.
func ParseProof(text []byte) (*Proof, error) {
	line, rest, ok := bytes.Cut(text, []byte("\n\n"+proofHeader+"\n"))
	if !ok || bytes.IndexByte(line, '\n') >= 0 {
		return nil, errors.New("not a proof: a record, an empty line and " + proofHeader + " are expected")
	}
	p := &Proof{Line: line}
	index, rest, ok := cutLine(rest)
	digits, named := bytes.CutPrefix(index, []byte("index "))
	n, err := strconv.ParseInt(string(digits), 10, 64)
	if !ok || !named || err != nil || n < 0 {
		return nil, errors.New("not a proof: it has no index")
	}
	p.Index = n
	for {
		var text []byte
		if text, rest, ok = cutLine(rest); !ok {
			return nil, errors.New("not a proof: it has no checkpoint")
		}
		if len(text) == 0 {
			break
		}
		h, err := tlog.ParseHash(string(text))
		// One hash has one spelling here, though base64 has several.
		if err != nil || h.String() != string(text) || len(p.Hashes) == maxProof {
			return nil, errors.New("not a proof: a line is no hash")
		}
		p.Hashes = append(p.Hashes, h)
	}
	p.Checkpoint = rest
	return p, nil
}

func cutLine(b []byte) (line, rest []byte, ok bool) { return bytes.Cut(b, []byte{'\n'}) }

// NotProvableError says why there is no proof of a record.
type NotProvableError struct {
	Seq    int64
	Reason string
	Hint   string
}

func (e *NotProvableError) Error() string { return fmt.Sprintf("record %d: %s", e.Seq, e.Reason) }

// ErrorCode is not_found.
func (e *NotProvableError) ErrorCode() string { return "not_found" }

// ErrorHint says what to do next.
func (e *NotProvableError) ErrorHint() string { return e.Hint }

// Prove makes a proof of the record with sequence number seq, against the newest checkpoint of the log at path. A nil fsys is the operating
// system's.
func Prove(fsys FS, path string, seq int64) (*Proof, error) {
	if fsys == nil {
		fsys = osFS{}
	}
	lay, err := newLayout(path)
	if err != nil {
		return nil, err
	}
	_, verifier, err := verifierKey(fsys, lay, "")
	if err != nil {
		return nil, err
	}
	signed, ok, err := (&checkpoints{fsys: fsys, name: lay.checkpoints(), key: &key{verifier: verifier}}).last()
	if err != nil {
		return nil, err
	}
	if seq < 0 || !ok || seq >= signed.Size {
		return nil, &NotProvableError{seq, fmt.Sprintf("the newest checkpoint covers records 0 to %d", signed.Size-1), "relay-shell audit checkpoint signs what was written since"}
	}
	f, err := fsys.OpenFile(lay.hashes(), os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	hashes := &hashFile{f}
	p := &Proof{Index: seq, Checkpoint: signed.Note}
	if p.Hashes, err = tlog.ProveRecord(signed.Size, seq, hashes); err != nil {
		return nil, err
	}
	leaf, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, seq)})
	if err != nil {
		return nil, err
	}
	if p.Line, err = lineOf(fsys, lay, seq, leaf[0]); err != nil {
		return nil, err
	}
	// What was read may be damaged: a proof that does not hold is never handed out.
	if _, _, err := CheckProof(p.Text(), verifier); err != nil {
		return nil, err
	}
	return p, nil
}

// lineOf reads one line by its sequence number; its hash tells it from a forged one.
func lineOf(fsys FS, lay *layout, seq int64, leaf tlog.Hash) ([]byte, error) {
	log, err := takeSnapshot(fsys, lay, nil)
	if err != nil {
		return nil, err
	}
	defer log.close()
	for i := len(log.segs) - 1; i >= 0; i-- {
		if log.segs[i].first > seq {
			continue
		}
		text, err := lineIn(log, &log.segs[i], seq, leaf)
		if text != nil || err != nil && !errors.Is(err, fs.ErrNotExist) {
			return text, err
		}
	}
	return nil, &NotProvableError{seq, "the record is not in the log, or was changed", "relay-shell audit verify says which; dropped records can't be proven any more"}
}

func lineIn(log *snapshot, s *segment, seq int64, leaf tlog.Hash) ([]byte, error) {
	if !s.compressed() {
		f, done, err := log.openAt(s)
		if err != nil {
			return nil, err
		}
		defer done()
		from, to, ok, err := find(f, s.size, seq, func(line []byte) bool { return leafHash(line) == leaf })
		if err != nil {
			return nil, err
		}
		if ok {
			text := make([]byte, to-from-1)
			_, err = f.ReadAt(text, from)
			return text, err
		}
	}
	r, err := log.open(s)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	// A damaged line has no sequence number on it, and a compressed file no offsets: count.
	lines := newLineReader(r, 0)
	for {
		text, _, err := lines.next()
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if leafHash(text) == leaf {
			return bytes.Clone(text), nil
		}
	}
}

// CheckProof checks a proof against a verifier key, offline: nothing but the two is read. It returns the record and the checkpoint that covers it.
func CheckProof(text []byte, v note.Verifier) (*Record, *Checkpoint, error) {
	p, err := ParseProof(text)
	if err != nil {
		return nil, nil, err
	}
	c, err := openCheckpoint(p.Checkpoint, v)
	if err != nil {
		return nil, nil, fmt.Errorf("the checkpoint of the proof: %w", err)
	}
	if p.Index >= c.Size {
		return nil, nil, fmt.Errorf("the proof is of record %d, but its checkpoint covers %d records", p.Index, c.Size)
	}
	if err := tlog.CheckRecord(p.Hashes, c.Size, c.Root, p.Index, leafHash(p.Line)); err != nil {
		return nil, nil, fmt.Errorf("the record is not in the log that was signed: %w", err)
	}
	var r Record
	if err := r.UnmarshalJSON(p.Line); err != nil {
		return nil, &c, nil // a torn line can be proven too
	}
	if r.Seq != p.Index {
		return nil, nil, fmt.Errorf("the record says that it is number %d, the proof %d", r.Seq, p.Index)
	}
	return &r, &c, nil
}

// ParsePublicKey reads a verifier key in the form of sumdb/note, name+hash+base64.
func ParsePublicKey(text string) (note.Verifier, error) {
	v, err := note.NewVerifier(strings.TrimSpace(text))
	if err != nil {
		return nil, fmt.Errorf("the public key is not a verifier key (name+hash+base64): %w", err)
	}
	return v, nil
}

// PublicKey reads the verifier key that lies beside the log at path: as text in the form of sumdb/note, and as a verifier, whose name is the
// log's origin.
func PublicKey(path string) (string, note.Verifier, error) {
	lay, err := newLayout(path)
	if err != nil {
		return "", nil, err
	}
	return verifierKey(osFS{}, lay, "")
}
