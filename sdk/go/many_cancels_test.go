package taskresults_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	taskresults "github.com/taskresults/taskresults/sdk/go"
)

// Node.js 20 closes a connection at more than 1,000 cancels in a burst and 33 a second:
// docs/decisions/stream-resets.md.
func TestManyCancelsDisturbNothingBesideThem(t *testing.T) {
	listener := &countingListener{Listener: must(net.Listen("tcp", "127.0.0.1:0"))}
	defer listener.Close()
	go forward(listener, shared.address)
	client := must(taskresults.NewClient(listener.Addr().String(), &taskresults.Options{Timeout: time.Minute}))
	defer client.Close()
	watched, waited, other := enqueued(t, client).ID, enqueued(t, client).ID, enqueued(t, client).ID

	ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	defer stop()
	var beside, cancels sync.WaitGroup
	var isOver atomic.Bool
	var gets, watches int
	inGroup(&beside, func() {
		for ; !isOver.Load(); gets++ {
			if _, err := client.Get(ctx, other, nil); err != nil {
				t.Errorf("a get: %v", err)
			}
		}
	})
	inGroup(&beside, func() {
		for result, err := range client.Watch(ctx, watched) {
			if err != nil || (result.Status == taskresults.Ready) != (watches == 0) {
				t.Errorf("the watch: %v, %v", result, err)
			}
			watches++
		}
	})
	inGroup(&beside, func() {
		if result, err := client.Wait(ctx, waited); err != nil || result.Status != taskresults.Failed {
			t.Errorf("the wait: %v, %v", result, err)
		}
	})
	// Until it has, or as often as tells that this server's Node.js allows it.
	for count := 0; listener.accepted.Load() < 2 && count < 4_000; count += 9 {
		for range 9 {
			inGroup(&cancels, func() {
				brief, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
				defer cancel()
				if _, err := client.Wait(brief, other); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("a wait that was given up: %v", err)
				}
			})
		}
		time.Sleep(20 * time.Millisecond)
	}
	cancels.Wait()
	must(client.FailTask(ctx, watched, nil))
	must(client.FailTask(ctx, waited, nil))
	isOver.Store(true)
	beside.Wait()
	if gets < 10 || watches != 2 {
		t.Errorf("%d gets, %d states of the watch", gets, watches)
	}
}

func inGroup(group *sync.WaitGroup, work func()) {
	group.Add(1)
	go func() {
		defer group.Done()
		work()
	}()
}

// countingListener counts the connections that it has accepted.
type countingListener struct {
	net.Listener
	accepted atomic.Int32
}

func (l *countingListener) Accept() (net.Conn, error) {
	connection, err := l.Listener.Accept()
	if err == nil {
		l.accepted.Add(1)
	}
	return connection, err
}
