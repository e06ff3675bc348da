package files

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"math/bits"
	"os"
	"time"

	"relay-shell/internal/target"
)

// shellFile is a file of a host without SFTP, "open".
type shellFile struct {
	s    *shell
	ctx  context.Context
	name string
	off  int64
	add  bool // writes go to the end
	buf  []byte
}

func (s *shell) Open(ctx context.Context, name string) (Reader, error) {
	info, err := s.Stat(ctx, name)
	if err != nil {
		return nil, named("open", name, err)
	}
	if !info.Mode.IsRegular() {
		return nil, named("open", name, notRegular(info.Mode))
	}
	return &shellFile{s: s, ctx: ctx, name: name}, s.set(ctx, "open", name, `: <"$p"`)
}

func (s *shell) Create(ctx context.Context, name string, o CreateOptions) (Writer, error) {
	script := fmt.Sprintf("umask %03o\n", 0o777&^o.mode().Perm())
	switch {
	case o.Exclusive: // noclobber creates with O_EXCL
		script += fmt.Sprintf(free, "p") + `set -C; : >"$p"`
	case o.Keep || o.Append:
		script += `[ ! -e "$p" ] || [ -f "$p" ] || { echo "it is no regular file: Is a directory" >&2; exit 1; }; : >>"$p"`
	default:
		script += `[ ! -e "$p" ] || [ -f "$p" ] || { echo "it is no regular file: Is a directory" >&2; exit 1; }; : >"$p"`
	}
	if o.Exclusive && o.mode().Perm()&0o111 != 0 { // a shell creates no programs
		script += fmt.Sprintf(" && chmod %03o -- \"$p\"", o.mode().Perm())
	}
	if err := s.do(ctx, "open", name, "", script); err != nil {
		return nil, err
	}
	return &shellFile{s: s, ctx: ctx, name: name, add: o.Append}, nil
}

// ahead is how much a Read fetches at a time: each time is a command.
const ahead = 4 << 20

func (f *shellFile) Read(b []byte) (int, error) {
	if len(f.buf) == 0 {
		buf := make([]byte, ahead)
		n, err := f.ReadAt(buf, f.off)
		f.off += int64(n)
		if f.buf = buf[:n]; n == 0 {
			return 0, err
		}
	}
	n := copy(b, f.buf)
	f.buf = f.buf[n:]
	return n, nil
}

func (f *shellFile) ReadAt(b []byte, off int64) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	n := 0
	for n < len(b) { // within the bound of an answer
		want := min(len(b)-n, mostAnswer)
		out, err := f.s.look(f.ctx, "read", f.name, "", fmt.Sprintf(`exec <"$p" || exit 1
tail -c +%d | head -c %d`, off+int64(n)+1, want), nil)
		if err != nil {
			return n, err
		}
		n += copy(b[n:], out)
		if len(out) < want {
			return n, io.EOF
		}
	}
	return n, nil
}

func (f *shellFile) Write(b []byte) (int, error) {
	n, err := f.WriteAt(b, f.off)
	f.off += int64(n)
	return n, err
}

// WriteAt has dd write in blocks of the largest size that divides the offset.
func (f *shellFile) WriteAt(b []byte, off int64) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	var err error
	if f.add {
		_, err = f.s.run(f.ctx, "write", f.name, "", `cat >>"$p"`, bytes.NewReader(b))
	} else {
		block := int64(64 << 10)
		if off > 0 {
			block = min(block, 1<<bits.TrailingZeros64(uint64(off)))
		}
		_, err = f.s.look(f.ctx, "write", f.name, "", fmt.Sprintf(`exec 1<>"$p" || exit 1
dd bs=%d seek=%d conv=notrunc`, block, off/block), b)
	}
	if err != nil {
		return 0, err
	}
	return len(b), nil
}

func (f *shellFile) Stat() (Info, error) { return f.s.Stat(f.ctx, f.name) }

func (f *shellFile) Sync() (bool, error) {
	return true, f.s.set(f.ctx, "sync", f.name, `sync -- "$p" 2>/dev/null || sync`)
}

func (f *shellFile) Truncate(size int64) error {
	return f.s.set(f.ctx, "truncate", f.name, fmt.Sprintf(`truncate -s %[1]d -- "$p" 2>/dev/null || { exec 1<>"$p" && dd bs=1 seek=%[1]d count=0 </dev/null 2>/dev/null; }`, size))
}

func (f *shellFile) Chmod(mode fs.FileMode) error { return f.s.Chmod(f.ctx, f.name, mode) }
func (f *shellFile) Chown(uid, gid int) error     { return f.s.Chown(f.ctx, f.name, uid, gid) }
func (f *shellFile) Chtimes(accessed, modified time.Time) error {
	return f.s.Chtimes(f.ctx, f.name, accessed, modified)
}
func (f *shellFile) Close() error { return nil }

// catTo and catFrom are all that there is here for the bytes of a large file.
func (s *shell) catTo(ctx context.Context, in *os.File, p *part, size int64) (ok bool, err error) {
	if info, err := in.Stat(); err != nil || info.Size() != size {
		return false, nil
	}
	return s.r.cat(ctx, "write", p.path, target.Command{Text: "exec cat >>" + word(p.path), Stdin: in})
}

func (s *shell) catFrom(ctx context.Context, name string, off, size int64, out *os.File) (ok bool, err error) {
	full, err := s.RealPath(ctx, name)
	if err != nil {
		return false, err
	}
	return s.r.cat(ctx, "read", full, target.Command{Text: unlessHoles(full, size) + catText(full, off, size, true), Stdout: out})
}
