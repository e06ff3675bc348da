package dest

import (
	"testing"
)

// BenchmarkResolveRemembered is what every call pays: an answer that is remembered, and a look at the files.
func BenchmarkResolveRemembered(b *testing.B) {
	r := NewResolver(ResolverOptions{Env: environ()})
	d := Destination{Host: "web1"}
	if _, err := r.Resolve(b.Context(), d); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := r.Resolve(b.Context(), d); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkResolveAsked is one `ssh -G`.
func BenchmarkResolveAsked(b *testing.B) {
	for b.Loop() {
		if _, err := NewResolver(ResolverOptions{Env: environ()}).Resolve(b.Context(), Destination{Host: "web1"}); err != nil {
			b.Fatal(err)
		}
	}
}
