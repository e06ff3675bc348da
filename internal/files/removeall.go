package files

import (
	"context"
	"errors"
)

// RemoveAll removes a file, or a directory with all that is in it. It follows no link.
func RemoveAll(ctx context.Context, f FS, name string) error {
	info, err := f.Lstat(ctx, name)
	if Code(err) == "not_found" {
		return nil
	}
	if err != nil {
		return err
	}
	if !info.Mode.IsDir() {
		return f.Remove(ctx, name)
	}
	for {
		entries, more, err := f.ReadDir(ctx, name, 1000)
		if err != nil {
			return err
		}
		var errs []error
		for _, e := range entries {
			errs = append(errs, RemoveAll(ctx, f, name+"/"+e.Name))
		}
		if err := errors.Join(errs...); err != nil {
			return err
		}
		if !more {
			return f.Rmdir(ctx, name)
		}
	}
}
