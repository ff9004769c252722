package taskresults_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
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

// An outcome that a worker has reaches the server, whatever it is made of and whatever happens meanwhile.

// intercepting has a function stand between the client and each of its unary calls.
func intercepting(between func(ctx context.Context, method string, invoke func() error) error) grpc.DialOption {
	return grpc.WithChainUnaryInterceptor(func(ctx context.Context, method string, request, response any,
		connection *grpc.ClientConn, invoker grpc.UnaryInvoker, options ...grpc.CallOption) error {
		return between(ctx, method, func() error {
			return invoker(ctx, method, request, response, connection, options...)
		})
	})
}

// raising is a task that returns an error.
func raising(err error) taskresults.Function {
	return func(context.Context) (any, error) { return nil, err }
}

// onlyError runs a function that fails, and gives what is kept of that, and what Run returned.
func onlyError(
	t *testing.T, client *taskresults.Client, function taskresults.Function,
) (kept *taskresults.TaskError, returned error) {
	t.Helper()
	result := enqueued(t, client)
	returned = result.Run(t.Context(), "worker-a", function, nil)
	if err := result.Refresh(t.Context()); err != nil || result.Status != taskresults.Failed {
		t.Fatalf("%+v, %v", result, err)
	}
	return result.Errors[0], returned
}

// fieldError reads a field for its text, which a nil pointer has none of.
type fieldError struct{ text string }

func (e *fieldError) Error() string { return e.text }

// panicking is an error that panics with what it holds.
type panicking struct{ thrown any }

func (e *panicking) Error() string { panic(e.thrown) }

// unprintable panics when it is printed, and so does what it panics with.
type unprintable struct{}

func (u unprintable) String() string { panic(u) }

// wrapping wraps whatever it holds, also itself.
type wrapping struct{ inner error }

func (e *wrapping) Error() string { return "wrapped" }
func (e *wrapping) Unwrap() error { return e.inner }

// joining wraps itself twice.
type joining struct{}

func (e *joining) Error() string   { return "joined" }
func (e *joining) Unwrap() []error { return []error{e, nil, e} }

func TestAnErrorWhoseMethodsFailIsReportedWithItsType(t *testing.T) {
	client := sharedClient(t)
	itself := &wrapping{}
	itself.inner = itself
	for name, raised := range map[string]struct {
		err     error
		message string
	}{
		"a nil pointer":                   {(*fieldError)(nil), "nil pointer dereference"},
		"a panic":                         {&panicking{"boom"}, "boom"},
		"a panic that cannot be printed":  {&panicking{unprintable{}}, "unprintable"},
		"a nil TaskError":                 {(*taskresults.TaskError)(nil), "nil pointer dereference"},
		"a TaskError without a class":     {&taskresults.TaskError{Message: "none"}, "none"},
		"one that wraps itself":           {itself, "wrapped"},
		"one that wraps itself twice":     {&joining{}, "joined"},
		"one that wraps a nil pointer":    {&wrapping{(*fieldError)(nil)}, "wrapped"},
		"a nil pointer that would unwrap": {(*wrapping)(nil), "wrapped"},
	} {
		kept, returned := onlyError(t, client, raising(raised.err))
		if returned != raised.err {
			t.Errorf("%s: Run returned another error", name)
		}
		if want := fmt.Sprintf("%T", raised.err); kept.ExceptionClassPath != want {
			t.Errorf("%s: the class is %s", name, kept.ExceptionClassPath)
		}
		if !strings.Contains(kept.Message, raised.message) {
			t.Errorf("%s: the message is %s", name, kept.Message)
		}
		if lines := strings.Count(kept.Traceback, "\n"); lines > 101 {
			t.Errorf("%s: the traceback has %d lines", name, lines)
		}
	}
}

func TestFailAndFailTaskReportAnErrorWhoseMethodsFail(t *testing.T) {
	client := sharedClient(t)
	id := enqueued(t, client).ID
	must(client.Start(t.Context(), id, "worker-a", nil))
	must(client.Retry(t.Context(), attempt(id, 1), (*fieldError)(nil)))
	must(client.FailTask(t.Context(), id, &panicking{unprintable{}}))
	result := must(client.Get(t.Context(), id, nil))
	if len(result.Errors) != 2 || result.Errors[1].ExceptionClassPath != "*taskresults_test.panicking" {
		t.Errorf("%+v", result.Errors)
	}
}

func TestAPanicThatCannotBePrintedIsReportedAndGoesOn(t *testing.T) {
	client := sharedClient(t)
	result := enqueued(t, client)
	thrown := func() (thrown any) {
		defer func() { thrown = recover() }()
		_ = result.Run(t.Context(), "worker-a", func(context.Context) (any, error) { panic(unprintable{}) }, nil)
		return nil
	}()
	_ = result.Refresh(t.Context())
	if thrown != (unprintable{}) || result.Status != taskresults.Failed {
		t.Errorf("%T, %+v", thrown, result)
	}
}

// unmarshalable panics when it is made JSON.
type unmarshalable struct{}

func (unmarshalable) MarshalJSON() ([]byte, error) { panic("no JSON today") }

func TestAValueThatPanicsWhenItIsEncodedIsReportedAndThePanicGoesOn(t *testing.T) {
	client := sharedClient(t)
	result := enqueued(t, client)
	thrown := func() (thrown any) {
		defer func() { thrown = recover() }()
		_ = result.Run(t.Context(), "worker-a", returning(unmarshalable{}), nil)
		return nil
	}()
	_ = result.Refresh(t.Context())
	if thrown != "no JSON today" || result.Status != taskresults.Failed || result.Errors[0].Message != "no JSON today" {
		t.Errorf("%v, %+v", thrown, result)
	}
}

// latin1 writes JSON, but not in UTF-8.
type latin1 struct{}

func (latin1) MarshalJSON() ([]byte, error) { return []byte("\"\xe9\""), nil }

func TestAValueThatIsNoJSONForOthersIsAFailure(t *testing.T) {
	client := sharedClient(t)
	var deep any
	for range 10_001 {
		deep = []any{deep}
	}
	for name, value := range map[string]any{
		"an error":              errors.New("given back as a value"),
		"not UTF-8":             map[string]any{"text": latin1{}},
		"not UTF-8, as it is":   []any{json.RawMessage("\"\xe9\"")},
		"deeper than Go reads":  deep,
		"a channel":             make(chan int),
		"a function":            returning(3),
		"a number that is none": json.Number("NaN"),
	} {
		kept, returned := onlyError(t, client, returning(value))
		if !errors.Is(returned, taskresults.ErrNotEncodable) || !strings.Contains(kept.Message, "return value") {
			t.Errorf("%s: %v, kept as %s", name, returned, kept.Message)
		}
	}
}

func TestWhatEncodingJSONWouldLoseInSilenceIsAFailure(t *testing.T) {
	client := sharedClient(t)
	type outcome struct{ Err error }
	type hidden struct{ text string }
	type embedding struct{ *outcome }
	raised := errors.New("disk full")
	for name, value := range map[string]any{
		"errors in a slice":             []error{raised},
		"an error in a map":             map[string]any{"status": "rejected", "reason": raised},
		"an error in a field":           outcome{raised},
		"an error behind pointers":      []any{&[]*outcome{{raised}}[0]},
		"an error in an embedded field": embedding{&outcome{raised}},
		"a context":                     context.Background(),
		"a context in an array":         [1]any{context.WithoutCancel(context.Background())},
		"no exported field":             []any{hidden{"lost"}},
		"a big integer by value":        map[string]any{"n": *big.NewInt(3)},
		"a text not UTF-8":              "a\xffb",
		"a text not UTF-8 in a field":   struct{ Text string }{"a\xffb"},
		"a key not UTF-8":               map[string]int{"a\xffb": 1},
	} {
		kept, returned := onlyError(t, client, returning(value))
		if !errors.Is(returned, taskresults.ErrNotEncodable) || !strings.Contains(kept.Message, "return value") {
			t.Errorf("%s: %v, kept as %s", name, returned, kept.Message)
		}
	}
}

// coded is an error that says how it is written as JSON.
type coded struct{ code int }

func (c *coded) Error() string                { return "coded" }
func (c *coded) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, `{"code":%d}`, c.code), nil }

func TestWhatEncodingJSONKeepsIsKept(t *testing.T) {
	client := sharedClient(t)
	type base struct{ ID int }
	type locked struct {
		sync.Mutex
		base
		Own     int
		Ignored error `json:"-"`
		Absent  error
		hidden  error
	}
	for want, value := range map[string]any{
		`{"ID":1,"Own":2,"Absent":null}`: &locked{base: base{1}, Own: 2, Ignored: io.EOF, hidden: io.EOF},
		`[{"code":7}]`:                   []error{&coded{7}},
		`{}`:                             struct{}{},
		`{"n":3}`:                        map[string]any{"n": big.NewInt(3)},
		`["�"]`:                          []string{"�"},
		`"AP8="`:                         []byte{0, 255},
		`["0001-01-01T00:00:00Z"]`:       []time.Time{{}},
		`[null,null]`:                    []any{nil, (*base)(nil)},
		`["1"]`:                          []json.RawMessage{json.RawMessage(`"1"`)},
	} {
		spec := taskresults.TaskSpec{Path: "app.tasks.add"}
		result := must(client.Run(t.Context(), spec, "worker-a", returning(value), nil))
		if string(result.ReturnValueJSON) != want {
			t.Errorf("%s became %s", want, result.ReturnValueJSON)
		}
	}
}

func TestTextsThatAreTooLongAreCutAndMarked(t *testing.T) {
	client := sharedClient(t)
	long := strings.Repeat("я", 5<<20/2)
	kept, returned := onlyError(t, client, raising(errors.New(long)))
	if returned == nil || returned.Error() != long {
		t.Error("Run returned another error")
	}
	assertCut(t, kept.Message, 64<<10, 5<<20)

	wide := &taskresults.TaskError{
		ExceptionClassPath: strings.Repeat("ж", 2000),
		Message:            long,
		Traceback:          long,
	}
	kept, _ = onlyError(t, client, raising(wide))
	assertCut(t, kept.Message, 64<<10, 5<<20)
	assertCut(t, kept.Traceback, 256<<10, 5<<20)
	if kept.ExceptionClassPath != strings.Repeat("ж", 1000) {
		t.Errorf("the class has %d bytes", len(kept.ExceptionClassPath))
	}
}

// assertCut holds that all that is gone of a text of whole bytes is counted, by one mark.
func assertCut(t *testing.T, text string, most, whole int) {
	t.Helper()
	begin, mark, _ := strings.Cut(text, "\n[cut: ")
	var gone int
	if _, err := fmt.Sscanf(mark, "%d more bytes]", &gone); err != nil || len(begin)+gone != whole {
		t.Errorf("%d bytes, then %q", len(begin), mark)
	}
	if len(text) > most || len(text) < most-100 || strings.Contains(begin, "\uFFFD") {
		t.Errorf("%d bytes are kept", len(text))
	}
}

func TestAReportThatIsTooLargeIsMadeAgainWithoutItsTraceback(t *testing.T) {
	limit := grpc.WithDefaultCallOptions(grpc.MaxCallSendMsgSize(512 << 10))
	client := clientOf(t, shared, &taskresults.Options{DialOptions: []grpc.DialOption{limit}})
	whole := &taskresults.TaskError{
		ExceptionClassPath: "app.NoSuchUser",
		Message:            strings.Repeat("m", 64<<10),
		Traceback:          strings.Repeat("t", 1<<20),
	}
	kept, returned := onlyError(t, client, raising(whole))
	if returned != error(whole) {
		t.Errorf("Run returned another error")
	}
	if kept.ExceptionClassPath != whole.ExceptionClassPath || kept.Message != whole.Message || kept.Traceback != "" {
		t.Errorf("%s, %d, %d", kept.ExceptionClassPath, len(kept.Message), len(kept.Traceback))
	}
}

func TestTheCallerChoosesWhatIsReported(t *testing.T) {
	client := sharedClient(t)
	choice := func(cause any) bool {
		return cause != nil && cause != any(context.Canceled) && cause != http.ErrAbortHandler
	}
	cancelled := func(ctx context.Context) (any, error) { return nil, context.Canceled }
	abort := func(context.Context) (any, error) { panic(http.ErrAbortHandler) }
	exit := func(context.Context) (any, error) { runtime.Goexit(); return nil, nil }
	broken := func(context.Context) (any, error) { panic("broken") }
	for name, outcome := range map[string]struct {
		function taskresults.Function
		reports  func(any) bool
		status   taskresults.Status
	}{
		"an error that is not":              {cancelled, choice, taskresults.Running},
		"a panic that is not":               {abort, choice, taskresults.Running},
		"an end of the goroutine, not":      {exit, choice, taskresults.Running},
		"another error":                     {raising(errors.New("disk full")), choice, taskresults.Failed},
		"another panic":                     {broken, choice, taskresults.Failed},
		"an error, unless told otherwise":   {cancelled, nil, taskresults.Failed},
		"a panic, unless told otherwise":    {abort, nil, taskresults.Failed},
		"an end, unless told otherwise":     {exit, nil, taskresults.Failed},
		"an error, though the choice fails": {cancelled, func(any) bool { panic("no choice") }, taskresults.Failed},
	} {
		result := enqueued(t, client)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			defer func() { _ = recover() }()
			options := &taskresults.RunOptions{Report: outcome.reports}
			_ = result.Run(t.Context(), "worker-a", outcome.function, options)
		}()
		<-ended
		if stored := must(client.Get(t.Context(), result.ID, nil)); stored.Status != outcome.status {
			t.Errorf("%s: the result is %s", name, stored.Status)
		}
	}
}

func TestAnAttemptGoesOnThoughItCannotBeShown(t *testing.T) {
	for name, refuse := range map[string]func(context.Context) error{
		"a refusal": func(context.Context) error {
			return status.Error(codes.Internal, "no refresh today")
		},
		"no answer": func(ctx context.Context) error {
			<-ctx.Done()
			return status.FromContextError(ctx.Err()).Err()
		},
	} {
		refusing := false
		client := clientOf(t, shared, &taskresults.Options{
			Timeout: time.Hour,
			DialOptions: []grpc.DialOption{
				intercepting(func(ctx context.Context, method string, invoke func() error) error {
					if refusing && method == pb.TaskResultService_RefreshTaskResult_FullMethodName {
						return refuse(ctx)
					}
					return invoke()
				}),
			},
		})
		result := enqueued(t, client)
		refusing = true
		err := result.Run(t.Context(), "worker-a", returning(3), &taskresults.RunOptions{Lease: 3 * time.Second})
		if err != nil || result.Status != taskresults.Successful || string(result.ReturnValueJSON) != "3" {
			t.Errorf("%s: %+v, %v", name, result, err)
		}
		refusing = false
		if err := result.Refresh(t.Context()); err != nil || result.Attempts != 1 || !result.IsFinished() {
			t.Errorf("%s: %+v, %v", name, result, err)
		}
	}
}

func TestAFunctionWaitsForTheHandleNoLongerThanForACall(t *testing.T) {
	refusing := false
	client := clientOf(t, shared, &taskresults.Options{
		Timeout: 200 * time.Millisecond,
		DialOptions: []grpc.DialOption{
			intercepting(func(_ context.Context, method string, invoke func() error) error {
				if refusing && method == pb.TaskResultService_RefreshTaskResult_FullMethodName {
					return status.Error(codes.Unavailable, "away")
				}
				return invoke()
			}),
		},
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	result := must(client.Create(ctx, taskresults.TaskSpec{Path: "app.tasks.add"}))
	refusing = true
	begin := time.Now()
	var waited time.Duration
	err := result.Run(ctx, "worker-a", func(context.Context) (any, error) {
		waited = time.Since(begin)
		return 3, nil
	}, &taskresults.RunOptions{Lease: 3 * time.Minute})
	if took := time.Since(begin); err != nil || took > 30*time.Second {
		t.Errorf("after %v, and %v in all: %v", waited, took, err)
	}
	stored := must(sharedClient(t).Get(t.Context(), result.ID, nil))
	if !result.StartedAt.Equal(stored.StartedAt) || !result.LastAttemptedAt.Equal(stored.LastAttemptedAt) ||
		!slices.Equal(result.WorkerIDs, stored.WorkerIDs) || !result.FinishedAt.Equal(stored.FinishedAt) {
		t.Errorf("%+v is not %+v", result, stored)
	}
}

func TestAReportWhoseAnswerIsLostIsRepeatedWithinTheLease(t *testing.T) {
	var lost atomic.Bool
	client := clientOf(t, shared, &taskresults.Options{
		Timeout: math.MaxInt64,
		DialOptions: []grpc.DialOption{
			intercepting(func(ctx context.Context, method string, invoke func() error) error {
				err := invoke()
				if method == pb.TaskLifecycleService_FinishAttempt_FullMethodName && lost.CompareAndSwap(false, true) {
					<-ctx.Done()
					return status.FromContextError(ctx.Err()).Err()
				}
				return err
			}),
		},
	})
	result := enqueued(t, client)
	ran := make(chan error, 1)
	go func() {
		ran <- result.Run(context.Background(), "worker-a", returning(3), &taskresults.RunOptions{Lease: 6 * time.Second})
	}()
	select {
	case err := <-ran:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(30 * time.Second):
		t.Error("the report waits for ever")
	}
}

func TestAReportTakesNoLongerThanTheLease(t *testing.T) {
	server := ownServer(t)
	client := clientOf(t, server, &taskresults.Options{Timeout: time.Hour})
	result := enqueued(t, client)
	ran := make(chan error, 1)
	go func() {
		ran <- result.Run(context.Background(), "worker-a", func(context.Context) (any, error) {
			server.end("KILL")
			return 3, nil
		}, &taskresults.RunOptions{Lease: time.Second})
	}()
	select {
	case err := <-ran:
		if !errors.Is(err, taskresults.ErrUnavailable) {
			t.Error(err)
		}
	case <-time.After(30 * time.Second):
		t.Error("the report takes longer than the lease")
	}
}

func TestAnAttemptWhoseContextEndsAtItsStartHasAnOutcome(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	client := clientOf(t, shared, &taskresults.Options{DialOptions: []grpc.DialOption{
		intercepting(func(_ context.Context, method string, invoke func() error) error {
			err := invoke()
			if method == pb.TaskLifecycleService_StartAttempt_FullMethodName {
				cancel()
			}
			return err
		}),
	}})
	result := enqueued(t, client)
	if err := result.Run(ctx, "worker-a", returning(3), nil); err != nil || !result.IsFinished() {
		t.Errorf("%+v, %v", result, err)
	}
	if stored := must(client.Get(t.Context(), result.ID, nil)); stored.Status != taskresults.Successful {
		t.Errorf("%+v", stored)
	}
}

func TestAReportTakesAsLongAsTheLeaseWhileTheServerIsAway(t *testing.T) {
	for name, outcome := range map[string]struct {
		function taskresults.Function
		status   taskresults.Status
	}{
		"a value":  {returning(3), taskresults.Successful},
		"an error": {raising(errors.New("disk full")), taskresults.Failed},
	} {
		server := ownServer(t)
		const timeout = 500 * time.Millisecond
		client := clientOf(t, server, &taskresults.Options{Timeout: timeout})
		// All but the report may take longer.
		long, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		result := must(client.Create(long, taskresults.TaskSpec{Path: "app.tasks.add"}))
		back := make(chan struct{})
		_ = result.Run(long, "worker-a", func(ctx context.Context) (any, error) {
			server.end("KILL")
			// Away for several times as long as one call may take.
			time.AfterFunc(4*timeout, func() {
				defer close(back)
				server.start(t)
			})
			return outcome.function(ctx)
		}, &taskresults.RunOptions{Lease: time.Minute})
		<-back
		if err := result.Refresh(long); err != nil || result.Status != outcome.status {
			t.Errorf("%s: %+v, %v", name, result, err)
		}
	}
}

func TestAReportOutlivesWhatMayPass(t *testing.T) {
	full, _ := status.New(codes.ResourceExhausted, "the queue of writes is full").WithDetails(
		&errdetails.ErrorInfo{Domain: "taskresults.v1", Reason: "LIMIT_REACHED"})
	refusals := []error{full.Err(), status.Error(codes.Internal, "stream reset"), status.Error(codes.Unknown, "a proxy")}
	client := clientOf(t, shared, &taskresults.Options{DialOptions: []grpc.DialOption{
		intercepting(func(_ context.Context, method string, invoke func() error) error {
			if method == pb.TaskLifecycleService_FinishAttempt_FullMethodName && len(refusals) > 0 {
				refusal := refusals[0]
				refusals = refusals[1:]
				return refusal
			}
			return invoke()
		}),
	}})
	result := enqueued(t, client)
	if err := result.Run(t.Context(), "worker-a", returning(3), nil); err != nil || !result.IsFinished() {
		t.Errorf("%+v, %v", result, err)
	}
}

func TestCloseEndsAReport(t *testing.T) {
	server := ownServer(t)
	client := clientOf(t, server, nil)
	result := enqueued(t, client)
	err := result.Run(t.Context(), "worker-a", func(context.Context) (any, error) {
		server.end("KILL")
		time.AfterFunc(50*time.Millisecond, func() { _ = client.Close() })
		return 3, nil
	}, &taskresults.RunOptions{Lease: time.Hour})
	if !errors.Is(err, taskresults.ErrClosed) {
		t.Errorf("the error is %v", err)
	}
}

func TestTheLeaseIsRenewedWhileTheOutcomeIsReported(t *testing.T) {
	var renewals atomic.Int64
	client := clientOf(t, shared, &taskresults.Options{DialOptions: []grpc.DialOption{
		intercepting(func(_ context.Context, method string, invoke func() error) error {
			switch method {
			case pb.TaskLifecycleService_FinishAttempt_FullMethodName:
				before := renewals.Load()
				until(t, "the lease is renewed twice", func() bool { return renewals.Load() > before+1 })
				return invoke()
			case pb.TaskLifecycleService_RenewLease_FullMethodName:
				defer renewals.Add(1)
			}
			return invoke()
		}),
	}})
	result := enqueued(t, client)
	options := &taskresults.RunOptions{Lease: time.Second}
	if err := result.Run(t.Context(), "worker-a", returning(3), options); err != nil {
		t.Error(err)
	}
}

func TestOneStuckRenewalDoesNotHideTheLossOfAnAttempt(t *testing.T) {
	stuck := make(chan struct{})
	var once sync.Once
	client := clientOf(t, shared, &taskresults.Options{
		Timeout: time.Hour,
		DialOptions: []grpc.DialOption{
			intercepting(func(ctx context.Context, method string, invoke func() error) error {
				first := false
				if method == pb.TaskLifecycleService_RenewLease_FullMethodName {
					once.Do(func() { first = true })
				}
				if first {
					close(stuck)
					<-ctx.Done()
					return status.FromContextError(ctx.Err()).Err()
				}
				return invoke()
			}),
		},
	})
	result := enqueued(t, client)
	var told error
	_ = result.Run(t.Context(), "worker-a", func(ctx context.Context) (any, error) {
		<-stuck
		must(client.Start(ctx, result.ID, "worker-b", &taskresults.StartOptions{Force: true}))
		select {
		case <-ctx.Done():
			told = context.Cause(ctx)
		case <-time.After(30 * time.Second):
		}
		return nil, nil
	}, &taskresults.RunOptions{Lease: time.Second})
	if !errors.Is(told, taskresults.ErrStaleAttempt) {
		t.Errorf("the function was told %v", told)
	}
}

func TestAValueIsNoFailureBecauseOfWhatWasSaidOnTheWay(t *testing.T) {
	for _, code := range []codes.Code{
		codes.Unimplemented, codes.Unauthenticated, codes.PermissionDenied, codes.ResourceExhausted, codes.Internal,
		codes.InvalidArgument, codes.Aborted,
	} {
		t.Run(code.String(), func(t *testing.T) {
			var said atomic.Bool
			client := clientOf(t, shared, &taskresults.Options{DialOptions: []grpc.DialOption{
				intercepting(func(_ context.Context, method string, invoke func() error) error {
					if method == pb.TaskLifecycleService_FinishAttempt_FullMethodName && said.CompareAndSwap(false, true) {
						return status.Error(code, "from a proxy")
					}
					return invoke()
				}),
			}})
			result := enqueued(t, client)
			if err := result.Run(context.Background(), "worker-a", returning(3), nil); err != nil {
				t.Error(err)
			}
			if err := result.Refresh(t.Context()); err != nil || result.Status != taskresults.Successful {
				t.Error(result.Status, err)
			}
		})
	}
}
