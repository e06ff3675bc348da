package files

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

// TestTransferResume verifies the beginning before it goes on.
func TestTransferResume(t *testing.T) {
	t.Parallel()
	ways(t, func(t *testing.T, from, to FS, source, dest string) {
		data := random(3 << 20)
		put(t, source+"/f", data)
		part := func(content []byte) string {
			name := dest + "/" + partName("f")
			put(t, name, content)
			info, err := os.Stat(dest)
			if err != nil {
				t.Fatal(err)
			}
			chownLike(t, name, info)
			return name
		}
		wrong := append([]byte{}, data[:2<<20]...)
		wrong[1<<20] ^= 1
		for _, tt := range []struct {
			name    string
			content []byte
			resumed int64
		}{
			{"the beginning", data[:1<<20+7], 1<<20 + 7}, {"all", data, 3 << 20}, {"something else", wrong, 0}, {"too long", append(data[:len(data):len(data)], 1), 0}, {"none", nil, 0},
		} {
			t.Run(tt.name, func(t *testing.T) {
				if tt.content != nil {
					part(tt.content)
				}
				tr := Transfer{From: from, To: to, Source: source + "/f", Dest: dest + "/f", Verify: true, Resume: true}
				report, err := tr.Run(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				holds(t, dest+"/f", data)
				if report.Resumed != tt.resumed || report.Bytes != int64(len(data))-tt.resumed {
					t.Errorf("report %+v", report)
				}
				if left := litter(t, dest, "f"); left != nil {
					t.Errorf("left behind: %q", left)
				}
				os.Remove(dest + "/f")
			})
		}
		t.Run("several", func(t *testing.T) {
			part(data[:1000])
			part(wrong[:1<<20+1]) // the longest counts, be it of no use
			part(nil)
			tr := Transfer{From: from, To: to, Source: source + "/f", Dest: dest + "/f", Verify: true, Resume: true}
			if _, err := tr.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			holds(t, dest+"/f", data)
			if left := litter(t, dest, "f"); left != nil {
				t.Errorf("left behind: %q", left)
			}
		})
	})
}

// TestPartsExpire removes what nobody resumed within a day, and nothing else.
func TestPartsExpire(t *testing.T) {
	dir := t.TempDir()
	past := time.Now().Add(-PartAge - time.Minute)
	old, fresh, other := partName("old"), partName("fresh"), "x"+PartSuffix
	for _, name := range []string{old, fresh, other, ".y" + PartSuffix} {
		put(t, dir+"/"+name, nil)
		if name != fresh {
			if err := os.Chtimes(dir+"/"+name, past, past); err != nil {
				t.Fatal(err)
			}
		}
	}
	tree := dir + "/" + partName("tree")
	if err := errors.Join(os.MkdirAll(tree+"/sub", 0o700), os.Symlink("/etc", tree+"/link"), os.Chtimes(tree, past, past)); err != nil {
		t.Fatal(err)
	}
	put(t, dir+"/f", nil)
	tr := Transfer{From: Local(Bounds{}), To: Local(Bounds{}), Source: dir + "/f", Dest: dir + "/g"}
	if _, err := tr.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := litter(t, dir, "f", "g", fresh, other, ".y"+PartSuffix); left != nil {
		t.Errorf("left: %q", left)
	}
}

func TestPartNames(t *testing.T) {
	for _, base := range names {
		name := partName(base)
		if len(name) > longestName || !isPart(name, base) || !isPart(name, "") || isPart(name, base+"x") || strings.ContainsAny(name, "/\x00") {
			t.Errorf("part of %q is %q", base, name)
		}
	}
	long := strings.Repeat("x", 254)
	if isPart(partName(long+"a"), long+"b") {
		t.Error("names that differ at their end share their parts")
	}
	for _, no := range []string{"", PartSuffix, ".a" + PartSuffix, "a.0123456789ab" + PartSuffix, ".a.0123456789aX" + PartSuffix} {
		if isPart(no, "") {
			t.Errorf("%q is taken for a part", no)
		}
	}
}
