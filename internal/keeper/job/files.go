package job

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"

	"relay-shell/internal/keeper"
)

func strconvQuote(s string) string { return strconv.QuoteToASCII(s) }

// prepare makes the directory of a job with room for its end.
func prepare(dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, endName), bytes.Repeat([]byte{' '}, endRoom), 0o600)
}

// writeMeta makes the job known to whoever lists the directory.
func writeMeta(dir string, m Meta) error {
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	tmp := filepath.Join(dir, "."+metaName)
	if err := os.WriteFile(tmp, b, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, filepath.Join(dir, metaName))
}

// writeEnd notes how the job ended, in place.
func writeEnd(dir string, e End) error {
	b, err := json.Marshal(e)
	if err == nil && len(b) > endRoom {
		e.Survivors, e.Error = e.Survivors[:min(len(e.Survivors), 8)], clip(e.Error)
		b, err = json.Marshal(e)
	}
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(dir, endName), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if _, err = f.WriteAt(b, 0); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// NoteEnd notes the end of a job whose keeper is gone, from the directory of all jobs.
func NoteEnd(jobs, id string, e End) error {
	if !keeper.ValidID(Kind, id) {
		return notFound(id)
	}
	return writeEnd(filepath.Join(jobs, id), e)
}

// clip bounds a message.
func clip(s string) string {
	const most = 500
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
