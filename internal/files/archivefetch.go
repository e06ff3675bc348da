package files

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"path"
	"strings"

	"golang.org/x/sync/errgroup"

	"relay-shell/internal/target"
)

// fetchScript reads names, each ended by NUL, and prints archives of these files, one after the other. Names never reach a shell: they go to xargs.
// macOS adds files of its own otherwise.
const fetchScript = `cd -- %s || exit 3
` + unsetTar + `
LC_ALL=C COPYFILE_DISABLE=1; export LC_ALL COPYFILE_DISABLE
exec xargs -0 tar -cf -`

// member is a file that has come out of an archive.
type member struct {
	item
	data []byte
}

// fetch has the host's tar read files, and writes them here into the part directory. Of what comes, only what was asked for is taken, and only whole: name
// and size are those of the listing.
func (t *tree) fetch(ctx context.Context, host *remote, here *local, items []item) error {
	root, err := t.From.RealPath(ctx, t.Source)
	if err != nil {
		return err
	}
	var names, words bytes.Buffer
	most := int64(1 << 20)
	for _, i := range items {
		names.WriteString("./" + i.rel + "\x00")
		most += i.info.Size + 4096 + 4*int64(len(i.rel))
	}
	in, out := io.Pipe()
	unpacked := make(chan error, 1)
	go func() { // ends with the archive, at most bytes, or with the command
		err := t.unpack(ctx, here, items, io.LimitReader(in, most))
		in.CloseWithError(errUnheard)
		unpacked <- err
	}()
	exit, err := host.target.Run(ctx, target.Command{
		Script: &target.Script{Interpreter: "sh", Body: strings.Replace(fetchScript, "%s", word(root), 1)},
		Stdin:  &names, Stdout: out, Stderr: &limited{w: &words, left: 4096}, StoreHostKeys: host.store,
	})
	out.Close()
	uerr := <-unpacked
	var broken *tarError
	if uerr != nil && !errors.As(uerr, &broken) {
		return uerr
	}
	if err != nil && errors.Is(err, errUnheard) {
		err = nil
	}
	if terr := host.tarred(ctx, exit, err, strings.TrimSpace(words.String()), t.Source); terr != nil {
		return terr
	}
	return uerr
}

// unpack writes the files of archives.
func (t *tree) unpack(ctx context.Context, here *local, items []item, in io.Reader) error {
	wanted := make(map[string]item, len(items))
	for _, i := range items {
		wanted[i.rel] = i
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(batchers)
	var batch []member
	var size int64
	flush := func() {
		if b := batch; len(b) > 0 {
			g.Go(func() error { return t.store(ctx, here, b) })
		}
		batch, size = nil, 0
	}
	rerr := eachMember(in, func(h *tar.Header, content io.Reader) error {
		i, ok := wanted[strings.TrimPrefix(h.Name, "./")]
		if !ok || h.Typeflag != tar.TypeReg || h.Size != i.info.Size {
			return ctx.Err()
		}
		delete(wanted, i.rel)
		data := make([]byte, h.Size)
		if _, err := io.ReadFull(content, data); err != nil {
			return err
		}
		if len(batch) > 0 && (dirOf(batch[0].rel) != dirOf(i.rel) || len(batch) == batchFiles || size+h.Size > batchBytes) {
			flush()
		}
		batch, size = append(batch, member{i, data}), size+h.Size
		return ctx.Err()
	})
	flush()
	if err := g.Wait(); err != nil {
		return err
	}
	if rerr != nil {
		return &tarError{"no archive: " + rerr.Error()}
	}
	return nil
}

// eachMember calls do with the members of archives that follow each other.
func eachMember(in io.Reader, do func(h *tar.Header, content io.Reader) error) error {
	buffered := bufio.NewReaderSize(in, 128<<10)
	for {
		head, err := buffered.Peek(1)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if head[0] == 0 { // what fills the last record of an archive
			if _, err := buffered.Discard(1); err != nil {
				return err
			}
			continue
		}
		r := tar.NewReader(buffered)
		for {
			h, err := r.Next()
			if err == io.EOF {
				break
			}
			if err == nil {
				err = do(h, r)
			}
			if err != nil {
				return err
			}
		}
	}
}

// store writes a batch into a directory that this transfer has made.
func (t *tree) store(ctx context.Context, here *local, batch []member) error {
	dir, err := here.openDir(ctx, t.stage, path.Dir(batch[0].rel))
	if err != nil {
		return err
	}
	defer dir.close()
	for _, m := range batch {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := dir.write(nameOf(m.item), m.data, m.info.Mode.Perm(), m.info); err != nil {
			return fail(ctx, "write", under(t.stage, m.rel), err)
		}
		t.meter.add(len(m.data))
		t.arrived(m.item, sha256.Sum256(m.data), int64(len(m.data)))
	}
	return nil
}
