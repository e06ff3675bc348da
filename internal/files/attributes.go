package files

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"relay-shell/internal/target"
)

// Within is shell text that runs in a directory, and only in that one: where somebody has put a link on the way to it, nothing runs. By their paths the
// files of the text would be looked for wherever that leads.
func Within(dir, text string) string {
	d := target.Quote(dir)
	return "cd -P -- " + d + " 2>/dev/null && [ \"$(pwd -P)\" = " + d + " ] && {\n" + text + "\n}"
}

// KeepAttributes is shell text that gives a file which is to replace another one beside it what no mode tells of that: access list, extended attributes,
// label. It takes GNU cp, and lets nobody read the new file who could not read the old one; where fewer are to, mode, nothing is copied. What it prints is for
// [LostAttributes].
//
// cp follows a link: who may change names in the directory would have the owner and the mode of any file set, by root. So it gets the new file open, and only
// if what was opened lies where it should.
func KeepAttributes(old, fresh string, was Info, mode *fs.FileMode) string {
	from, to := target.Quote("./"+path.Base(old)), target.Quote("./"+path.Base(fresh))
	text := "LC_ALL=C ls -ld " + from + "; LC_ALL=C ls -ld " + to
	if !narrower(was, mode) {
		const open = "/proc/self/fd/9"
		at := target.Quote(path.Join(path.Dir(old), path.Base(fresh)))
		text = "{ [ \"$(readlink " + open + ")\" = " + at + " ] && cp --attributes-only --preserve=all " + from + " " + open +
			" && { chcon -h --reference=" + from + " " + to + "; touch -c " + open + "; }; } 2>/dev/null 9<" + to + "; " + text
	}
	return Within(path.Dir(old), text)
}

// narrower reports whether a mode takes permissions away that a file gives: its access list would give them for a moment, or for good.
func narrower(was Info, mode *fs.FileMode) bool {
	return mode != nil && was.Mode.Perm()&^mode.Perm() != 0
}

// LostAttributes says in sentences what a file loses by being replaced: what [KeepAttributes] could not keep and ls shows, and its other names.
func LostAttributes(printed string) (notes []string) {
	was, rest, _ := strings.Cut(printed, "\n")
	for !strings.HasPrefix(rest, "-") && strings.Contains(rest, "\n") { // a name with a line feed, where ls shows it as it is
		_, rest, _ = strings.Cut(rest, "\n")
	}
	fields := strings.Fields(was)
	if len(fields) < 2 {
		return nil
	}
	if links, err := strconv.Atoi(fields[1]); err == nil {
		notes = linked(links)
	}
	mark := strings.TrimLeft(fields[0], "-rwxsStT")
	if what := map[string]string{"+": "access list", ".": "security label"}[mark]; what != "" && !strings.HasPrefix(strings.TrimLeft(rest, "-rwxsStT"), mark) {
		notes = append(notes, "the file's "+what+" could not be kept (it takes GNU cp, the right to, and no narrower mode): the new file has what its directory gives")
	}
	return notes
}

func linked(links int) []string {
	if links <= 1 {
		return nil
	}
	return []string{fmt.Sprintf("the file had %d names (hard links); the others keep the old content", links)}
}

// keepAttributes gives a part what the mode does not tell of the file that it is to replace, as far as can be, and says what is lost.
func (t *Transfer) keepAttributes(ctx context.Context, p *part, g goal) error {
	if f, ok := p.w.(*localFile); ok {
		lost, links := t.To.(*local).keepAttributes(ctx, g.path, f, !narrower(g.old, t.Mode))
		t.notes(linked(links))
		if len(lost) > 0 {
			t.note("attributes of the file could not be kept: %s", strings.Join(lost, ", "))
		}
		return nil
	}
	r := commander(t.To)
	if r == nil || !r.commands(ctx) {
		return nil
	}
	var out bytes.Buffer
	_, err := r.target.Run(ctx, target.Command{Text: KeepAttributes(g.path, p.path, g.old, t.Mode), Stdout: &limited{w: &out, left: 16 << 10}, StoreHostKeys: r.store})
	if err != nil {
		return r.fail(ctx, "keep the attributes of", g.path, err)
	}
	t.notes(LostAttributes(out.String()))
	return nil
}

func (t *Transfer) notes(all []string) {
	for _, n := range all {
		t.note("%s", n)
	}
}
