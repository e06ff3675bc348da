package change

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"path"
	"strings"
	"time"

	"relay-shell/internal/files"
)

// meta is what is kept of a change beside the former content.
type meta struct {
	ID      string    `json:"id"`
	Path    string    `json:"path"`
	Time    time.Time `json:"time"`
	Existed bool      `json:"existed"`
	Before  string    `json:"before_sha256,omitempty"`
	After   string    `json:"after_sha256"`
	Mode    uint32    `json:"mode,omitempty"`
	Reverts time.Time `json:"reverts,omitzero"`
}

// mkdirAll makes directories that only the account can enter.
func mkdirAll(ctx context.Context, fsys files.FS, dir string) error {
	err := fsys.Mkdir(ctx, dir, 0o700)
	switch files.Code(err) {
	case "not_found":
		if parent := path.Dir(dir); parent != dir {
			if err := mkdirAll(ctx, fsys, parent); err != nil {
				return err
			}
			if err = fsys.Mkdir(ctx, dir, 0o700); files.Code(err) == "already_exists" {
				err = nil // by somebody else
			}
		}
	case "already_exists":
		return nil
	}
	return err
}

// writeNew makes a file that must not be there yet and has it on disk.
func writeNew(ctx context.Context, fsys files.FS, name string, content []byte) (err error) {
	w, err := fsys.Create(ctx, name, files.CreateOptions{Exclusive: true})
	if err != nil {
		return err
	}
	defer func() {
		if cerr := w.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			after, cancel := afterwards(ctx)
			defer cancel()
			_ = fsys.Remove(after, name) // best effort: what failed is told
		}
	}()
	if _, err := io.Copy(w, bytes.NewReader(content)); err != nil {
		return err
	}
	_, err = w.Sync()
	return err
}

// readAll reads a file of at most limit bytes; whole is false of a longer one.
func readAll(ctx context.Context, fsys files.FS, name string, limit int64) (content []byte, whole bool, err error) {
	f, err := fsys.Open(ctx, name)
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	content, err = io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil || int64(len(content)) > limit {
		return nil, false, err
	}
	return content, true, nil
}

// maxMeta is more than a meta file can need.
const maxMeta = 64 << 10

func (p *Place) writeMeta(ctx context.Context, m *meta) error {
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return writeNew(ctx, p.State, path.Join(p.keeping(m.Path), m.ID+".json"), b)
}

func (p *Place) readMeta(ctx context.Context, real, id string) (*meta, error) {
	b, whole, err := readAll(ctx, p.State, path.Join(p.keeping(real), id+".json"), maxMeta)
	m := new(meta)
	switch {
	case files.Code(err) == "not_found":
		return nil, &Error{Code: "not_found", Message: "nothing is kept of this change", Hint: "its backup has expired (BACKUP_RETENTION), or it was taken back; file_stat lists what there is"}
	case err != nil:
		return nil, err
	case !whole || json.Unmarshal(b, m) != nil || m.ID != id || m.Path != real:
		return nil, &Error{Code: "internal", Message: "what is kept of this change cannot be read", Hint: "look at " + p.keeping(real) + " on the target"}
	}
	return m, nil
}

// kept lists what is kept of a file's changes, by ID and then by role (json, old, tmp, pending), oldest first.
func (p *Place) kept(ctx context.Context, dir string) (ids []string, roles map[string]map[string]files.Info, err error) {
	entries, _, err := p.State.ReadDir(ctx, dir, 0)
	if files.Code(err) == "not_found" {
		return nil, nil, nil
	}
	roles = map[string]map[string]files.Info{}
	for _, e := range entries {
		id, role, _ := strings.Cut(e.Name, ".")
		if !ValidID(id) {
			continue
		}
		if roles[id] == nil {
			roles[id] = map[string]files.Info{}
			ids = append(ids, id)
		}
		roles[id][role] = e
	}
	sortIDs(ids)
	return ids, roles, err
}
