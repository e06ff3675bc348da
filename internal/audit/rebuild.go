package audit

import "fmt"

// rebuild computes the stored hashes again. What comes out must have the signed root; where it has not, the log was changed behind a
// checkpoint, which nothing here can mend: the log goes on with what there is, unsigned and degraded, and verify names the record.
func (l *Log) rebuild(segs []segment, last Checkpoint) (edge, error) {
	r := rebuilding{to: l.hashes, size: last.Size}
	for i := range segs {
		if err := r.segment(l.fsys, &segs[i]); err != nil {
			return edge{}, err
		}
	}
	if err := r.flush(); err != nil {
		return edge{}, err
	}
	if r.tree.size != last.Size || r.tree.root() != last.Root {
		l.state.flaw = fmt.Sprintf("the log does not match its signed checkpoint of %d records", last.Size)
	}
	return r.tree, nil
}

// rebuilding is the state of rebuild.
type rebuilding struct {
	to   *hashFile
	tree edge
	// pending are the hashes of the leaves from first on that are not stored yet.
	pending []byte
	first   int64
	// size is where to stop.
	size int64
}

func (r *rebuilding) segment(fsys FS, s *segment) error {
	in, err := openSegment(fsys, s)
	if err != nil {
		return err
	}
	defer in.Close()
	lines := newLineReader(in, 0)
	for r.tree.size < r.size {
		line, _, err := lines.next()
		if err != nil {
			return ignoreEOF(err)
		}
		if next, ok := edgeOf(line); ok && next.size > r.tree.size {
			r.tree, r.first = next, next.size // its beginning was dropped
		}
		r.pending = r.tree.add(leafHash(line), r.pending)
		if len(r.pending) > flushAt {
			if err := r.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *rebuilding) flush() error {
	err := r.to.put(r.first, r.pending)
	r.first, r.pending = r.tree.size, r.pending[:0]
	return err
}
