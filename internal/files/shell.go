package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"relay-shell/internal/target"
)

// shell is the file system of a host that has no sftp subsystem, by one small command of sh for each operation. Paths are quoted words,
// never patterns, and no command takes one for an option. What it cannot do as well: a file is opened by its name each time, and
// times are whole seconds.
type shell struct{ r *remote }

func (s *shell) Local() bool { return false }

// spell is a path as a word.
func spell(name string) string {
	if name == "~" {
		return `"$HOME"`
	}
	if rest, ok := strings.CutPrefix(name, "~/"); ok {
		return `"$HOME"/` + target.Quote(rest)
	}
	return word(name)
}

// mostAnswer bounds in bytes what a command may answer.
const mostAnswer = 64 << 20

// run runs a script with the path in $p, and the second one in $q. What it says on its standard error becomes the error.
func (s *shell) run(ctx context.Context, op, p, q, script string, stdin io.Reader) ([]byte, error) {
	for _, name := range []string{p, q} {
		if strings.ContainsRune(name, 0) || len(name) > maxPath || p == "" {
			return nil, failf(op, p, "invalid_argument", "no file can have this name: it is empty, too long or holds a NUL byte")
		}
	}
	text := "LC_ALL=C; export LC_ALL\np=" + spell(p) + "\n"
	if q != "" {
		text += "q=" + spell(q) + "\n"
	}
	var out, words bytes.Buffer
	exit, err := s.r.target.Run(ctx, target.Command{
		Script: &target.Script{Interpreter: "sh", Body: text + script}, Stdin: stdin, StoreHostKeys: s.r.store,
		Stdout: &limited{w: &out, left: mostAnswer}, Stderr: &limited{w: &words, left: 4096},
	})
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, s.r.fail(ctx, op, p, err)
	case exit.Code != nil && *exit.Code == 0:
		return out.Bytes(), nil
	}
	said := strings.TrimSpace(words.String())
	code := saidCode(said)
	if said == "" && exit.Code == nil {
		return nil, &Error{Op: op, Path: p, Code: "connection_lost", Message: errNameless.Error(), Hint: "look whether it was done (file_stat), then call again", Err: errNameless}
	}
	if said == "" {
		said = "the command ended without success" + exitWord(exit)
	}
	return nil, &Error{Op: op, Path: p, Code: code, Message: clipWords(said), Hint: hints[code], Err: errors.New(said)}
}

// errNameless is an end without a word. dropbear 2022.82 to 2024.85 closes a session at times before its command has begun
// (https://github.com/mkj/dropbear/pull/326), and nobody can tell such a one from one whose shell was killed.
var errNameless = errors.New("the host closed the session and said nothing of the command, which may not have been started")

// mostTries is how often a command that does no harm twice is tried.
const mostTries = 4

// look is run for scripts that do no harm twice: they are repeated where nobody can tell whether they have run.
func (s *shell) look(ctx context.Context, op, p, q, script string, stdin []byte) (out []byte, err error) {
	for range mostTries {
		var in io.Reader
		if stdin != nil {
			in = bytes.NewReader(stdin)
		}
		if out, err = s.run(ctx, op, p, q, script, in); !errors.Is(err, errNameless) {
			return out, err
		}
	}
	return nil, err
}

// set is look for scripts that answer nothing.
func (s *shell) set(ctx context.Context, op, p, script string) error {
	_, err := s.look(ctx, op, p, "", script, nil)
	return err
}

// exitWord is how a command without words ended.
func exitWord(e target.Exit) string {
	if e.Code == nil {
		return ", and nothing says how"
	}
	return fmt.Sprintf(", exit %d", *e.Code)
}

// saidCode reads the system's words as programs print them in the C locale.
func saidCode(said string) string {
	for _, known := range []struct{ words, code string }{
		{"No such file", "not_found"}, {"nonexistent", "not_found"}, {"File exists", "already_exists"}, {"cannot overwrite existing", "already_exists"}, {"cannot create", "permission_denied"},
		{"Permission denied", "permission_denied"}, {"not permitted", "permission_denied"}, {"Read-only file system", "permission_denied"},
		{"No space left", "limit_reached"}, {"quota", "limit_reached"}, {"irectory not empty", "invalid_argument"}, {"Not a directory", "invalid_argument"}, {"Is a directory", "invalid_argument"},
		{"name too long", "invalid_argument"}, {"Too many levels", "invalid_argument"}, {"Symbolic link loop", "invalid_argument"}, {"not found", "unsupported"},
	} {
		if strings.Contains(said, known.words) {
			return known.code
		}
	}
	return "internal"
}

func clipWords(s string) string {
	if len(s) > 300 {
		s = s[:300] + "…"
	}
	return strings.ToValidUTF8(s, "\ufffd")
}

func (s *shell) do(ctx context.Context, op, p, q, script string) error {
	_, err := s.run(ctx, op, p, q, script, nil)
	return err
}

func (s *shell) RealPath(ctx context.Context, name string) (string, error) {
	// ls -L has the system's words for a loop, and for a file where a directory should be.
	out, err := s.look(ctx, "resolve", name, "", `readlink -f -- "$p" 2>/dev/null && exit
if [ -L "$p" ]; then
w=$(ls -dL -- "$p" 2>&1 >/dev/null)
case $w in *"Too many levels"*|*"link loop"*) echo "$w" >&2; exit 1;; esac
fi
if [ -d "$p" ]; then cd -P -- "$p" && pwd -P
elif d=${p%/*}; [ "$d" = "$p" ]; then printf '%s/%s\n' "$(pwd -P)" "$p"
elif [ -d "${d:-/}" ]; then cd -P -- "${d:-/}" && printf '%s/%s\n' "$(pwd -P)" "${p##*/}"
else ls -dL -- "$p" >/dev/null || exit 1; echo "No such file or directory" >&2; exit 1; fi`, nil)
	return strings.TrimSuffix(string(out), "\n"), err
}

func (s *shell) ReadLink(ctx context.Context, name string) (string, error) {
	out, err := s.look(ctx, "read link", name, "", `[ -L "$p" ] && { readlink -- "$p"; exit; }
[ -e "$p" ] && { echo "it is no link: Not a directory" >&2; exit 1; }
echo "No such file or directory" >&2; exit 1`, nil)
	return strings.TrimSuffix(string(out), "\n"), err
}

// free fails where there is something, be it a dangling link.
const free = `{ [ -e "$%[1]s" ] || [ -L "$%[1]s" ]; } && { echo "File exists" >&2; exit 1; }
`

func (s *shell) Mkdir(ctx context.Context, name string, mode fs.FileMode) error {
	return s.do(ctx, "create directory", name, "", fmt.Sprintf(`mkdir -m %o -- "$p"`, unixMode(mode)))
}

func (s *shell) Chmod(ctx context.Context, name string, mode fs.FileMode) error {
	return s.set(ctx, "change the mode of", name, fmt.Sprintf(`chmod %04o -- "$p"`, unixMode(mode)))
}

func (s *shell) Chown(ctx context.Context, name string, uid, gid int) error {
	var owner string
	if uid >= 0 {
		owner = fmt.Sprint(uid)
	}
	if gid >= 0 {
		owner += fmt.Sprintf(":%d", gid)
	}
	if owner == "" {
		_, err := s.Stat(ctx, name)
		return err
	}
	return s.set(ctx, "change the owner of", name, "chown -h "+owner+` -- "$p"`)
}

func (s *shell) setBoth(ctx context.Context, name string, mode fs.FileMode, info Info) error {
	script := fmt.Sprintf(`[ ! -L "$p" ] || { echo "Too many levels of symbolic links" >&2; exit 1; }
chmod %04o -- "$p"`, unixMode(mode))
	if err := s.set(ctx, "change the mode of", name, script); err != nil {
		return err
	}
	return s.Chtimes(ctx, name, info.AccessTime, info.ModTime)
}

func (s *shell) Chtimes(ctx context.Context, name string, accessed, modified time.Time) error {
	script := `[ -e "$p" ] || { echo "No such file or directory" >&2; exit 1; }`
	for flag, at := range map[string]time.Time{"-a": accessed, "-m": modified} {
		if !at.IsZero() {
			script += "\nTZ=UTC0 touch " + flag + " -t " + at.UTC().Format("200601021504.05") + ` -- "$p" || exit`
		}
	}
	return s.set(ctx, "change the times of", name, script)
}

func (s *shell) Symlink(ctx context.Context, to, name string) error {
	if to == "" || strings.ContainsRune(to, 0) {
		return failf("create link", name, "invalid_argument", "a link has to lead somewhere")
	}
	return s.do(ctx, "create link", name, "", fmt.Sprintf(free, "p")+"ln -s -- "+target.Quote(to)+` "$p"`)
}

// Rename uses mv, which renames in one step. It would put the file into a directory of that name, or of that link.
func (s *shell) Rename(ctx context.Context, from, to string) error {
	return s.do(ctx, "rename", from, to, `[ -d "$q" ] && { echo "there is a directory: Is a directory" >&2; exit 1; }
mv -f -- "$p" "$q"`)
}

func (s *shell) RenameNew(ctx context.Context, from, to string) error {
	return s.do(ctx, "rename", from, to, fmt.Sprintf(free, "q")+`if [ -d "$p" ] && [ ! -L "$p" ]; then mv -- "$p" "$q"
elif ln -- "$p" "$q"; then rm -f -- "$p"
elif [ -e "$q" ] || [ -L "$q" ]; then exit 1
else mv -- "$p" "$q"; fi`)
}

func (s *shell) Remove(ctx context.Context, name string) error {
	return s.do(ctx, "delete", name, "", `[ -d "$p" ] && [ ! -L "$p" ] && { echo "Is a directory" >&2; exit 1; }
[ -e "$p" ] || [ -L "$p" ] || { echo "No such file or directory" >&2; exit 1; }
rm -f -- "$p"`)
}

func (s *shell) Rmdir(ctx context.Context, name string) error {
	return s.do(ctx, "delete directory", name, "", `rmdir -- "$p"`)
}

func (s *shell) SHA256(ctx context.Context, name string, length int64) (sum [32]byte, n int64, err error) {
	f, err := s.Open(ctx, name)
	if err != nil {
		return sum, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return sum, 0, err
	}
	if length < 0 || length > info.Size {
		length = info.Size
	}
	if sum, err = s.r.sumThere(ctx, name, nil, length, length == info.Size); err == nil || ctx.Err() != nil {
		return sum, length, fail(ctx, "digest", name, err)
	}
	return digest(f, length)
}
