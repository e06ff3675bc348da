package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"

	"relay-shell/internal/target"
)

func dirOf(name string) string { return path.Dir(name) }

// catTo is only taken where nobody else can put a link in the part's place: the shell opens it by name. SFTP writes to the file
// that it has created, whatever happens to its name.
func (r *remote) catTo(ctx context.Context, in *os.File, p *part, size int64) (ok bool, err error) {
	if !r.unshared(ctx, p) || !r.commands(ctx) {
		return false, nil
	}
	// Without head, what comes after size in a file that grows would go along.
	if info, err := in.Stat(); err != nil || info.Size() != size {
		return false, nil
	}
	// A command that a cancelled call has left behind must not make the part file anew; nor is it there for a shell that sees other files than SFTP does.
	return r.cat(ctx, "write", p.path, target.Command{Text: fmt.Sprintf("[ -f %[1]s ] || exit %[2]d; exec cat >>%[1]s", word(p.path), otherRoad), Stdin: in})
}

func (r *remote) catFrom(ctx context.Context, name string, off, size int64, out *os.File) (ok bool, err error) {
	if !r.commands(ctx) {
		return false, nil
	}
	full, err := r.RealPath(ctx, name)
	if err != nil {
		return false, err
	}
	info, err := r.Stat(ctx, full)
	if err != nil {
		return false, err
	}
	text := sameFile(full, &info) + unlessHoles(full, size) + catText(full, off, size, info.Size != size)
	return r.cat(ctx, "read", full, target.Command{Text: text, Stdout: out})
}

// catText prints a file from off on; cut at size where it may be longer.
func catText(name string, off, size int64, cut bool) string {
	text := "exec cat <" + word(name)
	if off > 0 {
		text = fmt.Sprintf("tail -c +%d <%s", off+1, word(name))
	}
	if cut {
		text = fmt.Sprintf("{ %s; } | head -c %d", strings.TrimPrefix(text, "exec "), size-off)
	}
	return text
}

// word is a path as a word of the shell that no command takes for an option.
func word(name string) string {
	if name != "" && name[0] != '/' {
		name = "./" + name
	}
	return target.Quote(name)
}

// cat runs the command. Where the account runs no commands (sftp only), that shows as an odd status without a byte moved.
func (r *remote) cat(ctx context.Context, op, name string, c target.Command) (ok bool, err error) {
	var words bytes.Buffer
	c.Stderr, c.StoreHostKeys = &limited{w: &words, left: 4096}, r.store
	exit, err := r.target.Run(ctx, c)
	switch {
	case ctx.Err() != nil:
		return true, context.Cause(ctx)
	case err != nil:
		return true, r.fail(ctx, op, name, err)
	case exit.Code != nil && *exit.Code == 0:
		return true, nil
	case exit.Code != nil && *exit.Code == otherRoad && words.Len() == 0:
		return false, nil
	}
	said := strings.TrimSpace(words.String())
	code := saidCode(said)
	if said == "" {
		said = "the command that moves the bytes ended without success" + exitWord(exit)
	}
	return true, &Error{Op: op, Path: name, Code: code, Message: said, Hint: hints[code], Err: errors.New(said)}
}

// unshared reports whether nobody but the account and root can change a name on the way to the part.
func (r *remote) unshared(ctx context.Context, p *part) bool {
	mine, err := p.w.Stat()
	if err != nil || mine.UID < 0 {
		return false
	}
	for dir := path.Dir(p.path); ; dir = path.Dir(dir) {
		info, err := r.Lstat(ctx, dir)
		if err != nil || !info.Mode.IsDir() || info.UID != 0 && info.UID != mine.UID {
			return false
		}
		// Group and others may not write, unless it is a directory like /tmp, where everybody's names are their own.
		const sticky, others = os.ModeSticky, 0o022
		if info.Mode.Perm()&others != 0 && info.Mode&sticky == 0 {
			return false
		}
		if dir == "/" {
			return true
		}
		if !path.IsAbs(dir) {
			return false
		}
	}
}
