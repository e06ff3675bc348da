package cli

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"relay-shell/internal/audit"
	"relay-shell/internal/keeper"
	terminal "relay-shell/internal/keeper/session"
	"relay-shell/internal/pty"
	"relay-shell/internal/tools"
)

type replayCmd struct {
	ID        string        `arg:"" help:"A session's id, or the file of a recording."`
	Speed     float64       `default:"1" help:"How many times faster."`
	IdleLimit time.Duration `default:"2s" help:"Longest pause; 0 keeps them."`
	Unchecked bool          `help:"Show it even if it is not what the audit log has the hashes of."`
}

func (c *replayCmd) Run(s *session) error {
	ctx, stop := signal.NotifyContext(s.ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	path := c.ID
	if keeper.ValidID(terminal.Kind, c.ID) {
		path = filepath.Join(tools.Recordings(s.cfg.StateDir), c.ID+".cast")
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return c.missing(path)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if id := strings.TrimSuffix(filepath.Base(path), ".cast"); keeper.ValidID(terminal.Kind, id) && !c.Unchecked {
		verdict, err := checkRecording(f, id, s.cfg.AuditPath)
		if err != nil {
			return err
		}
		fmt.Fprintln(s.world.Stderr, verdict)
	}
	err = pty.Play(ctx, f, s.world.Stdout, pty.PlayOptions{Speed: c.Speed, IdleLimit: c.IdleLimit})
	if out, ok := s.world.Stdout.(*os.File); ok && term.IsTerminal(int(out.Fd())) {
		_, _ = io.WriteString(out, pty.Reset)
	}
	if errors.Is(err, pty.ErrTorn) || ctx.Err() != nil {
		return nil // it goes on, or its keeper was killed; or the person has seen enough
	}
	return err
}

// missing says what is wrong with an id or a name that leads to no recording.
func (c *replayCmd) missing(path string) error {
	switch {
	case path != c.ID:
		return fmt.Errorf("session %s has no recording: it was not recorded, or RECORD_RETENTION has passed", c.ID)
	case strings.ContainsAny(c.ID, "/."):
		return fmt.Errorf("there is no file %s", c.ID)
	}
	return fmt.Errorf("%q is neither a session's id nor the file of a recording: relay-shell sessions lists sessions, recordings lie in the state directory", c.ID)
}

// maxPieces bounds how many pieces of recordings are looked for in the log.
const maxPieces = 1 << 20

// checkRecording compares a recording with the hashes of it in the audit log, and says how far they reach. The error is that of a piece
// that is not what was recorded. f is at its beginning afterwards.
func checkRecording(f *os.File, id, log string) (string, error) {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return "", err
	}
	since := time.Time{}
	if cast, err := pty.NewCastReader(io.NewSectionReader(f, 0, size)); err == nil && cast.Header().Timestamp > 0 {
		since = time.Unix(cast.Header().Timestamp, 0).Add(-time.Minute)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	pieces, err := audit.Query(nil, log, audit.Filter{Tool: terminal.RecordingTool, Lines: maxPieces, Since: since, MaxBytes: 1 << 40})
	if err != nil {
		return "recording not checked: " + err.Error(), nil
	}
	covered, next, missing := int64(0), int64(0), int64(0)
	for _, p := range pieces {
		var at struct {
			ID     string `json:"session_id"`
			Offset int64  `json:"offset"`
		}
		if json.Unmarshal(p.Args, &at) != nil || at.ID != id {
			continue
		}
		if at.Offset > next {
			missing += at.Offset - next
		}
		next = at.Offset + p.OutputLen
		covered += p.OutputLen
		sum := sha256.New()
		n, err := io.Copy(sum, io.NewSectionReader(f, at.Offset, p.OutputLen))
		if err != nil {
			return "", err
		}
		want, _ := hex.DecodeString(p.OutputSHA256)
		if n != p.OutputLen || !bytes.Equal(sum.Sum(nil), want) {
			return "", fmt.Errorf("the recording was changed: bytes %d to %d are not those of audit record %d; --unchecked shows it all the same", at.Offset, next, p.Seq)
		}
	}
	switch {
	case covered == 0:
		return "recording not checked: the audit log has no hashes of it", nil
	case missing+size-next > 0:
		return fmt.Sprintf("recording checked against the audit log: %d bytes; of %d it has no hash", covered, missing+size-next), nil
	}
	return fmt.Sprintf("recording checked against the audit log: all %d bytes", covered), nil
}
