package files

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"relay-shell/internal/target"
)

// digests are the SHA-256 digests of files of a tree, but for those that are known. A file that cannot be read has none.
func digests(ctx context.Context, f FS, root string, rels []string, known map[string][32]byte) (map[string][32]byte, error) {
	sums := map[string][32]byte{}
	var rest []string
	for _, rel := range rels {
		if sum, ok := known[rel]; ok {
			sums[rel] = sum
		} else {
			rest = append(rest, rel)
		}
	}
	if r := commander(f); r != nil && len(rest) > 4 && r.commands(ctx) {
		full, err := f.RealPath(ctx, root)
		if err != nil {
			return nil, err
		}
		if err := r.sumMany(ctx, full, rest, sums); err != nil {
			return nil, err
		}
	}
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for _, rel := range rest {
		mu.Lock()
		_, done := sums[rel]
		mu.Unlock()
		if done {
			continue
		}
		g.Go(func() error {
			sum, _, err := f.SHA256(ctx, under(root, rel), -1)
			if err != nil {
				if ctx.Err() != nil || Code(err) == "connection_lost" {
					return err
				}
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			sums[rel] = sum
			return nil
		})
	}
	return sums, g.Wait()
}

// manyScript reads names, each ended by NUL, and prints a line for each file: the digest, and the name as the program likes to show it.
const manyScript = `cd -- %s || exit 3
if command -v sha256sum >/dev/null 2>&1; then exec xargs -0 sha256sum
elif command -v openssl >/dev/null 2>&1; then exec xargs -0 openssl dgst -sha256 -r
elif command -v shasum >/dev/null 2>&1; then exec xargs -0 shasum -a 256
else exit 127; fi`

// sumMany has the host compute digests, and adds those that it can tell. Names never reach a shell: they go to xargs.
func (r *remote) sumMany(ctx context.Context, root string, rels []string, sums map[string][32]byte) error {
	var names, out bytes.Buffer
	for _, rel := range rels {
		names.WriteString("./" + rel + "\x00")
	}
	room := names.Len() * 2
	_, err := r.target.Run(ctx, target.Command{
		Script: &target.Script{Interpreter: "sh", Body: fmt.Sprintf(manyScript, word(root))},
		Stdin:  &names, Stdout: &limited{w: &out, left: room + 80*len(rels)}, StoreHostKeys: r.store,
	})
	if err != nil {
		return r.fail(ctx, "digest", root, err)
	}
	readSums(out.Bytes(), rels, sums)
	return nil
}

// readSums reads the lines of the programs above, in the order of rels; files that the host could not read have none. A name is compared
// in both its forms, plain and with \n and \\ for what would break the line (GNU, marked by a backslash before the digest).
func readSums(out []byte, rels []string, sums map[string][32]byte) {
	for _, rel := range rels {
		name := "./" + rel
		for _, form := range []struct{ mark, name string }{{"", name}, {`\`, escapeGNU.Replace(name)}} {
			rest, ok := bytes.CutPrefix(out, []byte(form.mark))
			if !ok || len(rest) < 66 || rest[64] != ' ' || rest[65] != ' ' && rest[65] != '*' {
				continue
			}
			after, ok := bytes.CutPrefix(rest[66:], []byte(form.name+"\n"))
			if !ok {
				continue
			}
			var sum [32]byte
			if _, err := hex.Decode(sum[:], rest[:64]); err == nil {
				sums[rel], out = sum, after
				break
			}
		}
	}
}

var escapeGNU = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`)
