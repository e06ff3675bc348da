package mcpserver

import (
	"context"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// progressInterval is the least time between two progress notifications of a call: a chatty command must not flood its client.
const progressInterval = 250 * time.Millisecond

// notifier sends the newest output line of a call as progress, if the client gave a token. One goroutine sends, so that a
// client that does not read holds up no command; close ends it before the call is answered.
type notifier struct {
	mu     sync.Mutex
	latest string
	wake   chan struct{}
	stop   chan struct{}
	done   chan struct{}
}

func newNotifier(ctx context.Context, req *mcp.CallToolRequest) *notifier {
	token := req.Params.GetProgressToken()
	if token == nil {
		return nil
	}
	n := &notifier{wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
	go n.run(ctx, func(message string, count float64) {
		// A client that went away is noticed by the call itself.
		_ = req.Session.NotifyProgress(ctx, &mcp.ProgressNotificationParams{ProgressToken: token, Message: message, Progress: count})
	})
	return n
}

// progress is the callback for the call, nil when nobody listens.
func (n *notifier) progress() func(string) {
	if n == nil {
		return nil
	}
	return func(line string) {
		n.mu.Lock()
		n.latest = line
		n.mu.Unlock()
		select {
		case n.wake <- struct{}{}:
		default:
		}
	}
}

func (n *notifier) run(ctx context.Context, send func(string, float64)) {
	defer close(n.done)
	sent := ""
	for count := 1.0; ; count++ {
		select {
		case <-n.wake:
		case <-n.stop:
			return
		case <-ctx.Done():
			return
		}
		n.mu.Lock()
		message := n.latest
		n.mu.Unlock()
		if message != sent {
			send(message, count)
			sent = message
		}
		pause := time.NewTimer(progressInterval)
		select {
		case <-pause.C:
		case <-n.stop:
			pause.Stop()
			return
		}
	}
}

func (n *notifier) close() {
	if n == nil {
		return
	}
	close(n.stop)
	<-n.done
}
