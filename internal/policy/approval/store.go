package approval

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// MinimumThought is the time below which an approval counts as none: nobody reads that fast.
const MinimumThought = 800 * time.Millisecond

// Waiting is a question that waits for an answer.
type Waiting struct {
	Token     string    `json:"token"`
	Digest    string    `json:"digest"`
	Challenge string    `json:"challenge"` // of the server that asks, new with each start
	PID       int       `json:"pid"`
	Asked     time.Time `json:"asked"`
	Expires   time.Time `json:"expires"`
	Human     bool      `json:"human"`
	Shown     Shown     `json:"shown"`

	raw    []byte
	answer *Answer
}

// Options configure a Store. The zero value keeps nothing on disk.
type Options struct {
	Dir      string        // of the pending files, 0700; empty keeps them in memory only, where no other process can answer
	TTL      time.Duration // 120 s; from the question to the call that uses the answer
	Limit    int           // 256 questions
	Verifier *Verifier     // nil: no answer from another process counts
	Now      func() time.Time
}

// Store keeps questions. It is safe for concurrent use.
type Store struct {
	o    Options
	mu   sync.Mutex
	open map[string]*Waiting // by token
	seal *sealer
}

// Open makes a store. Questions that a server which has ended left behind wait on; answers to them from before do not count.
func Open(o Options) (*Store, error) {
	if o.TTL == 0 {
		o.TTL = 120 * time.Second
	}
	if o.Limit == 0 {
		o.Limit = 256
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Store{o: o, open: map[string]*Waiting{}}
	var err error
	if s.seal, err = newSealer(); err != nil {
		return nil, err
	}
	if o.Dir == "" {
		return s, nil
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, err
	}
	return s, s.adopt()
}

// adopt takes over the questions of servers that have ended, each with a new challenge.
func (s *Store) adopt() error {
	old, err := List(s.o.Dir, s.o.Now())
	if err != nil {
		return err
	}
	for _, w := range old {
		if alive(w.PID) && w.PID != os.Getpid() {
			continue
		}
		os.Remove(answerPath(s.o.Dir, w.Token))
		w.Challenge, w.PID = newToken(), os.Getpid()
		if err := s.write(w); err != nil {
			return err
		}
		s.open[w.Token] = w
	}
	return nil
}

// newToken is 128 random bits, safe in URLs and file names.
func newToken() string {
	b := make([]byte, 16)
	if _, err := rand.Read(b); err != nil {
		panic(err) // crypto/rand does not fail on the systems that Go supports
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// Ask puts a question, or returns the one that already waits for the identical request. With human, only a person's answer
// counts and other processes can see the question.
func (s *Store) Ask(r Request, shown Shown, human bool) (Waiting, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	digest := r.Digest()
	if w := s.byDigest(digest, human); w != nil {
		return *w, nil
	}
	now := s.o.Now()
	w := &Waiting{
		Token: newToken(), Digest: digest, Challenge: newToken(), PID: os.Getpid(),
		Asked: now.UTC(), Expires: now.Add(s.o.TTL).UTC(), Human: human, Shown: shown,
	}
	if err := s.write(w); err != nil {
		return Waiting{}, err
	}
	s.open[w.Token] = w
	s.evict()
	return *w, nil
}

// write marshals a question and, if a person elsewhere may answer it, puts its file in place.
func (s *Store) write(w *Waiting) (err error) {
	if w.raw, err = json.Marshal(w); err != nil {
		return err
	}
	if s.o.Dir == "" || !w.Human {
		return nil
	}
	return writeFile(pendingPath(s.o.Dir, w.Token), w.raw)
}

func (s *Store) byDigest(digest string, human bool) *Waiting {
	for _, w := range s.open {
		if w.Digest == digest && w.Human == human {
			return w
		}
	}
	return nil
}

// Arm answers a token question for the client. It reports whether the token waits; doing so twice changes nothing. A question
// for a person cannot be armed.
func (s *Store) Arm(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	w, ok := s.open[token]
	if !ok || w.Human {
		return false
	}
	if w.answer == nil {
		w.answer = &Answer{Approve: true, By: "client", At: s.o.Now()}
	}
	return true
}

// Answer is a person's answer from inside this server, such as its console, to a question that they were shown at a time. An approval that
// comes too fast after it is ErrTooFast and the question waits on.
func (s *Store) Answer(token string, shown time.Time, a Answer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	w, ok := s.open[token]
	if !ok || w.answer != nil {
		return ErrUnknown
	}
	a.At = s.o.Now()
	if a.Approve && a.At.Sub(shown) < MinimumThought {
		return ErrTooFast
	}
	w.answer = &a
	return nil
}

// Outcome is what became of a question.
type Outcome int

// The outcomes.
const (
	Unasked  Outcome = iota // nothing waits for this request
	Pending                 // no answer yet
	Approved                // it may run, once: the question is used up
	Declined                // it must not run: the question is used up
)

// Redeem asks whether the identical request was answered, and uses the answer up.
func (s *Store) Redeem(r Request, human bool) (Outcome, Waiting, *Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	w := s.byDigest(r.Digest(), human)
	if w == nil {
		return Unasked, Waiting{}, nil
	}
	a := s.answered(w)
	if a == nil {
		return Pending, *w, nil
	}
	s.drop(w)
	if !a.Approve {
		return Declined, *w, a
	}
	return Approved, *w, a
}

// answered is the answer to a question, from this process or signed by another. What is forged, or came too fast, is removed
// and counts as none.
func (s *Store) answered(w *Waiting) *Answer {
	if w.answer != nil || s.o.Dir == "" || !w.Human {
		return w.answer
	}
	a, err := s.o.Verifier.verify(s.o.Dir, w.Token, w.raw)
	if err == nil && a != nil && a.Approve && a.At.Sub(w.Asked) < MinimumThought {
		err = ErrTooFast
	}
	if err != nil {
		os.Remove(answerPath(s.o.Dir, w.Token))
		return nil
	}
	return a
}

// Waiting lists the open questions, oldest first.
func (s *Store) Waiting() []Waiting {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	out := make([]Waiting, 0, len(s.open))
	for _, w := range s.open {
		out = append(out, *w)
	}
	slices.SortFunc(out, func(a, b Waiting) int {
		return cmp.Or(a.Asked.Compare(b.Asked), strings.Compare(a.Token, b.Token))
	})
	return out
}

func (s *Store) drop(w *Waiting) {
	delete(s.open, w.Token)
	if s.o.Dir != "" && w.Human {
		os.Remove(pendingPath(s.o.Dir, w.Token))
		os.Remove(answerPath(s.o.Dir, w.Token))
	}
}

func (s *Store) expire() {
	now := s.o.Now()
	for _, w := range s.open {
		if now.After(w.Expires) {
			s.drop(w)
		}
	}
}

// evict keeps the limit: the questions that expire first go first.
func (s *Store) evict() {
	for len(s.open) > s.o.Limit {
		var first *Waiting
		for _, w := range s.open {
			if first == nil || w.Expires.Before(first.Expires) || w.Expires.Equal(first.Expires) && w.Token < first.Token {
				first = w
			}
		}
		s.drop(first)
	}
}

// Close leaves the questions behind for the next server.
func (s *Store) Close() error { return nil }
