//go:build !linux

package files

import "context"

// keepAttributes keeps nothing here: the new file has what its directory gives.
func (l *local) keepAttributes(context.Context, string, *localFile, bool) (lost []string, links int) {
	return nil, 1
}
