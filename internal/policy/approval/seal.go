package approval

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"time"
)

// sealer makes state that travels through a client and back: nobody can read or change it, and it is good for this process
// only.
type sealer struct{ aead cipher.AEAD }

func newSealer() (*sealer, error) {
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	return &sealer{aead}, err
}

type sealedState struct {
	Token  string    `json:"t"`
	Digest string    `json:"d"`
	Shown  time.Time `json:"s"`
}

// Seal makes the request state of a question that goes to the person through the client: what comes back with their answer
// proves which question it was.
func (s *Store) Seal(w Waiting) (string, error) {
	plain, err := json.Marshal(sealedState{w.Token, w.Digest, s.o.Now()})
	if err != nil {
		return "", err
	}
	nonce := make([]byte, s.seal.aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(s.seal.aead.Seal(nonce, nonce, plain, []byte("relay-shell request state v1"))), nil
}

// Unseal takes the person's answer to the question of a state, for the identical request, and uses the question up unless the
// answer came too fast after the state was made. Whatever is not a clear approval is a decline.
func (s *Store) Unseal(state string, r Request, a Answer) (Outcome, Waiting, error) {
	data, err := base64.RawURLEncoding.DecodeString(state)
	n := s.seal.aead.NonceSize()
	if err != nil || len(data) < n {
		return Unasked, Waiting{}, ErrUnknown
	}
	plain, err := s.seal.aead.Open(nil, data[:n], data[n:], []byte("relay-shell request state v1"))
	if err != nil {
		return Unasked, Waiting{}, ErrUnknown
	}
	var st sealedState
	if err := json.Unmarshal(plain, &st); err != nil {
		return Unasked, Waiting{}, ErrUnknown
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	w, ok := s.open[st.Token]
	switch {
	case !ok || w.Digest != st.Digest:
		return Unasked, Waiting{}, ErrUnknown
	case r.Digest() != st.Digest:
		return Unasked, Waiting{}, ErrOther
	case a.Approve && s.o.Now().Sub(st.Shown) < MinimumThought:
		return Pending, *w, ErrTooFast
	}
	s.drop(w)
	if !a.Approve {
		return Declined, *w, nil
	}
	return Approved, *w, nil
}
