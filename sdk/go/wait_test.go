package taskresults_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	taskresults "github.com/taskresults/taskresults/sdk/go"
	pb "github.com/taskresults/taskresults/sdk/go/gen/taskresults/v1"
)

func TestWaitReturnsTheFinishedResult(t *testing.T) {
	client := sharedClient(t)
	created := enqueued(t, client)
	go func() {
		_ = created.Run(context.Background(), "worker-a", returning(3), nil)
	}()
	for range 2 { // Once while it runs, and once when it is finished.
		result := must(client.Wait(t.Context(), created.ID))
		var sum int
		if err := result.ReturnValue(&sum); err != nil || sum != 3 {
			t.Errorf("%+v, %v", result, err)
		}
	}
}

func TestWaitSaysThatItTimedOut(t *testing.T) {
	var made atomic.Int64
	client := clientOf(t, shared, &taskresults.Options{DialOptions: []grpc.DialOption{calls(&made)}})
	id := enqueued(t, client).ID
	for _, timeout := range []time.Duration{0, 100 * time.Millisecond, 600 * time.Millisecond} {
		ctx, cancel := context.WithTimeout(t.Context(), timeout)
		made.Store(0)
		begin := time.Now()
		_, err := client.Wait(ctx, id)
		took := time.Since(begin)
		cancel()
		if !errors.Is(err, taskresults.ErrWaitTimedOut) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v: the error is %v", timeout, err)
		}
		if took < timeout || took > timeout+5*time.Second {
			t.Errorf("a wait of %v took %v", timeout, took)
		}
		if n := made.Load(); n > 3 {
			t.Errorf("a wait of %v made %d calls", timeout, n)
		}
	}
}

func TestWaitWithoutTimeStillAsksOnce(t *testing.T) {
	client := sharedClient(t)
	ran := must(client.Run(t.Context(), taskresults.TaskSpec{Path: "app.tasks.add"}, "worker-a", returning(3), nil))
	ctx, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	// On a busy machine the answer may come too late.
	until(t, "a finished result is given", func() bool {
		result, err := client.Wait(ctx, ran.ID)
		return err == nil && result.IsFinished()
	})
	until(t, "what never was is told", func() bool {
		_, err := client.Wait(ctx, "never-was")
		return errors.Is(err, taskresults.ErrDoesNotExist)
	})
}

func TestWaitTimesOutAlsoWithoutAServer(t *testing.T) {
	server := ownServer(t)
	client := clientOf(t, server, nil)
	server.end("KILL")
	ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
	defer cancel()
	if _, err := client.Wait(ctx, "mail-1"); !errors.Is(err, taskresults.ErrWaitTimedOut) {
		t.Errorf("the error is %v", err)
	}
}

func TestWaitEndsWhenThereIsNothingToWaitFor(t *testing.T) {
	client := sharedClient(t)
	if _, err := client.Wait(t.Context(), "never-was"); !errors.Is(err, taskresults.ErrDoesNotExist) {
		t.Errorf("the error is %v", err)
	}
	if _, err := client.Wait(t.Context(), "\xff"); !errors.Is(err, taskresults.ErrInvalidField) {
		t.Errorf("the error is %v", err)
	}
	id := enqueued(t, client).ID
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client.Wait(ctx, id); !errors.Is(err, taskresults.ErrCancelled) || !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

func TestWaitGoesOnThroughARestart(t *testing.T) {
	server := ownServer(t)
	client := clientOf(t, server, nil)
	created := enqueued(t, client)
	waited := make(chan error)
	go func() {
		_, err := client.Wait(context.Background(), created.ID)
		waited <- err
	}()
	for _, signal := range []string{"TERM", "KILL"} {
		server.end(signal)
		server.start(t)
	}
	if err := created.Run(t.Context(), "worker-a", returning(3), nil); err != nil {
		t.Fatal(err)
	}
	if err := <-waited; err != nil {
		t.Error(err)
	}
}

func TestWaitOutlivesAFullServer(t *testing.T) {
	full, _ := status.New(codes.ResourceExhausted, "too many wait").WithDetails(
		&errdetails.ErrorInfo{Domain: "taskresults.v1", Reason: "LIMIT_REACHED"})
	refused := false
	client := clientOf(t, shared, &taskresults.Options{DialOptions: []grpc.DialOption{
		intercepting(func(_ context.Context, method string, invoke func() error) error {
			if method == pb.TaskResultService_WaitTaskResult_FullMethodName && !refused {
				refused = true
				return full.Err()
			}
			return invoke()
		}),
	}})
	ran := must(client.Run(t.Context(), taskresults.TaskSpec{Path: "app.tasks.add"}, "worker-a", returning(3), nil))
	if _, err := client.Wait(t.Context(), ran.ID); err != nil || !refused {
		t.Error(err)
	}
}

func TestWaitWithoutTimeFindsAFinishedResultOverASlowLink(t *testing.T) {
	client := clientOf(t, shared, &taskresults.Options{DialOptions: []grpc.DialOption{
		intercepting(func(ctx context.Context, method string, invoke func() error) error {
			if method == pb.TaskResultService_WaitTaskResult_FullMethodName {
				select {
				case <-time.After(400 * time.Millisecond):
				case <-ctx.Done():
				}
			}
			return invoke()
		}),
	}})
	ran := must(client.Run(t.Context(), taskresults.TaskSpec{Path: "app.tasks.add"}, "worker-a", returning(3), nil))
	for _, timeout := range []time.Duration{0, 50 * time.Millisecond} {
		ctx, cancel := context.WithTimeout(t.Context(), timeout)
		defer cancel()
		// On a busy machine the answer may come too late.
		until(t, "a finished result is given", func() bool {
			_, err := client.Wait(ctx, ran.ID)
			return err == nil
		})
	}
}
