package redact_test

import (
	"bytes"
	"fmt"

	"relay-shell/internal/redact"
)

func Example() {
	r := redact.New(redact.Options{Key: bytes.Repeat([]byte{7}, 32)})
	fmt.Println(r.String("mysql -u root -phunter2 shop"))
	fmt.Println(r.String("DB_PASSWORD=hunter2 ./migrate"))
	fmt.Println(r.String("ssh -p22 web1"))
	// Output:
	// mysql -u root -p‹secret:password:326eb4f6› shop
	// DB_PASSWORD=‹secret:password:326eb4f6› ./migrate
	// ssh -p22 web1
}

func ExampleRedactor_Value() {
	r := redact.New(redact.Options{Key: bytes.Repeat([]byte{7}, 32)})
	fmt.Println(r.Value(map[string]any{"env": map[string]any{"API_PASSWORD": "hunter2", "LANG": "C"}}))
	// Output:
	// map[env:map[API_PASSWORD:‹secret:password:326eb4f6› LANG:C]]
}
