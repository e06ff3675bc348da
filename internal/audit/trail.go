package audit

import "time"

// Trail is a log as another process of this program opens it, and on whose behalf that writes there. It is told in JSON.
type Trail struct {
	Path      string        `json:"path"`
	Sync      SyncMode      `json:"sync"`
	OnFailure FailureMode   `json:"on_failure"`
	Rotate    Rotation      `json:"rotate"`
	Retention time.Duration `json:"retention"`
	Format    Format        `json:"format"`
	// Mirrors name where every record goes too, see [OpenMirror].
	Mirrors           []string `json:"mirrors,omitempty"`
	Principal, Client string
}

// Open opens the log and its mirrors.
func (t Trail) Open() (*Log, error) {
	options := Options{Path: t.Path, Sync: t.Sync, OnFailure: t.OnFailure, Rotate: t.Rotate, Retention: t.Retention, Format: t.Format}
	for _, spec := range t.Mirrors {
		m, err := OpenMirror(spec)
		if err != nil {
			for _, opened := range options.Mirrors {
				_ = opened.Close() // nothing was sent yet
			}
			return nil, err
		}
		options.Mirrors = append(options.Mirrors, m)
	}
	return Open(options)
}
