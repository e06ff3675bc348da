package sshtest

import (
	"errors"
	"net"
	"strconv"
	"sync"

	"golang.org/x/crypto/ssh"
)

// Hostile listens on loopback under alias and hands every connection to serve, which closes it. What is returned
// is "127.0.0.1:port". Closing the lab closes the listener and every connection and waits for serve to return.
func (l *Lab) Hostile(alias string, serve func(net.Conn)) (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	var (
		running sync.WaitGroup
		mu      sync.Mutex
		open    = map[net.Conn]bool{}
	)
	running.Go(func() { // ends when the listener closes
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open[conn] = true
			mu.Unlock()
			running.Go(func() {
				serve(conn)
				conn.Close()
				mu.Lock()
				delete(open, conn)
				mu.Unlock()
			})
		}
	})
	l.onClose(func() error {
		err := listener.Close()
		mu.Lock()
		for conn := range open {
			conn.Close()
		}
		mu.Unlock()
		running.Wait()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		return err
	})
	port := listener.Addr().(*net.TCPAddr).Port
	return listener.Addr().String(), l.AddHost(alias, "HostName 127.0.0.1", "Port "+strconv.Itoa(port), "User nobody")
}

// Imposter is a server of golang.org/x/crypto/ssh under alias, for what sshd cannot be made to do without PAM or
// hardware: one-time codes, password prompts, odd banners. Sessions are refused. It returns the host key's line
// for known_hosts; config needs no host key.
func (l *Lab) Imposter(alias string, config *ssh.ServerConfig) (string, error) {
	path := l.dir + "/" + alias + "_host_key"
	public, err := WriteKey(path, "host")
	if err != nil {
		return "", err
	}
	signer, err := readSigner(path)
	if err != nil {
		return "", err
	}
	config.AddHostKey(signer)
	addr, err := l.Hostile(alias, func(c net.Conn) {
		conn, channels, requests, err := ssh.NewServerConn(c, config)
		if err != nil {
			return // the client gave up, which is the point of most imposters
		}
		defer conn.Close()
		go ssh.DiscardRequests(requests) // ends with the connection
		for ch := range channels {
			_ = ch.Reject(ssh.Prohibited, "no sessions here")
		}
	})
	if err != nil {
		return "", err
	}
	host, port, err := net.SplitHostPort(addr)
	return "[" + host + "]:" + port + " " + public, err
}
