package inventory

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// eventually waits until the hosts are these. Files are looked at on access, at most a moment later.
func eventually(t *testing.T, inv *Inventory, want string) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		got := strings.Join(names(inv.Hosts()), " ")
		if got == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("hosts %q, want %q; problems %q", got, want, inv.Problems())
		}
	}
}

func TestReload(t *testing.T) {
	home := tree(t, map[string]string{".ssh/config": "Include conf.d/*\nHost a\n", "hosts": "h1\n"})
	hosts := filepath.Join(home, "hosts")
	inv := openHome(t, home, hosts)
	eventually(t, inv, "h1 a")

	write(t, hosts, "h1\nh2\n")
	eventually(t, inv, "h1 h2 a")
	write(t, hosts, "h1\nh3\n") // same size, perhaps the same mtime
	eventually(t, inv, "h1 h3 a")

	write(t, filepath.Join(home, "new"), "h4\n")
	if err := os.Rename(filepath.Join(home, "new"), hosts); err != nil {
		t.Fatal(err)
	}
	eventually(t, inv, "h4 a")

	write(t, filepath.Join(home, ".ssh/conf.d/x"), "Host b\n")
	eventually(t, inv, "h4 b a")
	write(t, filepath.Join(home, ".ssh/conf.d/x"), "Host c d\n")
	eventually(t, inv, "h4 c d a")
	if err := os.Remove(filepath.Join(home, ".ssh/config")); err != nil {
		t.Fatal(err)
	}
	eventually(t, inv, "h4")
	write(t, filepath.Join(home, ".ssh/config"), "Host z\n")
	eventually(t, inv, "h4 z")
}

func TestBadVersionKeepsTheLast(t *testing.T) {
	home := tree(t, map[string]string{"hosts": "{\"a\": {}, \"-b\": {}}"})
	hosts := filepath.Join(home, "hosts")
	inv := openHome(t, home, hosts)
	for _, bad := range []func(){
		func() { write(t, hosts, "{\"a\": {},\n\"b\": ") },
		func() {
			if err := os.Remove(hosts); err != nil {
				t.Fatal(err)
			}
		},
	} {
		bad()
		deadline := time.Now().Add(10 * time.Second)
		for len(inv.Problems()) != 2 && time.Now().Before(deadline) {
		}
		p := inv.Problems()
		if len(p) != 2 || !strings.HasPrefix(p[0], hosts) || !strings.Contains(p[0], "stays in force") || !strings.Contains(p[1], "starts with a dash") {
			t.Fatalf("problems %q", p)
		}
		eventually(t, inv, "a")
		write(t, hosts, "{\"a\": {}, \"-b\": {}}")
		for len(inv.Problems()) != 1 && time.Now().Before(deadline) {
		}
		if p := inv.Problems(); len(p) != 1 {
			t.Fatalf("problems %q", p)
		}
	}
}

// TestManyReaders is for the race detector.
func TestManyReaders(t *testing.T) {
	home := tree(t, map[string]string{".ssh/config": "Host a\n", "hosts": "h1\n"})
	hosts := filepath.Join(home, "hosts")
	inv := openHome(t, home, hosts)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		wg.Go(func() { // ends when stop is closed
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := inv.Select("@all"); err != nil {
					t.Error(err)
				}
				for _, h := range inv.Hosts() {
					if _, ok := inv.Groups()["none"]; ok || h.Alias == "" {
						t.Error("impossible")
					}
				}
			}
		})
	}
	for n := range 50 {
		write(t, filepath.Join(home, "new"), strings.Repeat("x", n+1)+"\n")
		if err := os.Rename(filepath.Join(home, "new"), hosts); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, inv, strings.Repeat("x", 50)+" a")
	close(stop)
	wg.Wait()
}
