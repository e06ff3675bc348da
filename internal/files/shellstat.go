package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"
)

// stat prints mode, size, owner, group and times of each of its arguments on a line: stat of GNU and busybox, of BSD, or, where there is
// none, what ls and date tell. $l is -L to follow links.
const statFunction = `st() {
 if [ -z "$how" ]; then
  if stat -c %f / >/dev/null 2>&1; then how=c; elif stat -f %p / >/dev/null 2>&1; then how=f; else how=l; fi
 fi
 case $how in
 c) stat $l -c 'x%f %s %u %g %X %Y' -- "$@";;
 f) stat $l -f 'o%p %z %u %g %a %m' -- "$@";;
 l) for f do ls -dn $l -- "$f" >/dev/null || continue; set -- $(ls -dn $l -- "$f"); echo "l$1 $5 $3 $4 0 $(date -r "$f" +%s 2>/dev/null || echo 0)"; done;;
 esac
}
`

func (s *shell) Stat(ctx context.Context, name string) (Info, error) { return s.stat(ctx, name, "-L") }
func (s *shell) Lstat(ctx context.Context, name string) (Info, error) {
	return s.stat(ctx, name, "")
}

func (s *shell) stat(ctx context.Context, name, follow string) (Info, error) {
	out, err := s.look(ctx, "stat", name, "", statFunction+"l="+follow+"\nst \"$p\"", nil)
	if err != nil {
		return Info{}, err
	}
	info, err := statLine(strings.TrimSuffix(string(out), "\n"))
	info.Name = path.Base(name)
	return info, fail(ctx, "stat", name, err)
}

// ReadDir has the shell list the names, which it does exactly, and then the files in the same order.
func (s *shell) ReadDir(ctx context.Context, name string, limit int) ([]Info, bool, error) {
	if limit <= 0 {
		limit = defaultEntries
	}
	out, err := s.look(ctx, "list", name, "", fmt.Sprintf(`%sl=
[ -d "$p" ] || { [ -e "$p" ] && echo "Not a directory" >&2 || echo "No such file or directory" >&2; exit 1; }
cd -- "$p" || exit 1
[ -r . ] || { echo "Permission denied" >&2; exit 1; }
n=0
for f in * .[!.]* ..?*; do
 [ -e "./$f" ] || [ -L "./$f" ] || continue
 n=$((n+1)); [ $n -gt %d ] && break
 printf '%%s\0' "$f"
 st "./$f" 2>/dev/null || echo gone
done
:`, statFunction, limit+1), nil)
	if err != nil {
		return nil, false, err
	}
	entries, err := readListing(out)
	if err != nil {
		return nil, false, fail(ctx, "list", name, err)
	}
	if len(entries) > limit {
		return entries[:limit], true, nil
	}
	return entries, false, nil
}

// readListing reads a name, ended by NUL, and its line, again and again.
func readListing(out []byte) (entries []Info, err error) {
	for len(out) > 0 {
		name, rest, ok := bytes.Cut(out, []byte{0})
		line, rest, ok2 := bytes.Cut(rest, []byte("\n"))
		if !ok || !ok2 {
			return nil, errOddAnswer
		}
		out = rest
		if string(line) == "gone" {
			continue
		}
		if err := entryName(string(name)); err != nil {
			return nil, err
		}
		info, err := statLine(string(line))
		if err != nil {
			return nil, err
		}
		info.Name = string(name)
		entries = append(entries, info)
	}
	return entries, nil
}

var errOddAnswer = errors.New("the host's answer is not what its programs print")

// statLine reads a line of st.
func statLine(line string) (Info, error) {
	f := strings.Fields(line)
	if len(f) != 6 {
		return Info{}, errOddAnswer
	}
	var number [6]int64
	for i := 1; i < 6; i++ {
		n, err := strconv.ParseInt(f[i], 10, 64)
		if err != nil || n < 0 && i < 4 {
			return Info{}, errOddAnswer
		}
		number[i] = n
	}
	info := Info{Size: number[1], UID: int(number[2]), GID: int(number[3]), AccessTime: time.Unix(number[4], 0), ModTime: time.Unix(number[5], 0)}
	base := map[byte]int{'x': 16, 'o': 8}[f[0][0]]
	if base != 0 {
		m, err := strconv.ParseUint(f[0][1:], base, 32)
		if err != nil {
			return Info{}, errOddAnswer
		}
		info.Mode = goMode(uint32(m))
		return info, nil
	}
	mode, ok := letters(f[0][1:])
	if !ok || f[0][0] != 'l' {
		return Info{}, errOddAnswer
	}
	info.Mode = mode
	return info, nil
}

// letters reads a mode as ls prints it: drwxr-sr-t, with whatever comes behind for attributes.
func letters(s string) (fs.FileMode, bool) {
	if len(s) < 10 {
		return 0, false
	}
	kinds := map[byte]fs.FileMode{'-': 0, 'd': fs.ModeDir, 'l': fs.ModeSymlink, 'p': fs.ModeNamedPipe, 's': fs.ModeSocket, 'b': fs.ModeDevice, 'c': fs.ModeDevice | fs.ModeCharDevice}
	mode, ok := kinds[s[0]]
	if !ok {
		return 0, false
	}
	special := []fs.FileMode{fs.ModeSetuid, fs.ModeSetgid, fs.ModeSticky}
	for i, c := range []byte(s[1:10]) {
		bit := fs.FileMode(1) << (8 - i)
		switch c {
		case '-':
		case 'r', 'w', 'x':
			mode |= bit
		case 's', 't':
			mode |= bit | special[i/3]
		case 'S', 'T':
			mode |= special[i/3]
		default:
			return 0, false
		}
	}
	return mode, true
}
