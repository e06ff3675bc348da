package audit

import (
	"fmt"
	"io"
	"time"
)

// SyncMode says which records are on disk before Append returns.
type SyncMode string

const (
	// SyncIntent syncs what the caller asks for: the intents of tier 1 and above. It is the default.
	SyncIntent SyncMode = "intent"
	// SyncAlways syncs every record.
	SyncAlways SyncMode = "always"
	// SyncNone leaves it to the checkpoints, a second later.
	SyncNone SyncMode = "none"
)

// FailureMode says what happens while the log can't be written. The caller refuses calls; the log only decides what to do with the
// last space on a full disk.
type FailureMode string

const (
	// Allow lets calls run unrecorded; the log says so when it can write again. It is the default.
	Allow FailureMode = "allow"
	// Deny refuses them; what is left of the disk is kept for the results of calls that are running.
	Deny FailureMode = "deny"
)

// Format is the form of the mirror beside the log. The log itself is always JSON lines.
type Format string

const (
	// JSONL is the log's own form: no mirror.
	JSONL Format = "jsonl"
	// CEF is ArcSight's common event format, version 0.
	CEF Format = "cef"
	// LEEF is QRadar's log event extended format, version 2.0.
	LEEF Format = "leef"
)

// Rotation says who rotates the log, and when.
type Rotation struct {
	// External leaves it to logrotate, or to nobody (chattr +a): the log only reopens its file when that was replaced.
	External bool
	// Size is the size in bytes at which a segment is sealed, 0 = 64 MiB, less than 0 = never.
	Size int64
	// Every is the age at which a segment is sealed, 0 = 24 h, less than 0 = never.
	Every time.Duration
}

// Options are the settings of a log. The zero value of each but Path is the default.
type Options struct {
	// Path is the live segment. Its directory is made (0700) if it is missing.
	Path string
	// Session is the ULID of this server instance; "" makes one.
	Session   string
	Sync      SyncMode
	OnFailure FailureMode
	Rotate    Rotation
	// Retention is how long the payloads of sealed segments are kept, 0 = 400 days, less than 0 = for ever. Their hashes stay.
	Retention time.Duration
	// Key is the file of the signing key, "" = audit.tree/key beside the log.
	Key string
	// Origin names the log in its checkpoints when the key is made, "" = a unique name with the host's in it.
	Origin string
	// CheckpointEvery is the time between checkpoints while there is traffic, 0 = 1 s.
	CheckpointEvery time.Duration
	// Reserve is the space in bytes set aside for a full disk, 0 = 4 MiB, less than 0 = none.
	Reserve int64
	// LowSpace is the free space in bytes below which Health warns, 0 = 64 MiB.
	LowSpace int64
	// Format is the form of a mirror beside the log, "" or JSONL = none.
	Format Format
	// Stderr receives every record as a line too, nil = nowhere.
	Stderr io.Writer
	// Mirrors receive every record too: see [OpenMirror].
	Mirrors []Mirror
	// Now is the clock, nil = time.Now.
	Now func() time.Time
	// FS is the file system, nil = the operating system's.
	FS FS
}

const (
	defaultSegmentSize = 64 << 20
	defaultSegmentAge  = 24 * time.Hour
	defaultRetention   = 400 * 24 * time.Hour
	defaultReserve     = 4 << 20
	defaultLowSpace    = 64 << 20
)

// withDefaults fills in what was left out and refuses what has no meaning.
func (o Options) withDefaults() (Options, error) {
	if o.Path == "" {
		return o, fmt.Errorf("the audit log needs a path")
	}
	orDefault(&o.Sync, SyncIntent)
	orDefault(&o.OnFailure, Allow)
	orDefault(&o.Format, JSONL)
	orDefault(&o.Rotate.Size, defaultSegmentSize)
	orDefault(&o.Rotate.Every, defaultSegmentAge)
	orDefault(&o.Retention, defaultRetention)
	orDefault(&o.CheckpointEvery, time.Second)
	orDefault(&o.Reserve, defaultReserve)
	orDefault(&o.LowSpace, defaultLowSpace)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.FS == nil {
		o.FS = osFS{}
	}
	switch o.Sync {
	case SyncIntent, SyncAlways, SyncNone:
	default:
		return o, fmt.Errorf("sync %q is none of intent, always, none", o.Sync)
	}
	switch o.OnFailure {
	case Allow, Deny:
	default:
		return o, fmt.Errorf("on failure %q is neither allow nor deny", o.OnFailure)
	}
	switch o.Format {
	case JSONL, CEF, LEEF:
	default:
		return o, fmt.Errorf("format %q is none of jsonl, cef, leef", o.Format)
	}
	return o, nil
}

func orDefault[T comparable](value *T, fallback T) {
	var zero T
	if *value == zero {
		*value = fallback
	}
}
