package audit

import (
	"fmt"
	"strings"
	"time"
)

// redialEvery is how often a mirror that is away is called again.
const redialEvery = 5 * time.Second

// dialled is a mirror that is connected with its first record, and again when it was away: a log server that is down stops nobody from starting.
type dialled struct {
	dial func() (Mirror, error)
	now  func() time.Time

	to    Mirror // nil: not connected
	tried time.Time
	err   error
}

func (d *dialled) Mirror(r *Record, line []byte) error {
	if d.to == nil {
		if now := d.now(); now.Sub(d.tried) >= redialEvery {
			d.tried = now
			d.to, d.err = d.dial()
		}
		if d.err != nil {
			d.to = nil
			return d.err
		}
	}
	if d.err = d.to.Mirror(r, line); d.err != nil {
		_ = d.to.Close() // it is gone
		d.to = nil
	}
	return d.err
}

func (d *dialled) Close() error {
	if d.to == nil {
		return nil
	}
	return d.to.Close()
}

// OpenMirror opens a mirror by its name: "syslog", "journald" or "file:PATH", each perhaps with "cef+" or "leef+" before it for the format.
// Syslog takes a server too: "syslog://host:port" (UDP), "syslog+tcp://host:port". A service that is away is called again while there are records.
func OpenMirror(spec string) (Mirror, error) {
	if name, ok := strings.CutPrefix(spec, "file:"); ok {
		return openFileMirror(name, JSONL)
	}
	if form, where, ok := strings.Cut(spec, "+file:"); ok && isForm(form) {
		return openFileMirror(where, Format(form))
	}
	dial, err := mirrorDial(spec)
	if err != nil {
		return nil, err
	}
	return newQueue(&dialled{dial: dial, now: time.Now}), nil
}

// TryMirror says what keeps a mirror from taking records, for [OpenMirror] does not connect.
func TryMirror(spec string) error {
	dial, err := mirrorDial(spec)
	if err != nil {
		m, err := OpenMirror(spec)
		if err == nil {
			err = m.Close()
		}
		return err
	}
	m, err := dial()
	if err != nil {
		return err
	}
	return m.Close()
}

func isForm(s string) bool { return s == string(CEF) || s == string(LEEF) }

func openFileMirror(name string, form Format) (Mirror, error) {
	m := &fileMirror{fsys: osFS{}, name: name, form: form}
	return m, m.open()
}

// mirrorDial is how to connect to a service.
func mirrorDial(spec string) (func() (Mirror, error), error) {
	form, where := JSONL, spec
	if f, rest, ok := strings.Cut(spec, "+"); ok && isForm(f) {
		form, where = Format(f), rest
	}
	if where == "journald" && form == JSONL {
		return func() (Mirror, error) { return openJournal(journalSocket) }, nil
	}
	if _, _, err := syslogAddress(where); err != nil {
		return nil, fmt.Errorf("mirror %q is none of syslog, syslog://HOST:PORT, syslog+tcp://HOST:PORT, journald, file:PATH", spec)
	}
	return func() (Mirror, error) {
		w, err := openSyslog(where)
		if err != nil {
			return nil, err
		}
		return &syslogMirror{w, form}, nil
	}, nil
}
