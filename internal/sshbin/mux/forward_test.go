package mux

import (
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"

	"relay-shell/internal/sshtest"
)

func TestForwards(t *testing.T) {
	server := sshtest.Start(t, sshtest.Options{Ordinary: true})
	path, _ := startMaster(t, server)
	echo, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { // ends when the listener closes
		defer close(done)
		for {
			conn, err := echo.Accept()
			if err != nil {
				return
			}
			_, _ = io.Copy(conn, conn)
			conn.Close()
		}
	}()
	defer func() { echo.Close(); <-done }()
	_, portText, _ := net.SplitHostPort(echo.Addr().String())
	port, _ := strconv.Atoi(portText)

	t.Run("stdio", func(t *testing.T) {
		theirIn, ourOut, _ := os.Pipe()
		ourIn, theirOut, _ := os.Pipe()
		s, err := dial(t, path).StdioForward(t.Context(), "127.0.0.1", port, theirIn, theirOut)
		theirIn.Close()
		theirOut.Close()
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(ourOut, "hello")
		ourOut.Close()
		got, err := io.ReadAll(ourIn)
		if string(got) != "hello" {
			t.Errorf("read %q, %v", got, err)
		}
		ourIn.Close()
		<-s.Ended()
	})
	t.Run("stdio refused", func(t *testing.T) {
		n := null(t)
		_, err := dial(t, path).StdioForward(t.Context(), "127.0.0.1", 1, n, n)
		var refused *RefusedError
		if !errors.As(err, &refused) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("remote, port picked", func(t *testing.T) {
		f := Forward{Kind: Remote, ListenHost: "127.0.0.1", ConnectHost: "127.0.0.1", ConnectPort: port}
		c := dial(t, path)
		listening, err := c.OpenForward(t.Context(), f)
		if err != nil || listening == 0 {
			t.Fatalf("port %d, %v", listening, err)
		}
		conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(listening)))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, "hello")
		_ = conn.(*net.TCPConn).CloseWrite()
		got, _ := io.ReadAll(conn)
		conn.Close()
		if string(got) != "hello" {
			t.Errorf("read %q", got)
		}
		if err := c.CloseForward(t.Context(), f); err != nil {
			t.Errorf("closing: %v", err)
		}
		var refused *RefusedError
		if err := c.CloseForward(t.Context(), f); !errors.As(err, &refused) {
			t.Errorf("closing twice: %v", err)
		}
	})
	t.Run("remote, port taken", func(t *testing.T) {
		_, err := dial(t, path).OpenForward(t.Context(), Forward{Kind: Remote, ListenHost: "127.0.0.1", ListenPort: port, ConnectHost: "127.0.0.1", ConnectPort: port})
		var refused *RefusedError
		if !errors.As(err, &refused) || !strings.Contains(refused.Reason, portText) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("impossible port", func(t *testing.T) {
		if _, err := dial(t, path).OpenForward(t.Context(), Forward{Kind: Remote, ListenPort: 65536}); err == nil {
			t.Error("accepted")
		}
	})
}
