package pty

import (
	"context"
	"errors"
	"math/rand/v2"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"
)

func TestRingReaders(t *testing.T) {
	r := NewRing(10)
	r.Write([]byte("abc"))
	for _, test := range []struct {
		cursor  int64
		limit   int
		data    string
		next    int64
		dropped int64
	}{
		{0, 100, "abc", 3, 0},
		{0, 2, "ab", 2, 0},
		{2, 100, "c", 3, 0},
		{3, 100, "", 3, 0},
		{99, 100, "", 3, 0},
		{-1, 100, "abc", 3, 0},
	} {
		c := r.Read(test.cursor, test.limit)
		if string(c.Data) != test.data || c.Next != test.next || c.Dropped != test.dropped || c.Ended {
			t.Errorf("Read(%d, %d) = %q, %+v", test.cursor, test.limit, c.Data, c)
		}
	}
	r.Write([]byte("defghijklmno")) // 15 in all, 5 to 15 are kept
	if c := r.Read(0, 100); string(c.Data) != "fghijklmno" || c.Dropped != 5 || c.Start != 5 || c.Next != 15 {
		t.Errorf("%q, %+v", c.Data, c)
	}
	if c := r.Newest(0, -1, 3); string(c.Data) != "mno" || c.Dropped != 12 || c.Next != 15 {
		t.Errorf("%q, %+v", c.Data, c)
	}
	if c := r.Newest(7, 10, 2); string(c.Data) != "ij" || c.Dropped != 1 || c.Next != 10 {
		t.Errorf("%q, %+v", c.Data, c)
	}
	if start, end := r.Bounds(); start != 5 || end != 15 {
		t.Errorf("%d, %d", start, end)
	}
	r.Close()
	if c := r.Read(10, 100); string(c.Data) != "klmno" || !c.Ended {
		t.Errorf("%q, %+v", c.Data, c)
	}
	if c := r.Read(10, 1); c.Ended {
		t.Errorf("ended before the end: %+v", c)
	}
}

func TestRingKeepsCharactersWhole(t *testing.T) {
	r := NewRing(100)
	r.Write([]byte("a\xe6\x97"))
	if c := r.Read(0, 100); string(c.Data) != "a" || c.Next != 1 {
		t.Errorf("%q, %+v", c.Data, c)
	}
	r.Write([]byte("\xa5b"))
	if c := r.Read(1, 100); string(c.Data) != "日b" || c.Next != 5 {
		t.Errorf("%q, %+v", c.Data, c)
	}
	if c := r.Read(0, 3); string(c.Data) != "a" || c.Next != 1 {
		t.Errorf("%q, %+v", c.Data, c)
	}
	if c := r.Newest(0, -1, 3); string(c.Data) != "b" || c.Dropped != 4 {
		t.Errorf("%q, %+v", c.Data, c)
	}
	r.Write([]byte("\xe6"))
	r.Close()
	if c := r.Read(5, 100); string(c.Data) != "\xe6" || !c.Ended {
		t.Errorf("the end of a complete output is held back: %q, %+v", c.Data, c)
	}
}

func FuzzRing(f *testing.F) {
	f.Add([]byte("aé日\U0001f600 and so on"), 7, 3, uint64(1))
	f.Add([]byte("\xff\x80\x80\x80\x80\xf0\x9f"), 5, 1, uint64(2))
	f.Fuzz(func(t *testing.T, data []byte, size, limit int, seed uint64) {
		if size < 1 || size > 1000 || limit < 4 || limit > 1000 {
			return
		}
		r := NewRing(size)
		rnd := rand.New(rand.NewPCG(seed, 1))
		var cursor, dropped int64
		var got []byte
		read := func() {
			c := r.Read(cursor, limit)
			if c.Start != cursor+c.Dropped || c.Next != c.Start+int64(len(c.Data)) || string(data[c.Start:c.Next]) != string(c.Data) {
				t.Fatalf("%+v", c)
			}
			if utf8.Valid(data) && !utf8.Valid(c.Data) {
				t.Fatalf("%q is not whole", c.Data)
			}
			got = append(got, c.Data...)
			dropped += c.Dropped
			cursor = c.Next
		}
		for rest := data; len(rest) > 0; {
			n := 1 + rnd.IntN(len(rest))
			r.Write(rest[:n])
			rest = rest[n:]
			if rnd.IntN(2) == 0 {
				read()
			}
		}
		r.Close()
		for {
			before := cursor
			if read(); cursor == before {
				break
			}
		}
		if int64(len(got))+dropped != int64(len(data)) {
			t.Fatalf("%d read and %d dropped of %d", len(got), dropped, len(data))
		}
	})
}

func TestRingWait(t *testing.T) {
	r := NewRing(0)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if end, complete, err := r.Wait(t.Context(), 2); end != 4 || complete || err != nil {
				t.Errorf("%d, %v, %v", end, complete, err)
			}
		})
	}
	r.Write([]byte("ab"))
	r.Write([]byte("cd"))
	wg.Wait()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	if _, _, err := r.Wait(ctx, 4); err == nil || err.Error() != "enough" {
		t.Errorf("got %v", err)
	}
	r.Close()
	if _, complete, err := r.Wait(t.Context(), 4); !complete || err != nil {
		t.Errorf("%v, %v", complete, err)
	}
}

// TestRingWaitsForCharacters: the beginning of a character wakes nobody, its end and the end of the output do.
func TestRingWaitsForCharacters(t *testing.T) {
	for _, rest := range []string{"\xa5", "x", ""} {
		synctest.Test(t, func(t *testing.T) {
			r := NewRing(0)
			r.Write([]byte("a\xe6"))
			if end, _, err := r.Wait(t.Context(), 0); end != 1 || err != nil {
				t.Errorf("%d, %v", end, err)
			}
			woken := make(chan int64, 1)
			go func() {
				end, _, _ := r.Wait(t.Context(), 1)
				woken <- end
			}()
			r.Write([]byte("\x97"))
			synctest.Wait()
			if len(woken) > 0 {
				t.Error("woken by a part of a character")
			}
			if r.Write([]byte(rest)); rest == "" {
				r.Close()
			}
			if end := <-woken; end != 3+int64(len(rest)) {
				t.Errorf("%q: %d", rest, end)
			}
		})
	}
}

func TestUntil(t *testing.T) {
	for _, test := range []struct {
		out, pattern string
		cursor       int64
		want         int64 // -1: none
	}{
		{"hello\r\nworld\r\n", `wor`, 0, 10},
		{"hello\r\nworld\r\n", `^world$`, 0, -1},
		{"hello\r\nworld\r\n", `(?m)^hello$`, 0, 5},
		{"\x1b[1;32muser@host\x1b[0m:\x1b[34m~\x1b[0m$ ", `host:~\$ $`, 0, 33},
		{"\x1b[31mred\x1b[0m", `\x1b\[31m`, 0, 5},
		{"10%\r20%\r", `(?m)^20%$`, 0, 7},
		{"one two one", `one`, 1, 11},
		{"\x1b]0;needle\x07hay", `needle`, 0, -1},
		{"password: ", `(?i)password: $`, 0, 10},
		{"日本語", `本`, 0, 6},
		{"", ``, 0, 0},
		{"tab\there", `b\th`, 0, 5},
	} {
		r := NewRing(0)
		for _, c := range []byte(test.out) {
			r.Write([]byte{c})
		}
		r.Close()
		end, ok, err := r.Until(t.Context(), test.cursor, regexp.MustCompile(test.pattern))
		if err != nil || ok != (test.want >= 0) || ok && end != test.want {
			t.Errorf("%q in %q from %d: %d, %v, %v; want %d", test.pattern, test.out, test.cursor, end, ok, err, test.want)
		}
	}
}

func TestUntilWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRing(1000)
		go func() {
			for range 300 { // much more than the ring keeps, and the window
				r.Write([]byte(strings.Repeat("x", 999) + "\n"))
				time.Sleep(20 * time.Millisecond)
			}
			r.Write([]byte("nee"))
			time.Sleep(time.Second)
			r.Write([]byte("\x1b[0mdle and more"))
		}()
		end, ok, err := r.Until(t.Context(), 0, regexp.MustCompile("needle"))
		if want := int64(300*1000 + len("nee\x1b[0mdle")); err != nil || !ok || end != want {
			t.Errorf("%d, %v, %v; want %d", end, ok, err, want)
		}
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errors.New("too long"))
		defer cancel()
		if _, _, err := r.Until(ctx, end, regexp.MustCompile("never")); err == nil || err.Error() != "too long" {
			t.Errorf("got %v", err)
		}
	})
}

// Where a match ends does not depend on how the output came, and what is matched is what a person sees.
func FuzzUntil(f *testing.F) {
	f.Add([]byte("a\x1b[31mb\r\nc\x1b]0;t\x07d"), "b\nc", uint64(1))
	f.Fuzz(func(t *testing.T, data []byte, literal string, seed uint64) {
		if literal == "" || strings.ContainsAny(literal, "\x1b\r") || !utf8.ValidString(literal) || len(data) > 5000 {
			return
		}
		re := regexp.MustCompile(regexp.QuoteMeta(literal))
		whole := NewRing(0)
		whole.Write(data)
		whole.Close()
		end, ok, err := whole.Until(t.Context(), 0, re)
		if err != nil || end < 0 || end > int64(len(data)) {
			t.Fatal(end, ok, err)
		}
		v := &view{}
		rnd := rand.New(rand.NewPCG(seed, 1))
		for rest := data; len(rest) > 0; {
			n := 1 + rnd.IntN(len(rest))
			v.add(rest[:n])
			rest = rest[n:]
		}
		m := re.FindIndex(v.text)
		if (m != nil) != ok || ok && v.offset(m[1]) != end {
			t.Fatalf("in pieces: %v, whole: %d, %v", m, end, ok)
		}
	})
}
