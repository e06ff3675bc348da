package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
)

// damage collects lines that are not the record their place asks for, until a record behind them says that they were found.
type damage struct{ runs []*run }

// run is a row of damaged lines.
type run struct {
	from, to int64
	bytes    int64
	sum      hash.Hash
	// file and line are where it begins, line counting from 1.
	file         string
	line, offset int64
	// seq is the sequence number on its first line, -1 where that is no record.
	seq int64
}

// add notes one damaged line. Adjacent ones make one run.
func (d *damage) add(index int64, line []byte) { d.addAt(index, line, "", 0, 0, -1) }

// addAt is add with where the line is and which sequence number stands on it, -1 for none.
func (d *damage) addAt(index int64, line []byte, file string, number, offset, seq int64) {
	if n := len(d.runs); n > 0 && d.runs[n-1].to == index {
		r := d.runs[n-1]
		r.sum.Write([]byte{'\n'})
		r.sum.Write(line)
		r.to++
		r.bytes += int64(len(line)) + 1
		return
	}
	r := &run{from: index, to: index + 1, bytes: int64(len(line)), sum: sha256.New(), file: file, line: number, offset: offset, seq: seq}
	r.sum.Write(line)
	d.runs = append(d.runs, r)
}

// detail is what the recovery record says of the run.
func (r *run) detail(reason string) *Detail {
	return &Detail{Reason: reason, From: &r.from, To: &r.to, Bytes: r.bytes, SHA256: hex.EncodeToString(r.sum.Sum(nil))}
}

// cover takes a run off the list if the recovery record describes exactly it, and reports whether it did.
func (d *damage) cover(detail *Detail) bool {
	if detail == nil || detail.From == nil || detail.To == nil {
		return false
	}
	for i, r := range d.runs {
		if r.from == *detail.From && r.to == *detail.To && r.bytes == detail.Bytes && hex.EncodeToString(r.sum.Sum(nil)) == detail.SHA256 {
			d.runs = append(d.runs[:i], d.runs[i+1:]...)
			return true
		}
	}
	return false
}

// housekeeping decodes a line if it is a record of the log about itself.
func housekeeping(line []byte) (*Record, bool) {
	if !bytes.Contains(line[:min(len(line), 200)], []byte(`"phase":"log"`)) {
		return nil, false
	}
	var r Record
	if json.Unmarshal(line, &r) != nil || r.Phase != Housekeeping || r.Log == nil {
		return nil, false
	}
	return &r, true
}
