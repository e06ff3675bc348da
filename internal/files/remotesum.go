package files

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"relay-shell/internal/target"
)

// digestScript reads standard input with whatever the host has for SHA-256: GNU and busybox, Perl (macOS), BSD, OpenSSL.
//
// OpenSSL comes first: it uses the processor's own instructions, where sha256sum of several systems is five times as slow.
//
// The choice is made before anything is read: a second program would give the digest of what the first one has left.
const digestScript = `if openssl dgst -sha256 -r </dev/null >/dev/null 2>&1; then exec openssl dgst -sha256 -r
elif command -v sha256sum >/dev/null 2>&1; then exec sha256sum
elif command -v shasum >/dev/null 2>&1; then exec shasum -a 256
elif command -v sha256 >/dev/null 2>&1; then exec sha256 -q
else exit 127; fi`

func (r *remote) SHA256(ctx context.Context, name string, length int64) (sum [32]byte, n int64, err error) {
	f, err := r.open(ctx, name, 1, CreateOptions{})
	if err != nil {
		return sum, 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return sum, 0, err
	}
	if length < 0 || length > info.Size {
		length = info.Size
	}
	if length > smallSum && r.sums() && r.commands(ctx) {
		sum, err = r.sumThere(ctx, f.name, &info, length, length == info.Size)
		if err == nil || ctx.Err() != nil {
			return sum, length, fail(ctx, "digest", name, err)
		}
		if errors.Is(err, errNoSum) {
			r.host.mu.Lock()
			r.host.noSum = time.Now()
			r.host.mu.Unlock()
		}
	}
	return digest(&fetched{f: f, end: length}, -1)
}

// fetched reads a file from its beginning to end, some megabytes at a time.
type fetched struct {
	f       *remoteFile
	at, end int64
	buf     []byte
}

func (r *fetched) Read(b []byte) (int, error) {
	if len(r.buf) == 0 {
		if r.at == r.end {
			return 0, io.EOF
		}
		buf := make([]byte, min(mostRead, r.end-r.at))
		n, err := r.f.ReadAt(buf, r.at)
		r.at += int64(n)
		if r.buf = buf[:n]; n == 0 {
			return 0, err
		}
	}
	n := copy(b, r.buf)
	r.buf = r.buf[n:]
	return n, nil
}

// smallSum is the size up to which reading a file is as good as running a command.
const smallSum = 256 << 10

func (r *remote) sums() bool {
	r.host.mu.Lock()
	defer r.host.mu.Unlock()
	return time.Since(r.host.noSum) > forget
}

// commands reports whether the account runs commands. One that is for sftp alone would take the bytes of a file for its protocol, so
// it is tried once.
func (r *remote) commands(ctx context.Context) bool {
	h := r.host
	h.mu.Lock()
	known, runs := h.runs || time.Since(h.noRuns) < forget, h.runs
	h.mu.Unlock()
	if known {
		return runs
	}
	const word = "relay-shell can run commands"
	var out bytes.Buffer
	_, err := r.target.Run(ctx, target.Command{Text: "echo " + word, Stdout: &limited{w: &out, left: 64 << 10}, StoreHostKeys: r.store})
	if err != nil {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if bytes.Contains(out.Bytes(), []byte(word)) {
		h.runs = true
	} else {
		h.noRuns = time.Now()
	}
	return h.runs
}

// errElsewhere says that the shell finds another file than SFTP does, or none.
var errElsewhere = errors.New("the host's shell sees other files")

// errNoSum says that the host's programs gave no digest.
var errNoSum = errors.New("no digest from the host")

// sumThere has a program compute a digest. seen is what SFTP says of the file.
func (r *remote) sumThere(ctx context.Context, name string, seen *Info, length int64, whole bool) (sum [32]byte, err error) {
	var out bytes.Buffer
	text := "exec <" + spell(name) + " || exit 3\n" + digestScript
	if !whole {
		text = fmt.Sprintf("exec <%s || exit 3\nhead -c %d | {\n%s\n}", spell(name), length, digestScript)
	}
	exit, err := r.target.Run(ctx, target.Command{Script: &target.Script{Interpreter: "sh", Body: sameFile(name, seen) + text}, Stdout: &limited{w: &out, left: 4096}, StoreHostKeys: r.store})
	if err != nil {
		return sum, err
	}
	if exit.Code != nil && *exit.Code == otherRoad {
		return sum, errElsewhere
	}
	word, _, _ := bytes.Cut(bytes.TrimLeft(bytes.TrimSpace(out.Bytes()), `\`), []byte(" "))
	if exit.Code == nil || *exit.Code != 0 || len(word) != 64 {
		return sum, errNoSum
	}
	_, err = hex.Decode(sum[:], word)
	return sum, err
}

// limited drops what is beyond its bound.
type limited struct {
	w    io.Writer
	left int
}

func (l *limited) Write(b []byte) (int, error) {
	n := min(len(b), l.left)
	l.left -= n
	if _, err := l.w.Write(b[:n]); err != nil {
		return 0, err
	}
	return len(b), nil
}
