package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// parallel runs one ssh for each host, width of them at a time.
func (b *bench) parallel(hosts []string, args func(host string) []string) error {
	var (
		mu   sync.Mutex
		errs []error
		runs sync.WaitGroup
	)
	places := make(chan struct{}, width)
	for _, host := range hosts {
		places <- struct{}{}
		runs.Go(func() {
			defer func() { <-places }()
			if out, err := b.ssh(args(host)...); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, fmt.Errorf("%s: %w: %s", host, err, out))
			}
		})
	}
	runs.Wait()
	return errors.Join(errs...)
}

// withArgument lists the processes whose command line holds text, without this one.
func withArgument(text string) []int {
	var pids []int
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline") // the pattern is well formed
	for _, path := range lines {
		line, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(line, []byte(text)) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil && pid != os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids
}

// pssOf is the proportional memory of a process in KiB, 0 if that cannot be told.
func pssOf(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "Pss:"); ok {
			kb, _ := strconv.Atoi(strings.Fields(rest)[0])
			return kb
		}
	}
	return 0
}

func medianPSS(pids []int) int {
	var all []int
	for _, pid := range pids {
		all = append(all, pssOf(pid))
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/2]
}
