package audit

// Mirror receives every record beside the log. What it says about itself is shown in Health; it never holds up or fails a call.
type Mirror interface {
	// Mirror takes a record and its line in the log, newline included. Neither may be kept or changed.
	Mirror(r *Record, line []byte) error
	Close() error
}

func (l *Log) openMirrors() ([]Mirror, error) { return l.opts.Mirrors, nil }

func (l *Log) mirror(r *Record, line []byte) {
	var failed error
	for _, m := range l.mirrors {
		if err := m.Mirror(r, line); err != nil && failed == nil {
			failed = err
		}
	}
	l.state.mirror = failed
}

func (l *Log) rotateMirrors(int64) {}
