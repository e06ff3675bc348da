package job

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"

	"relay-shell/internal/keeper"
)

// The files of a job beside its output.
const (
	metaName = "job.json"
	endName  = "end"
	// endRoom is the size of the file for the end, which is there from the start, so that a full disk cannot keep the end from
	// being noted.
	endRoom = 2 << 10
)

// Chunk is a piece of a job's output.
type Chunk struct {
	// Data are the bytes from Start on, which is beyond the cursor where bytes are missing. Next is the cursor behind them.
	Data        []byte
	Start, Next int64
	// First is the offset of the oldest kept byte, Total that behind the newest.
	First, Total int64
}

// Newest as a cursor asks for the newest output.
const Newest = -1

// Read reads at most limit bytes of a job's output from cursor on, or the newest. It ends before bytes that are missing.
func Read(dir string, cursor int64, limit int) (Chunk, error) {
	for tries := 0; ; tries++ {
		c, err := read(dir, cursor, limit)
		if errors.Is(err, os.ErrNotExist) && tries < 5 { // the oldest segment has gone meanwhile
			if _, gone := os.Stat(dir); gone == nil {
				continue
			}
		}
		return c, err
	}
}

func read(dir string, cursor int64, limit int) (Chunk, error) {
	list, err := segments(dir)
	if err != nil {
		return Chunk{}, err
	}
	var c Chunk
	if len(list) > 0 {
		c.First, c.Total = list[0].start, list[len(list)-1].end()
	}
	if end, ok := readEnd(dir); ok {
		c.Total = max(c.Total, end.Total)
	}
	if cursor == Newest {
		cursor = c.Total - int64(limit)
	}
	c.Start = min(max(cursor, c.First), c.Total)
	c.Next = c.Start
	for _, s := range list {
		if s.end() <= c.Next || len(c.Data) >= limit {
			continue
		}
		if s.start > c.Next {
			if len(c.Data) > 0 {
				return c, nil // a gap
			}
			c.Start, c.Next = s.start, s.start
		}
		part, err := readSegment(filepath.Join(dir, segmentName(s.start)), c.Next-s.start, min(s.end()-c.Next, int64(limit-len(c.Data))))
		if err != nil {
			return c, err
		}
		c.Data = append(c.Data, part...)
		c.Next += int64(len(part))
	}
	if len(c.Data) == 0 {
		c.Start, c.Next = c.Total, c.Total // what there was to come could not be kept
	}
	return c, nil
}

func readSegment(path string, offset, n int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	buf := make([]byte, n)
	got, err := f.ReadAt(buf, offset)
	if err == io.EOF {
		err = nil
	}
	return buf[:got], err
}

// Find reads what is known of the job with this id, from the directory of all jobs. end is nil while it has not been noted.
func Find(jobs, id string) (meta Meta, end *End, err error) {
	if !keeper.ValidID(Kind, id) {
		return Meta{}, nil, notFound(id)
	}
	b, err := os.ReadFile(filepath.Join(jobs, id, metaName))
	if errors.Is(err, os.ErrNotExist) {
		return Meta{}, nil, notFound(id)
	}
	if err == nil {
		err = json.Unmarshal(b, &meta)
	}
	if e, ok := readEnd(filepath.Join(jobs, id)); ok {
		end = &e
	}
	return meta, end, err
}

func notFound(id string) error {
	return &keeper.Error{Code: "not_found", Message: "there is no job " + strconvQuote(id), Hint: "job_list shows the jobs"}
}

// readEnd reads how a job ended.
func readEnd(dir string) (e End, ok bool) {
	b, err := os.ReadFile(filepath.Join(dir, endName))
	if err != nil || len(b) == 0 || b[0] != '{' {
		return e, false
	}
	return e, json.Unmarshal(b, &e) == nil
}
