package lazyregexp

import (
	"sync"
	"testing"
)

func TestNewFindsFaults(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a test's program was built with a fault in a pattern")
		}
	}()
	New(`(`)
}

func TestCompiledWhenUsed(t *testing.T) {
	inTest = false
	defer func() { inTest = true }()
	broken := New(`(`) // not looked at yet
	defer func() {
		if recover() == nil {
			t.Error("a pattern with a fault in it matched")
		}
	}()
	broken.MatchString("x")
}

func TestShared(t *testing.T) {
	inTest = false
	defer func() { inTest = true }()
	re := New(`^(\w+)=(\d+)$`)
	var work sync.WaitGroup
	for range 8 {
		work.Go(func() {
			if m := re.FindStringSubmatch("port=22"); len(m) != 3 || m[1] != "port" || m[2] != "22" {
				t.Errorf("FindStringSubmatch = %q", m)
			}
		})
	}
	work.Wait()
}
