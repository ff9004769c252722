package taskresults_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"

	taskresults "github.com/taskresults/taskresults/sdk/go"
)

const day = 24 * time.Hour

// longTimes are longer than what servers take for the deadline of a call: gRPC for Node.js reads it as a past one.
var longTimes = []time.Duration{30 * day, math.MaxInt64}

func TestALongDeadlineIsNoFailure(t *testing.T) {
	var opened atomic.Int64
	for _, long := range longTimes {
		bounded := clientOf(t, shared, &taskresults.Options{
			Timeout:     long,
			DialOptions: []grpc.DialOption{streams(&opened)},
		})
		ctx, cancel := context.WithTimeout(t.Context(), long)
		defer cancel()
		for _, ctx := range []context.Context{t.Context(), ctx} {
			for range 20 { // Such a call failed more often than not.
				if _, err := bounded.Create(ctx, taskresults.TaskSpec{Path: "app.tasks.add"}); err != nil {
					t.Fatalf("%v: %v", long, err)
				}
			}
			result, err := bounded.Run(ctx, taskresults.TaskSpec{Path: "app.tasks.add"}, "worker-a", returning(3), nil)
			if err != nil {
				t.Fatalf("%v: %v", long, err)
			}
			if _, err := bounded.Wait(ctx, result.ID); err != nil {
				t.Errorf("%v: the wait failed: %v", long, err)
			}
			opened.Store(0)
			for _, err := range bounded.Watch(ctx, result.ID) {
				if err != nil {
					t.Errorf("%v: the watch failed: %v", long, err)
				}
			}
			if n := opened.Load(); n != 1 {
				t.Errorf("%v: the watch opened %d streams", long, n)
			}
		}
	}
}

func TestNoCallAsksForMoreThan24Days(t *testing.T) {
	var lock sync.Mutex
	var asked []time.Duration
	note := func(ctx context.Context) {
		if deadline, ok := ctx.Deadline(); ok {
			lock.Lock()
			defer lock.Unlock()
			asked = append(asked, time.Until(deadline))
		}
	}
	client := clientOf(t, shared, &taskresults.Options{DialOptions: []grpc.DialOption{
		grpc.WithChainUnaryInterceptor(func(ctx context.Context, method string, request, response any,
			connection *grpc.ClientConn, invoker grpc.UnaryInvoker, options ...grpc.CallOption) error {
			note(ctx)
			return invoker(ctx, method, request, response, connection, options...)
		}),
		grpc.WithChainStreamInterceptor(func(ctx context.Context, description *grpc.StreamDesc,
			connection *grpc.ClientConn, method string, streamer grpc.Streamer, options ...grpc.CallOption,
		) (grpc.ClientStream, error) {
			note(ctx)
			return streamer(ctx, description, connection, method, options...)
		}),
	}})
	for _, long := range longTimes {
		ctx, cancel := context.WithTimeout(t.Context(), long)
		defer cancel()
		result := must(client.Run(ctx, taskresults.TaskSpec{Path: "app.tasks.add"}, "worker-a", returning(3), nil))
		must(client.Wait(ctx, result.ID))
		for range client.Watch(ctx, result.ID) {
		}
		_ = client.Delete(ctx, result.ID, nil)
	}
	if longest := slices.Max(asked); longest > 24*day {
		t.Errorf("a call asked for %v", longest)
	}
}

func TestTimesThatMeanNothingAreRefused(t *testing.T) {
	for name, options := range map[string]taskresults.Options{
		"timeout":   {Timeout: -1},
		"heartbeat": {Heartbeat: math.MaxInt64},
		"Heartbeat": {Heartbeat: time.Millisecond},
	} {
		_, err := taskresults.NewClient("127.0.0.1:1", &options)
		var failure *taskresults.Error
		if !errors.Is(err, taskresults.ErrInvalidField) || !errors.As(err, &failure) {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
}
