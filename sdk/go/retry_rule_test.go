package taskresults_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	taskresults "github.com/taskresults/taskresults/sdk/go"
	pb "github.com/taskresults/taskresults/sdk/go/gen/taskresults/v1"
)

// said is what a server or a proxy answers. Without a reason it carries no ErrorInfo, with a delay it asks for a pause.
func said(code codes.Code, reason string, delay time.Duration) error {
	var details []protoadapt.MessageV1
	if reason != "" {
		details = append(details, &errdetails.ErrorInfo{Domain: "taskresults.v1", Reason: reason})
	}
	if delay != 0 {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(delay)})
	}
	return must(status.New(code, "said on the way").WithDetails(details...)).Err()
}

// calm is what becomes of a stream that is reset for there being too many.
var calm = status.Error(codes.ResourceExhausted, "stream terminated by RST_STREAM with error code: ENHANCE_YOUR_CALM")

// refusals are given in their order to the calls of one method, instead of the server's answers.
type refusals struct {
	method string
	lock   sync.Mutex
	left   []error
	made   []time.Time
}

func (r *refusals) next(method string) error {
	r.lock.Lock()
	defer r.lock.Unlock()
	if method != r.method {
		return nil
	}
	r.made = append(r.made, time.Now())
	if len(r.left) == 0 {
		return nil
	}
	refusal := r.left[0]
	r.left = r.left[1:]
	return refusal
}

// pauses are those between one call and the next.
func (r *refusals) pauses() (pauses []time.Duration) {
	for i := range len(r.made) - 1 {
		pauses = append(pauses, r.made[i+1].Sub(r.made[i]))
	}
	return pauses
}

func (r *refusals) dialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		intercepting(func(_ context.Context, method string, invoke func() error) error {
			if refusal := r.next(method); refusal != nil {
				return refusal
			}
			return invoke()
		}),
		grpc.WithChainStreamInterceptor(func(ctx context.Context, description *grpc.StreamDesc,
			connection *grpc.ClientConn, method string, streamer grpc.Streamer, options ...grpc.CallOption,
		) (grpc.ClientStream, error) {
			if refusal := r.next(method); refusal != nil {
				return nil, refusal
			}
			return streamer(ctx, description, connection, method, options...)
		}),
	}
}

// ways are those in which a finished result is asked for, and the report of a worker.
var ways = map[string]struct {
	method string
	ask    func(context.Context, *taskresults.Client, *taskresults.TaskResult) error
}{
	"unary": {pb.TaskResultService_GetTaskResult_FullMethodName,
		func(ctx context.Context, client *taskresults.Client, finished *taskresults.TaskResult) error {
			_, err := client.Get(ctx, finished.ID, nil)
			return err
		}},
	"wait": {pb.TaskResultService_WaitTaskResult_FullMethodName,
		func(ctx context.Context, client *taskresults.Client, finished *taskresults.TaskResult) error {
			_, err := client.Wait(ctx, finished.ID)
			return err
		}},
	"watch": {pb.TaskResultService_WatchTaskResults_FullMethodName,
		func(ctx context.Context, client *taskresults.Client, finished *taskresults.TaskResult) (last error) {
			for _, last = range client.Watch(ctx, finished.ID) {
			}
			return last
		}},
	"report": {pb.TaskLifecycleService_FinishAttempt_FullMethodName,
		func(ctx context.Context, client *taskresults.Client, _ *taskresults.TaskResult) error {
			return enqueuedBy(ctx, client).Run(ctx, "worker-a", returning(3), nil)
		}},
}

func enqueuedBy(ctx context.Context, client *taskresults.Client) *taskresults.TaskResult {
	return must(client.Create(ctx, taskresults.TaskSpec{Path: "app.tasks.add"}))
}

// asked asks in this way, through a client that meets these refusals.
func asked(t *testing.T, way string, left ...error) (*refusals, error) {
	t.Helper()
	spec := taskresults.TaskSpec{Path: "app.tasks.add"}
	finished := must(sharedClient(t).Run(t.Context(), spec, "worker-a", returning(3), nil))
	met := &refusals{method: ways[way].method, left: left}
	client := clientOf(t, shared, &taskresults.Options{Timeout: time.Minute, DialOptions: met.dialOptions()})
	return met, ways[way].ask(t.Context(), client, finished)
}

func TestWhatMayPassIsOutlivedAndAllElseIsRaised(t *testing.T) {
	again := []string{"unary", "wait", "watch", "report"}
	for name, row := range map[string]struct {
		refusal error
		again   []string
	}{
		"UNAVAILABLE":                  {said(codes.Unavailable, "", 0), again},
		"UNAVAILABLE of the store":     {said(codes.Unavailable, "STORE_UNAVAILABLE", 0), again},
		"UNAVAILABLE at the end":       {said(codes.Unavailable, "SHUTTING_DOWN", 0), again},
		"INTERNAL of the way":          {said(codes.Internal, "", 0), again},
		"UNKNOWN of the way":           {said(codes.Unknown, "", 0), again},
		"CANCELLED by nobody here":     {said(codes.Canceled, "", 0), again},
		"RESOURCE_EXHAUSTED, a limit":  {said(codes.ResourceExhausted, "LIMIT_REACHED", 0), again},
		"RESOURCE_EXHAUSTED, a reset":  {calm, again},
		"INTERNAL, a bug":              {said(codes.Internal, "INTERNAL", 0), []string{"wait", "watch", "report"}},
		"DEADLINE_EXCEEDED":            {said(codes.DeadlineExceeded, "", 0), []string{"wait", "report"}},
		"RESOURCE_EXHAUSTED of a rate": {said(codes.ResourceExhausted, "", 0), []string{"report"}},
		"ABORTED":                      {said(codes.Aborted, "", 0), []string{"report"}},
		"UNAUTHENTICATED":              {said(codes.Unauthenticated, "UNAUTHENTICATED", 0), []string{"report"}},
		"UNIMPLEMENTED":                {said(codes.Unimplemented, "", 0), []string{"report"}},
		"a reason that is new":         {said(codes.Unknown, "NEW_REASON", 0), []string{"report"}},
	} {
		for way := range ways {
			met, err := asked(t, way, row.refusal)
			if slices.Contains(row.again, way) {
				if err != nil || len(met.made) != 2 {
					t.Errorf("%s, %s: %v after %d calls", name, way, err, len(met.made))
				}
			} else if status.Code(err) != status.Code(row.refusal) || len(met.made) != 1 {
				t.Errorf("%s, %s: %v after %d calls", name, way, err, len(met.made))
			}
		}
	}
}

func TestAServerThatIsFullIsGivenMoreTime(t *testing.T) {
	for _, full := range []error{said(codes.ResourceExhausted, "LIMIT_REACHED", 0), calm} {
		for way := range ways {
			if met, err := asked(t, way, full); err != nil || met.pauses()[0] < 500*time.Millisecond {
				t.Errorf("%s, %v: %v after %v", way, full, err, met.pauses())
			}
		}
	}
}

func TestAPauseIsAtLeastWhatIsAskedFor(t *testing.T) {
	asking := said(codes.Unavailable, "SHUTTING_DOWN", 700*time.Millisecond)
	for way := range ways {
		if met, err := asked(t, way, asking); err != nil || met.pauses()[0] < 700*time.Millisecond {
			t.Errorf("%s: %v after %v", way, err, met.pauses())
		}
	}
}

func TestAPauseIsNeverPastTheDeadline(t *testing.T) {
	for _, delay := range []time.Duration{2500 * time.Millisecond, time.Hour} {
		met := &refusals{
			method: pb.TaskResultService_GetTaskResult_FullMethodName,
			left:   []error{said(codes.Unavailable, "SHUTTING_DOWN", delay)},
		}
		client := clientOf(t, shared, &taskresults.Options{Timeout: 3 * time.Second, DialOptions: met.dialOptions()})
		begin := time.Now()
		_, err := client.Get(t.Context(), "mail-1", nil)
		took := time.Since(begin)
		if !errors.Is(err, taskresults.ErrShuttingDown) || len(met.made) != 1 || took > 2*time.Second {
			t.Errorf("%v after %v and %d calls", err, took, len(met.made))
		}
	}
}

func TestAWaitDoesNotAskBeforeItMay(t *testing.T) {
	spec := taskresults.TaskSpec{Path: "app.tasks.add"}
	finished := must(sharedClient(t).Run(t.Context(), spec, "worker-a", returning(3), nil))
	met := &refusals{
		method: pb.TaskResultService_WaitTaskResult_FullMethodName,
		left:   []error{said(codes.Unavailable, "SHUTTING_DOWN", time.Hour)},
	}
	client := clientOf(t, shared, &taskresults.Options{DialOptions: met.dialOptions()})
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := client.Wait(ctx, finished.ID)
	if !errors.Is(err, taskresults.ErrWaitTimedOut) || !errors.Is(err, context.DeadlineExceeded) || len(met.made) != 1 {
		t.Errorf("%v after %d calls", err, len(met.made))
	}
}

func TestALastTryIsMadeBeforeTheDeadline(t *testing.T) {
	full := said(codes.ResourceExhausted, "LIMIT_REACHED", 0)
	met := &refusals{method: pb.TaskResultService_GetTaskResult_FullMethodName, left: []error{full, full}}
	// The second pause would be over after the deadline, or close to it.
	client := clientOf(t, shared, &taskresults.Options{Timeout: 2 * time.Second, DialOptions: met.dialOptions()})
	_, err := client.Get(t.Context(), "never-was", nil)
	if !errors.Is(err, taskresults.ErrDoesNotExist) || len(met.made) != 3 {
		t.Errorf("%v after %d calls", err, len(met.made))
	}
}

func TestATryThatTheDeadlineEndsHidesNoFailureBeforeIt(t *testing.T) {
	tries := 0
	client := clientOf(t, shared, &taskresults.Options{
		Timeout: 500 * time.Millisecond,
		DialOptions: []grpc.DialOption{
			intercepting(func(ctx context.Context, _ string, _ func() error) error {
				if tries++; tries > 1 {
					<-ctx.Done()
					return status.FromContextError(ctx.Err()).Err()
				}
				return said(codes.Unavailable, "STORE_UNAVAILABLE", 0)
			}),
		},
	})
	_, err := client.Get(t.Context(), "mail-1", nil)
	if !errors.Is(err, taskresults.ErrStoreUnavailable) || !errors.Is(err, context.DeadlineExceeded) || tries != 2 {
		t.Errorf("%v after %d calls", err, tries)
	}
}

func TestThreeBugsInARowEndAWaitAndAWatch(t *testing.T) {
	bug := said(codes.Internal, "INTERNAL", 0)
	away := said(codes.Unavailable, "", 0)
	for _, way := range []string{"wait", "watch"} {
		if met, err := asked(t, way, bug, away, bug, away); err != nil || len(met.made) != 5 {
			t.Errorf("%s: %v after %d calls", way, err, len(met.made))
		}
		met, err := asked(t, way, bug, bug, away, bug)
		if !errors.Is(err, taskresults.ErrInternal) || len(met.made) != 4 {
			t.Errorf("%s: %v after %d calls", way, err, len(met.made))
		}
	}
}

// interrupted makes streams that end with an error after the first event.
func interrupted(count *int, err error) grpc.DialOption {
	return grpc.WithChainStreamInterceptor(func(ctx context.Context, description *grpc.StreamDesc,
		connection *grpc.ClientConn, method string, streamer grpc.Streamer, options ...grpc.CallOption,
	) (grpc.ClientStream, error) {
		*count++
		stream, openErr := streamer(ctx, description, connection, method, options...)
		return &interruptedStream{ClientStream: stream, err: err}, openErr
	})
}

type interruptedStream struct {
	grpc.ClientStream
	events int
	err    error
}

func (s *interruptedStream) RecvMsg(message any) error {
	if s.events++; s.events > 1 {
		return s.err
	}
	return s.ClientStream.RecvMsg(message)
}

func TestBugsOfAWatchAreCountedAnewAfterEachEvent(t *testing.T) {
	opened := 0
	client := clientOf(t, shared, &taskresults.Options{
		Heartbeat:   time.Second,
		DialOptions: []grpc.DialOption{interrupted(&opened, said(codes.Internal, "INTERNAL", 0))},
	})
	worker := sharedClient(t)
	id := enqueued(t, client).ID
	for result, err := range client.Watch(t.Context(), id) {
		switch {
		case err != nil:
			t.Fatal(err)
		case result.Status == taskresults.Running:
			must(worker.Retry(t.Context(), attempt(id, result.Attempts), errors.New("no answer")))
		case result.Status == taskresults.Ready && result.Attempts < 2:
			must(worker.Start(t.Context(), id, "worker-a", nil))
		case result.Status == taskresults.Ready:
			must(worker.FailTask(t.Context(), id, nil))
		}
	}
	if opened < 5 {
		t.Errorf("%d streams were opened", opened)
	}
}

func TestRetryChoosesTheErrorsAfterWhichAnotherAttemptIsMade(t *testing.T) {
	client := sharedClient(t)
	noAnswer := errors.New("no answer")
	choice := func(err error) bool {
		var taskError *taskresults.TaskError
		return errors.Is(err, noAnswer) || errors.As(err, &taskError) && taskError.ExceptionClassPath == "panic"
	}
	throwing := func(thrown any) taskresults.Function {
		return func(context.Context) (any, error) { panic(thrown) }
	}
	choosing := taskresults.RunOptions{Retry: choice}
	for name, outcome := range map[string]struct {
		function taskresults.Function
		options  taskresults.RunOptions
		status   taskresults.Status
		errors   int
	}{
		"an error to retry":          {raising(noAnswer), choosing, taskresults.Ready, 1},
		"another error":              {raising(errors.New("disk full")), choosing, taskresults.Failed, 1},
		"a panic with such an error": {throwing(noAnswer), choosing, taskresults.Ready, 1},
		"a panic with a text":        {throwing("boom"), choosing, taskresults.Ready, 1},
		"no choice":                  {raising(noAnswer), taskresults.RunOptions{}, taskresults.Failed, 1},
		"a choice that panics": {raising(noAnswer), taskresults.RunOptions{
			Retry: func(error) bool { panic("no choice") },
		}, taskresults.Failed, 1},
		"a value that cannot be kept": {returning(make(chan int)), taskresults.RunOptions{
			Retry: func(error) bool { return true },
		}, taskresults.Failed, 1},
		"what is not reported": {raising(noAnswer), taskresults.RunOptions{
			Retry:  choice,
			Report: func(any) bool { return false },
		}, taskresults.Running, 0},
	} {
		result := enqueued(t, client)
		func() {
			defer func() { _ = recover() }()
			_ = result.Run(t.Context(), "worker-a", outcome.function, &outcome.options)
		}()
		stored := must(client.Get(t.Context(), result.ID, nil))
		if stored.Status != outcome.status || len(stored.Errors) != outcome.errors {
			t.Errorf("%s: the result is %s, with %v", name, stored.Status, stored.Errors)
		}
	}
}

func TestTheDefaultLeaseIsAMinute(t *testing.T) {
	var lease time.Duration
	client := clientOf(t, shared, &taskresults.Options{DialOptions: []grpc.DialOption{
		grpc.WithChainUnaryInterceptor(func(ctx context.Context, method string, request, response any,
			connection *grpc.ClientConn, invoker grpc.UnaryInvoker, options ...grpc.CallOption) error {
			if start, ok := request.(*pb.StartAttemptRequest); ok {
				lease = start.GetLease().AsDuration()
			}
			return invoker(ctx, method, request, response, connection, options...)
		}),
	}})
	must(client.Run(t.Context(), taskresults.TaskSpec{Path: "app.tasks.add"}, "worker-a", returning(3), nil))
	if lease != time.Minute {
		t.Errorf("the lease is %v", lease)
	}
}
