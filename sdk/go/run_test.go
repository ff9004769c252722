package taskresults_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	taskresults "github.com/taskresults/taskresults/sdk/go"
	pb "github.com/taskresults/taskresults/sdk/go/gen/taskresults/v1"
)

// returning is a task that returns a value.
func returning(value any) taskresults.Function {
	return func(context.Context) (any, error) { return value, nil }
}

func TestRunReportsTheValue(t *testing.T) {
	client := sharedClient(t)
	spec := taskresults.TaskSpec{Path: "app.tasks.add", Args: []int{1, 2}}
	result := must(client.Run(t.Context(), spec, "worker-a", returning(3), nil))
	stored := must(client.Get(t.Context(), result.ID, nil))
	for _, shown := range []*taskresults.TaskResult{result, stored} {
		var sum int
		if err := shown.ReturnValue(&sum); err != nil || sum != 3 {
			t.Errorf("the return value is %v, %v", sum, err)
		}
		if shown.Revision != 3 || shown.Attempts != 1 || shown.WorkerIDs[0] != "worker-a" {
			t.Errorf("%+v", shown)
		}
		if !shown.FinishedAt.Equal(stored.FinishedAt) || !shown.StartedAt.Equal(stored.StartedAt) {
			t.Errorf("%+v", shown)
		}
	}
}

func TestRunOfAResultThatExists(t *testing.T) {
	client := sharedClient(t)
	created := must(client.Create(t.Context(), taskresults.TaskSpec{Path: "app.tasks.add", Args: []int{1, 2}}))
	must(client.Start(t.Context(), created.ID, "worker-a", nil))
	must(client.Retry(t.Context(), attempt(created.ID, 1), errors.New("no answer")))

	if err := created.Run(t.Context(), "worker-b", returning("done"), nil); err != nil {
		t.Fatal(err)
	}
	if created.Status != taskresults.Successful || created.Revision != 5 {
		t.Errorf("%+v", created)
	}
	if created.Attempts != 2 || len(created.Errors) != 1 {
		t.Errorf("%+v", created)
	}
	err := created.Run(t.Context(), "worker-c", returning("again"), nil)
	if !errors.Is(err, taskresults.ErrIllegalTransition) {
		t.Errorf("a finished result was run: %v", err)
	}
}

func TestRunReportsAnErrorWithWhatItWraps(t *testing.T) {
	client := sharedClient(t)
	cause := &fs.PathError{Op: "open", Path: "/mail", Err: fs.ErrNotExist}
	raised := fmt.Errorf("send \xff mail: %w", cause)
	result, err := client.Run(t.Context(), taskresults.TaskSpec{Path: "app.tasks.mail"}, "worker-a",
		func(context.Context) (any, error) { return nil, raised }, nil)
	if err != raised {
		t.Errorf("the error is %v", err)
	}
	_ = result.Refresh(t.Context())
	if result.Status != taskresults.Failed || len(result.Errors) != 1 {
		t.Fatalf("%+v", result)
	}
	kept := result.Errors[0]
	if kept.ExceptionClassPath != "*fmt.wrapError" || kept.Message != "send \uFFFD mail: open /mail: file does not exist" {
		t.Errorf("%+v", kept)
	}
	want := "*fmt.wrapError: send \uFFFD mail: open /mail: file does not exist\n" +
		"  *fs.PathError: open /mail: file does not exist\n" +
		"    *errors.errorString: file does not exist\n"
	if kept.Traceback != want {
		t.Errorf("the traceback is %s", kept.Traceback)
	}
}

func TestRunKeepsATaskErrorAsItStands(t *testing.T) {
	client := sharedClient(t)
	raised := &taskresults.TaskError{ExceptionClassPath: "app.NoSuchUser", Message: "ada", Traceback: "here\n"}
	result, err := client.Run(t.Context(), taskresults.TaskSpec{Path: "app.tasks.mail"}, "worker-a",
		func(context.Context) (any, error) { return nil, raised }, nil)
	_ = result.Refresh(t.Context())
	kept := *result.Errors[0]
	kept.Attempt, kept.WorkerID, kept.RaisedAt = 0, "", time.Time{}
	if err != raised || kept != *raised {
		t.Errorf("%v became %+v", err, kept)
	}
}

func TestRunReportsAPanicAndLetsItGoOn(t *testing.T) {
	client := sharedClient(t)
	result := must(client.Create(t.Context(), taskresults.TaskSpec{Path: "app.tasks.broken"}))
	thrown := func() (thrown any) {
		defer func() { thrown = recover() }()
		_ = result.Run(t.Context(), "worker-a", func(context.Context) (any, error) {
			return []int{}[len(result.WorkerIDs)], nil
		}, nil)
		return nil
	}()
	_ = result.Refresh(t.Context())
	if thrown == nil || result.Status != taskresults.Failed {
		t.Fatalf("%v, %+v", thrown, result)
	}
	kept := result.Errors[0]
	if kept.ExceptionClassPath != "runtime.boundsError" || !strings.Contains(kept.Message, "index out of range") {
		t.Errorf("%+v", kept)
	}
	if !strings.Contains(kept.Traceback, "TestRunReportsAPanicAndLetsItGoOn") {
		t.Errorf("the traceback is %s", kept.Traceback)
	}
}

func TestRunReportsAFunctionThatEndsItsGoroutine(t *testing.T) {
	client := sharedClient(t)
	result := must(client.Create(t.Context(), taskresults.TaskSpec{Path: "app.tasks.broken"}))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = result.Run(t.Context(), "worker-a", func(context.Context) (any, error) {
			runtime.Goexit()
			return nil, nil
		}, nil)
	}()
	<-ended
	_ = result.Refresh(t.Context())
	if result.Status != taskresults.Failed || result.Errors[0].ExceptionClassPath != "runtime.Goexit" {
		t.Errorf("%+v", result)
	}
}

func TestRunTurnsAValueThatIsRefusedIntoAFailure(t *testing.T) {
	client := sharedClient(t)
	cyclic := map[string]any{}
	cyclic["itself"] = cyclic
	for name, refused := range map[string]struct {
		value  any
		reason taskresults.Reason
	}{
		"not a number":           {math.NaN(), taskresults.ErrNotEncodable},
		"a cycle":                {cyclic, taskresults.ErrNotEncodable},
		"over the limit":         {strings.Repeat("x", 1<<20), taskresults.ErrPayloadTooLarge},
		"over that of a message": {strings.Repeat("x", 9<<20), "RESOURCE_EXHAUSTED"},
	} {
		spec := taskresults.TaskSpec{Path: "app.tasks.large"}
		result, err := client.Run(t.Context(), spec, "worker-a", returning(refused.value), nil)
		if !errors.Is(err, refused.reason) {
			t.Errorf("%s: the error is %v", name, err)
		}
		if err := result.Refresh(t.Context()); err != nil || result.Status != taskresults.Failed {
			t.Errorf("%s: %+v, %v", name, result, err)
			continue
		}
		if message := result.Errors[0].Message; !strings.Contains(message, "return value") {
			t.Errorf("%s: the message is %s", name, message)
		}
	}
}

func TestRunRenewsItsLease(t *testing.T) {
	client := sharedClient(t)
	result := must(client.Create(t.Context(), taskresults.TaskSpec{Path: "app.tasks.slow"}))
	lease := 2 * time.Second
	err := result.Run(t.Context(), "worker-a", func(ctx context.Context) (any, error) {
		// Twice as long, somebody else tries to take the task over.
		for end := time.Now().Add(2 * lease); time.Now().Before(end); {
			_, err := client.Start(ctx, result.ID, "worker-b", nil)
			if !errors.Is(err, taskresults.ErrAttemptInProgress) {
				return nil, fmt.Errorf("taken over: %w", err)
			}
		}
		return nil, nil
	}, &taskresults.RunOptions{Lease: lease})
	if err != nil || result.Attempts != 1 {
		t.Errorf("%+v, %v", result, err)
	}
}

func TestRunTellsTheLossOfItsAttempt(t *testing.T) {
	client := sharedClient(t)
	for name, loss := range map[string]struct {
		lose   func(id string) error
		reason taskresults.Reason
	}{
		"taken over": {func(id string) error {
			_, err := client.Start(t.Context(), id, "worker-b", &taskresults.StartOptions{Force: true})
			return err
		}, taskresults.ErrStaleAttempt},
		"finished otherwise": {func(id string) error {
			_, err := client.Succeed(t.Context(), attempt(id, 1), "by hand")
			return err
		}, taskresults.ErrIllegalTransition},
		"deleted": {func(id string) error {
			return client.Delete(t.Context(), id, nil)
		}, taskresults.ErrDoesNotExist},
		"created anew": {func(id string) error {
			createdAnew(t, client, id)
			return nil
		}, taskresults.ErrStaleAttempt},
	} {
		result := must(client.Create(t.Context(), taskresults.TaskSpec{Path: "app.tasks.slow"}))
		var told error
		own := errors.New("had to stop")
		err := result.Run(t.Context(), "worker-a", func(ctx context.Context) (any, error) {
			if err := loss.lose(result.ID); err != nil {
				return nil, err
			}
			<-ctx.Done()
			told = context.Cause(ctx)
			return nil, own
		}, &taskresults.RunOptions{Lease: 600 * time.Millisecond})
		if !errors.Is(told, loss.reason) || !errors.Is(err, loss.reason) || !errors.Is(err, own) {
			t.Errorf("%s: the function was told %v, the caller %v", name, told, err)
		}
	}
}

func TestRunReportsAlsoAfterItsContextHasEnded(t *testing.T) {
	client := sharedClient(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	result, err := client.Run(ctx, taskresults.TaskSpec{Path: "app.tasks.slow"}, "worker-a",
		func(ctx context.Context) (any, error) {
			cancel()
			<-ctx.Done()
			return nil, ctx.Err()
		}, nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	if err := result.Refresh(t.Context()); err != nil || result.Status != taskresults.Failed {
		t.Errorf("%+v, %v", result, err)
	}
}

// allButBeingStopped leaves a task to others when the worker is told to stop.
func allButBeingStopped(cause any) bool {
	err, _ := cause.(error)
	return !errors.Is(err, context.Canceled)
}

func TestALossIsReturnedAlsoWhenTheErrorIsNotToBeReported(t *testing.T) {
	client := sharedClient(t)
	result := enqueued(t, client)
	err := result.Run(t.Context(), "worker-a", func(ctx context.Context) (any, error) {
		must(client.Start(ctx, result.ID, "worker-b", &taskresults.StartOptions{Force: true}))
		<-ctx.Done()
		return nil, ctx.Err()
	}, &taskresults.RunOptions{Lease: time.Second, Report: allButBeingStopped})
	if !errors.Is(err, taskresults.ErrStaleAttempt) || !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

func TestNothingIsReportedOfAnAttemptThatIsKnownToBeLost(t *testing.T) {
	other := sharedClient(t)
	reported := 0
	client := clientOf(t, shared, &taskresults.Options{DialOptions: []grpc.DialOption{
		intercepting(func(_ context.Context, method string, invoke func() error) error {
			if method == pb.TaskLifecycleService_FinishAttempt_FullMethodName {
				reported++
				return status.Error(codes.Unavailable, "away")
			}
			return invoke()
		}),
	}})
	for name, end := range map[string]taskresults.Function{
		"a value":          returning(3),
		"no JSON":          returning(make(chan int)),
		"an error":         raising(errors.New("disk full")),
		"a panic":          func(context.Context) (any, error) { panic("broken") },
		"a panic, encoded": returning(unmarshalable{}),
	} {
		result := enqueued(t, client)
		err := func() (err error) {
			defer func() {
				if recover() != nil {
					err = taskresults.ErrStaleAttempt
				}
			}()
			return result.Run(t.Context(), "worker-a", func(ctx context.Context) (any, error) {
				must(other.Start(ctx, result.ID, "worker-b", &taskresults.StartOptions{Force: true}))
				<-ctx.Done()
				return end(ctx)
			}, &taskresults.RunOptions{Lease: time.Second})
		}()
		if !errors.Is(err, taskresults.ErrStaleAttempt) || reported > 0 {
			t.Errorf("%s: %d reports, %v", name, reported, err)
		}
	}
}

func TestTheLossOfAnotherAttemptIsNotTakenForTheOwn(t *testing.T) {
	client := sharedClient(t)
	outer, inner := enqueued(t, client), enqueued(t, client)
	_ = outer.Run(t.Context(), "worker-a", func(ctx context.Context) (any, error) {
		return nil, inner.Run(ctx, "worker-a", func(ctx context.Context) (any, error) {
			must(client.Start(ctx, outer.ID, "worker-b", &taskresults.StartOptions{Force: true}))
			<-ctx.Done()
			return 3, nil
		}, nil)
	}, &taskresults.RunOptions{Lease: time.Second})
	if stored := must(client.Get(t.Context(), inner.ID, nil)); stored.Status != taskresults.Successful {
		t.Errorf("%+v", stored)
	}
}

func TestAValueThatCannotBeKeptIsAFailureWhateverIsChosenToBeReported(t *testing.T) {
	client := sharedClient(t)
	for name, value := range map[string]any{
		"no JSON":   make(chan int),
		"too large": strings.Repeat("x", 2<<20),
		"a panic":   unmarshalable{},
	} {
		result := enqueued(t, client)
		func() {
			defer func() { _ = recover() }()
			options := &taskresults.RunOptions{Report: func(any) bool { return false }}
			_ = result.Run(t.Context(), "worker-a", returning(value), options)
		}()
		if stored := must(client.Get(t.Context(), result.ID, nil)); stored.Status != taskresults.Failed {
			t.Errorf("%s: %+v", name, stored)
		}
	}
}

func TestRunStartsNothingWhenItsContextHasEnded(t *testing.T) {
	client := sharedClient(t)
	result := enqueued(t, client)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := result.Run(ctx, "worker-a", returning(3), nil)
	if !errors.Is(err, taskresults.ErrCancelled) || !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	if stored := must(client.Get(t.Context(), result.ID, nil)); stored.Status != taskresults.Ready {
		t.Errorf("%+v", stored)
	}
}

func TestAStartWhoseAnswerComesAfterTheContextHasEndedHasAnOutcome(t *testing.T) {
	for name, ending := range map[string]func(context.Context) (context.Context, context.CancelFunc){
		"cancelled": context.WithCancel,
		"deadline": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 300*time.Millisecond)
		},
	} {
		ctx, end := ending(t.Context())
		defer end()
		client := clientOf(t, shared, &taskresults.Options{DialOptions: []grpc.DialOption{
			intercepting(func(call context.Context, method string, invoke func() error) error {
				err := invoke()
				if method == pb.TaskLifecycleService_StartAttempt_FullMethodName {
					if name == "cancelled" {
						end()
					}
					<-ctx.Done()
					if call.Err() != nil {
						return status.FromContextError(call.Err()).Err()
					}
				}
				return err
			}),
		}})
		result := enqueued(t, client)
		if err := result.Run(ctx, "worker-a", returning(3), nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if stored := must(client.Get(t.Context(), result.ID, nil)); stored.Status != taskresults.Successful {
			t.Errorf("%s: %+v", name, stored)
		}
	}
}

func TestAStartEndsWithItsContextWhileTheServerIsAway(t *testing.T) {
	server := ownServer(t)
	var made atomic.Int64
	client := clientOf(t, server, &taskresults.Options{Timeout: time.Hour, DialOptions: []grpc.DialOption{calls(&made)}})
	result := enqueued(t, client)
	server.end("KILL")
	made.Store(0)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		until(t, "the start is repeated", func() bool { return made.Load() > 1 })
		cancel()
	}()
	if err := result.Run(ctx, "worker-a", returning(3), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

func TestAStartThatIsNeverAnsweredEndsSoonAfterItsContext(t *testing.T) {
	server := ownServer(t)
	client := clientOf(t, server, &taskresults.Options{Timeout: 500 * time.Millisecond})
	long, release := context.WithTimeout(t.Context(), 30*time.Second)
	defer release()
	result := must(client.Create(long, taskresults.TaskSpec{Path: "app.tasks.add"}))
	server.freeze(t)

	cancelled, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	err := result.Run(cancelled, "worker-a", returning(3), nil)
	if !errors.Is(err, taskresults.ErrCancelled) || !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	expired, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err = result.Run(expired, "worker-a", returning(3), nil)
	if !errors.Is(err, taskresults.ErrDeadlineExceeded) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the error is %v", err)
	}
}
