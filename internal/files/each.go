package files

import (
	"context"
	"fmt"
)

// Below is a path in a tree; rel "" is the tree itself. Nothing is cleaned.
func Below(root, rel string) string { return under(root, rel) }

// Each calls do with everything below a directory, parents first, following no link, until that fails. A tree of more than most entries is refused.
func Each(ctx context.Context, f FS, dir string, most int, do func(path string, info Info) error) error {
	var down func(at string) error
	tooMany := &Error{Op: "look through", Path: dir, Code: "limit_reached", Message: fmt.Sprintf("it holds more than %d entries (TRANSFER_ENTRIES)", most),
		Hint: "name what is in it, one by one"}
	left := most
	down = func(at string) error {
		entries, more, err := f.ReadDir(ctx, at, left+1)
		if err != nil {
			return err
		}
		if left -= len(entries); left < 0 || more {
			return tooMany
		}
		for _, e := range entries {
			path := under(at, e.Name)
			if err := do(path, e); err != nil {
				return err
			}
			if e.Mode.IsDir() {
				if err := down(path); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return down(dir)
}
