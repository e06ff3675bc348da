//go:build !linux

package localexec

import "errors"

func adoptOrphans() {}

func limitFor(string) uint64 { return 0 }

func setLimit(uint64) (restore func(), err error) { return nil, errors.ErrUnsupported }
