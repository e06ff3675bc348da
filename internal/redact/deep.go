package redact

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Value returns v with every secret in it masked, in keys and in values: the value of a secret's name is masked whole,
// every other string is read as by [Redactor.String]. A list of strings is also read as a command's arguments. Maps keep
// their number of keys and lists their length; booleans, null and numbers stay, but for numbers under a secret's name,
// which become marks. v itself is not changed. Structs are read as JSON.
func (r *Redactor) Value(v any) any { return r.deep(v, "", notSecret, 0) }

// maxDepth bounds the nesting of values. What lies deeper is replaced by a mark as a whole: it cannot be vouched for.
const maxDepth = 200

// deep masks v, which stands under a name of the given class.
func (r *Redactor) deep(v any, kind string, class nameClass, depth int) any {
	if depth > maxDepth {
		return r.mark(kindSecret, "too deep")
	}
	switch v := v.(type) {
	case nil, bool:
		return v
	case string:
		return r.named(v, kind, class)
	case json.Number:
		return r.number(v, v.String(), class, kind)
	case float64:
		return r.number(v, strconv.FormatFloat(v, 'g', -1, 64), class, kind)
	case int:
		return r.number(v, strconv.Itoa(v), class, kind)
	case int64:
		return r.number(v, strconv.FormatInt(v, 10), class, kind)
	case []byte:
		return []byte(r.named(string(v), kind, class))
	case json.RawMessage:
		return r.raw(v, kind, class, depth)
	case []any:
		return r.list(v, kind, class, depth)
	case map[string]any:
		return r.object(v, kind, class, depth)
	}
	return r.reflected(v, kind, class, depth)
}

func (r *Redactor) object(v map[string]any, kind string, class nameClass, depth int) map[string]any {
	out := make(map[string]any, len(v))
	pairKind, pairClass := pairName(v)
	for _, key := range slices.Sorted(maps.Keys(v)) {
		masked := freeKey(out, r.String(key))
		if pairClass != notSecret && strings.EqualFold(key, "value") {
			out[masked] = r.deep(v[key], pairKind, pairClass, depth+1)
			continue
		}
		out[masked] = r.member(key, v[key], kind, class, depth)
	}
	return out
}

// pairName is what {"name": "DB_PASSWORD", "value": …} names.
func pairName(v map[string]any) (string, nameClass) {
	for _, key := range []string{"name", "Name", "key", "Key"} {
		if name, ok := v[key].(string); ok && len(name) <= maxName {
			if kind, class := classify(name); class != queryName {
				return kind, class
			}
		}
	}
	return "", notSecret
}

// member masks the value of a key. The class of an outer name reaches inwards, as in {"secrets": {"db": "…"}}.
func (r *Redactor) member(key string, value any, kind string, class nameClass, depth int) any {
	if k, c := classify(key); c != notSecret && c != queryName {
		kind, class = k, c
	} else if class != strongName && class != mediumName || r.profile != All {
		class = notSecret
	} else if s, ok := value.(string); ok && (isPlainWord(s) || len(s) < 6) {
		class = notSecret // {"credentials": {"type": "basic", …}}
	}
	return r.deep(value, kind, class, depth+1)
}

// named masks a string under a name.
func (r *Redactor) named(s, kind string, class nameClass) string {
	if class == notSecret || r.profile != All || s == "" {
		return r.String(s)
	}
	t := plain(s).text
	sc := scanner{carry: &carry{}, s: t, lineStart: true}
	x := extent{start: 0, end: len(t), next: len(t), quote: '"'}
	st := site{kind: kind, class: class, sep: ':', quoted: true}
	switch {
	case strings.IndexByte(t, atom) >= 0:
		return r.String(s)
	case class == strongName && !isReference(t, 0) && !isBlankForm(strings.TrimSpace(t)) && !saysNothing[strings.ToLower(t)]:
		// Nothing but a password stands under this name, whatever it looks like.
	case !sc.accept(st, x):
		return r.String(s)
	}
	return r.mark(kind, s)
}

// saysNothing are values under a password's name that are none.
var saysNothing = set("true", "false", "yes", "no", "none", "null", "unset", "disabled", "enabled", "required", "optional")

// mark is the mark of a whole value.
func (r *Redactor) mark(kind, s string) string {
	mac := r.marker.start()
	measure(mac, kind, s)
	return r.marker.finish(kind, mac)
}

// number keeps v unless its name says that it is a secret.
func (r *Redactor) number(v any, text string, class nameClass, kind string) any {
	if masked := r.named(text, kind, class); masked != text {
		return masked
	}
	return v
}

// raw masks a JSON document within a value; what is none is read as text.
func (r *Redactor) raw(b json.RawMessage, kind string, class nameClass, depth int) any {
	var v any
	if json.Unmarshal(b, &v) == nil {
		if out, err := json.Marshal(r.deep(v, kind, class, depth+1)); err == nil {
			return json.RawMessage(out)
		}
	}
	out, _ := json.Marshal(r.named(string(b), kind, class))
	return json.RawMessage(out)
}

func (r *Redactor) list(v []any, kind string, class nameClass, depth int) []any {
	out := make([]any, len(v))
	for i, e := range r.arguments(v) {
		out[i] = r.deep(e, kind, class, depth+1)
	}
	return out
}

// arguments masks the secrets of a list that may be the arguments of a command. It returns v itself if it is none.
func (r *Redactor) arguments(v []any) []any {
	if r.profile != All || len(v) < 2 || len(v) > maxWords {
		return v
	}
	words := make([]word, len(v))
	var b strings.Builder
	for i, e := range v {
		s, ok := e.(string)
		if !ok {
			return v
		}
		start := b.Len()
		b.WriteString(plain(s).text)
		words[i] = word{start, b.Len()}
		b.WriteByte(' ')
	}
	sc := scanner{carry: &carry{}, s: b.String()}
	sc.walk(words)
	sc.namedOptions(words)
	if len(sc.found) == 0 {
		return v
	}
	found := merge(sc.found)
	out := make([]any, len(v))
	for i, w := range words {
		out[i] = r.cutOut(v[i].(string), w, found)
	}
	return out
}

// cutOut masks what was found within the word w, which stands for raw.
func (r *Redactor) cutOut(raw string, w word, found []finding) string {
	var b strings.Builder
	at := 0
	for _, f := range found {
		start, end := max(f.Start, w.start), min(f.End, w.end)
		if start >= end {
			continue
		}
		from, to := plain(raw).raw(start-w.start, end-w.start)
		b.WriteString(raw[at:from] + r.mark(f.Kind, raw[from:to]))
		at = to
	}
	return b.String() + raw[at:]
}

// namedOptions masks the word after an option whose name says that it is a secret.
func (sc *scanner) namedOptions(words []word) {
	for i := 0; i+1 < len(words); i++ {
		t := sc.text(words[i])
		name := strings.TrimLeft(t, "-")
		if name == t || len(name) > maxName || strings.IndexByte(name, '=') >= 0 {
			continue
		}
		kind, class := classify(name)
		if class == notSecret || class == queryName {
			continue
		}
		x := sc.inner(words[i+1])
		if sc.accept(site{kind: kind, class: class, name: name, sep: ' ', flag: 2}, x) {
			sc.add(x.start, x.end, kind, rankName)
		}
	}
}

// freeKey is key, or key with a number where two different keys have the same masked form.
func freeKey(m map[string]any, key string) string {
	if _, taken := m[key]; !taken {
		return key
	}
	for n := 2; ; n++ {
		k := key + "#" + strconv.Itoa(n)
		if _, taken := m[k]; !taken {
			return k
		}
	}
}

// reflected masks what is no plain JSON value.
func (r *Redactor) reflected(v any, kind string, class nameClass, depth int) any {
	rv := reflect.ValueOf(v)
	switch rv.Kind() {
	case reflect.Pointer, reflect.Interface:
		if rv.IsNil() {
			return v
		}
		if e, ok := v.(error); ok {
			return r.String(e.Error())
		}
		return r.deep(rv.Elem().Interface(), kind, class, depth+1)
	case reflect.Slice, reflect.Array:
		list := make([]any, rv.Len())
		for i := range list {
			list[i] = rv.Index(i).Interface()
		}
		return r.list(list, kind, class, depth)
	case reflect.Map, reflect.Struct, reflect.String:
		b, err := json.Marshal(v)
		if err != nil {
			return r.mark(kindSecret, "unreadable")
		}
		var plain any
		if json.Unmarshal(b, &plain) != nil {
			return r.mark(kindSecret, "unreadable")
		}
		return r.deep(plain, kind, class, depth+1)
	}
	return v
}
