package taskresults_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"

	taskresults "github.com/taskresults/taskresults/sdk/go"
)

// calls counts the unary calls that a client makes.
func calls(count *atomic.Int64) grpc.DialOption {
	return grpc.WithChainUnaryInterceptor(func(ctx context.Context, method string, request, response any,
		connection *grpc.ClientConn, invoker grpc.UnaryInvoker, options ...grpc.CallOption) error {
		count.Add(1)
		return invoker(ctx, method, request, response, connection, options...)
	})
}

func TestEveryCallHasADeadline(t *testing.T) {
	server := ownServer(t)
	client := clientOf(t, server, &taskresults.Options{Timeout: 300 * time.Millisecond})
	patient, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	enqueuedBy(patient, client)
	server.freeze(t)

	begin := time.Now()
	_, err := client.Get(t.Context(), "mail-1", nil)
	if !errors.Is(err, taskresults.ErrDeadlineExceeded) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the error is %v", err)
	}
	if took := time.Since(begin); took < 300*time.Millisecond {
		t.Errorf("it took %v", took)
	}

	// The caller's own goes before.
	own, cancel := context.WithTimeoutCause(t.Context(), 600*time.Millisecond, errors.New("lunch"))
	defer cancel()
	begin = time.Now()
	_, err = client.Get(own, "mail-1", nil)
	if took := time.Since(begin); !errors.Is(err, taskresults.ErrDeadlineExceeded) || took < 600*time.Millisecond {
		t.Errorf("after %v: %v", took, err)
	}

	cancelled, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	_, err = client.Get(cancelled, "mail-1", nil)
	if !errors.Is(err, taskresults.ErrCancelled) || !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

func TestCallsAreRepeatedUntilTheirDeadline(t *testing.T) {
	server := ownServer(t)
	var made atomic.Int64
	client := clientOf(t, server, &taskresults.Options{
		Timeout:     2 * time.Second,
		DialOptions: []grpc.DialOption{calls(&made)},
	})
	server.end("KILL")

	begin := time.Now()
	_, err := client.Get(t.Context(), "mail-1", nil)
	if took := time.Since(begin); !errors.Is(err, taskresults.ErrUnavailable) || took < 1500*time.Millisecond {
		t.Errorf("after %v: %v", took, err)
	}
	// Pauses of up to 0.1, 0.2, 0.4, 0.8 and 1.6 s, or half as much, and the last try half a second before the end.
	if n := made.Load(); n < 4 || n > 6 {
		t.Errorf("%d calls were made", n)
	}

	made.Store(0)
	if err := client.Delete(t.Context(), "mail-1", nil); !errors.Is(err, taskresults.ErrUnavailable) || made.Load() != 1 {
		t.Errorf("after %d calls: %v", made.Load(), err)
	}
	made.Store(0)
	err = client.Delete(t.Context(), "mail-1", &taskresults.DeleteOptions{AllowMissing: true})
	if !errors.Is(err, taskresults.ErrUnavailable) || made.Load() < 2 {
		t.Errorf("after %d calls: %v", made.Load(), err)
	}
}

func TestACallThatIsRepeatedEndsWithItsContextAndWithTheClient(t *testing.T) {
	for name, end := range map[string]struct {
		by    func(*taskresults.Client, context.CancelFunc)
		cause error
	}{
		"context": {func(_ *taskresults.Client, cancel context.CancelFunc) { cancel() }, context.Canceled},
		"client":  {func(client *taskresults.Client, _ context.CancelFunc) { _ = client.Close() }, taskresults.ErrClosed},
	} {
		var made atomic.Int64
		options := &taskresults.Options{DialOptions: []grpc.DialOption{calls(&made)}}
		client := must(taskresults.NewClient("127.0.0.1:1", options)) // Nothing listens there.
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			_, err := client.Get(ctx, "mail-1", nil)
			ended <- err
		}()
		until(t, "a second call is made", func() bool { return made.Load() > 1 })
		end.by(client, cancel)
		if err := <-ended; !errors.Is(err, taskresults.ErrCancelled) || !errors.Is(err, end.cause) {
			t.Errorf("%s: the error is %v", name, err)
		}
		cancel()
		_ = client.Close()
	}
}

func TestCallsGoOnThroughARestart(t *testing.T) {
	server := ownServer(t)
	client := clientOf(t, server, &taskresults.Options{Timeout: time.Minute})
	id := enqueued(t, client).ID
	server.end("KILL")
	started := make(chan error)
	go func() {
		_, err := client.Start(context.Background(), id, "worker-a", nil)
		started <- err
	}()
	server.start(t)
	if err := <-started; err != nil {
		t.Error(err)
	}
}
