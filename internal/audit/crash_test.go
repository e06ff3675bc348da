package audit

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// TestPowerLoss loses power at a random point of a random history, also while the log recovers from the last time. Nothing that was
// acknowledged as durable may be missing, every published head must still hold, and every torn line must be accounted for.
func TestPowerLoss(t *testing.T) {
	for seed := range crashSeeds {
		if !powerLoss(t, uint64(seed)) {
			return
		}
	}
}

// acked is what the log has promised.
type acked struct {
	lines  map[int64]string // calls of durable records by sequence number
	floors []Floor
}

func powerLoss(t *testing.T, seed uint64) bool {
	rng := rand.New(rand.NewPCG(seed, 7))
	fsys := newCrashFS(rng)
	fsys.MkdirAll("/x", 0o700)
	promised := acked{lines: map[int64]string{}}
	fail := func(format string, args ...any) bool {
		t.Errorf("seed %d: %s\n%s", seed, fmt.Sprintf(format, args...), fsys.dump())
		return false
	}
	for life := range 1 + rng.IntN(4) {
		fsys.left = 5 + rng.IntN(150)
		live(fsys, rng, life, &promised)
		fsys = fsys.crash()
	}
	l, err := Open(crashOptions(fsys, rng))
	if err != nil {
		return fail("open after the crash: %v", err)
	}
	defer l.Close()
	if h := l.Health(); h.Degraded {
		return fail("degraded: %s", h.Reason)
	}
	if _, err := l.Append(context.Background(), result("last"), true); err != nil {
		return fail("append after the crash: %v", err)
	}
	if _, err := l.Checkpoint(context.Background()); err != nil {
		return fail("checkpoint after the crash: %v", err)
	}
	r, err := Verify(context.Background(), VerifyOptions{Path: "/x/audit.jsonl", FS: fsys, Floors: promised.floors})
	if err != nil || !r.OK {
		return fail("verify: %v %v", err, r.Fault)
	}
	return checkAcked(fsys, &promised, fail)
}

func crashOptions(fsys FS, rng *rand.Rand) Options {
	now := time.Unix(1_800_000_000, 0)
	return Options{
		Path: "/x/audit.jsonl", FS: fsys, Rotate: Rotation{Size: int64(2000 + rng.IntN(6000))}, CheckpointEvery: time.Hour, Reserve: -1, Retention: -1,
		Now: func() time.Time { now = now.Add(time.Millisecond); return now },
	}
}

// live is one life of a server: until the power fails.
func live(fsys *crashFS, rng *rand.Rand, life int, promised *acked) {
	l, err := Open(crashOptions(fsys, rng))
	if err != nil {
		return
	}
	defer l.stop() // the power is gone: there is no Close
	for i := range 100 {
		call := fmt.Sprintf("life%d-%d", life, i)
		durable := rng.IntN(2) == 0
		head, err := l.Append(context.Background(), intent(call), durable)
		if err != nil {
			return
		}
		if durable {
			promised.lines[head.Seq] = call
		}
		if h := l.Head(); h.Size > 0 {
			f, err := ParseFloor(fmt.Sprintf("%d:%s", h.Size, h.Root))
			if err != nil {
				panic(err)
			}
			promised.floors = append(promised.floors, f)
		}
		if rng.IntN(3) > 0 {
			if _, err := l.Append(context.Background(), result(call), false); err != nil {
				return
			}
		}
		if rng.IntN(10) == 0 {
			if _, err := l.Checkpoint(context.Background()); err != nil {
				return
			}
		}
	}
}

// checkAcked looks for every durable record at its place.
func checkAcked(fsys FS, promised *acked, fail func(string, ...any) bool) bool {
	lay, err := newLayout("/x/audit.jsonl")
	if err != nil {
		return fail("%v", err)
	}
	segs, err := segments(fsys, lay)
	if err != nil {
		return fail("%v", err)
	}
	var all [][]byte
	for i := range segs {
		data, err := readFile(fsys, segs[i].name)
		if err != nil {
			return fail("%v", err)
		}
		all = append(all, bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))...)
	}
	for seq, call := range promised.lines {
		if seq >= int64(len(all)) || !strings.Contains(string(all[seq]), `"call":"`+call+`"`) {
			return fail("record %d of call %s was acknowledged as durable and is not there", seq, call)
		}
	}
	return true
}
