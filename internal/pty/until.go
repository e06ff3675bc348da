package pty

import (
	"context"
	"regexp"
	"sort"
	"strings"
	"time"
)

const (
	// matchWindow is how much of the newest text a pattern is matched against.
	matchWindow = 64 << 10
	// matchPause is the least time between two attempts, so that a program that prints byte by byte costs little.
	matchPause = 10 * time.Millisecond
)

// Until waits until what was printed from the cursor on matches the pattern, and returns the offset behind the match. It
// returns false when the output is complete without a match, and an error when ctx ends first. The pattern sees the text
// as a person does, without terminal sequences and with plain newlines, unless it mentions the escape character itself.
// It sees at least the newest 64 KiB.
func (r *Ring) Until(ctx context.Context, cursor int64, re *regexp.Regexp) (end int64, matched bool, err error) {
	v := &view{raw: wantsRaw(re)}
	var tried time.Time // when something was printed that did not match: the first answer to a key is not to wait
	for at := cursor; ; {
		c := r.Raw(at, r.size)
		if c.Dropped > 0 || v.scan.pos != at {
			v.reset(c.Start)
		}
		v.add(c.Data)
		if at = c.Next; len(c.Data) > 0 || v.fresh() {
			if m := re.FindIndex(v.text); m != nil {
				return v.offset(m[1]), true, nil
			}
			if len(c.Data) > 0 {
				tried = time.Now()
			}
		}
		_, complete, err := r.Wait(ctx, at)
		if err != nil {
			return at, false, err
		}
		if _, last := r.Bounds(); complete && at == last {
			return at, false, nil
		}
		if pause := time.Until(tried.Add(matchPause)); pause > 0 {
			select {
			case <-time.After(pause):
			case <-ctx.Done():
			}
		}
	}
}

// wantsRaw says whether a pattern mentions the escape character.
func wantsRaw(re *regexp.Regexp) bool {
	s := strings.ToLower(re.String())
	for _, esc := range []string{"\x1b", `\x1b`, `\033`, `\x{1b}`, `[[:cntrl:]]`} {
		if strings.Contains(s, esc) {
			return true
		}
	}
	return false
}

// view is the newest output as text, and where in the output it stands.
type view struct {
	raw   bool
	scan  scanner
	text  []byte
	runs  []run
	cr    bool // a carriage return waits for what follows it
	tried bool
}

// run is a part of the text that stands together in the output.
type run struct {
	text   int // index of its first byte in the text
	offset int64
}

func (v *view) reset(offset int64) {
	v.text, v.runs, v.cr = nil, nil, false
	v.scan = scanner{pos: offset}
}

// fresh says whether nothing has been tried yet: a pattern may match no text at all.
func (v *view) fresh() bool {
	tried := v.tried
	v.tried = true
	return !tried
}

func (v *view) add(p []byte) {
	if v.raw {
		v.append(p, v.scan.pos)
		v.scan.pos += int64(len(p))
	} else {
		v.scan.feed(p, plainText{v})
	}
	if extra := len(v.text) - 2*matchWindow; extra > 0 {
		v.drop(len(v.text) - matchWindow)
	}
}

// drop forgets the first n bytes of the text.
func (v *view) drop(n int) {
	first := sort.Search(len(v.runs), func(i int) bool { return v.runs[i].text > n }) - 1
	at := v.runs[first].offset + int64(n-v.runs[first].text)
	v.runs = append([]run{{n, at}}, v.runs[first+1:]...)
	for i := range v.runs {
		v.runs[i].text -= n
	}
	v.text = append([]byte(nil), v.text[n:]...)
}

func (v *view) append(p []byte, offset int64) {
	if len(p) == 0 {
		return
	}
	if n := len(v.runs); n == 0 || v.runs[n-1].offset+int64(len(v.text)-v.runs[n-1].text) != offset {
		v.runs = append(v.runs, run{len(v.text), offset})
	}
	v.text = append(v.text, p...)
}

// offset is where in the output the text's first n bytes end.
func (v *view) offset(n int) int64 {
	if n == 0 {
		if len(v.runs) == 0 {
			return v.scan.pos
		}
		return v.runs[0].offset
	}
	i := sort.Search(len(v.runs), func(i int) bool { return v.runs[i].text >= n }) - 1
	return v.runs[i].offset + int64(n-v.runs[i].text)
}

// plainText takes what the scanner finds into a view.
type plainText struct{ v *view }

func (t plainText) text(p []byte) {
	t.flush()
	t.v.append(p, t.v.scan.pos)
}

func (t plainText) control(c byte) {
	switch c {
	case '\r':
		t.flush()
		t.v.cr = true
	case '\n':
		t.v.cr = false
		t.v.append([]byte{c}, t.v.scan.pos)
	case '\t':
		t.flush()
		t.v.append([]byte{c}, t.v.scan.pos)
	}
}

// flush makes a newline of a carriage return that stands alone.
func (t plainText) flush() {
	if t.v.cr {
		t.v.cr = false
		t.v.append([]byte{'\n'}, t.v.scan.pos-1)
	}
}

func (t plainText) escape([]byte, bool) {}
func (t plainText) str([]byte, bool)    {}
