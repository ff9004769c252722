package taskresults_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"reflect"
	"runtime"
	"slices"
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

func TestErrorsCarryReasonCodeAndFields(t *testing.T) {
	client := sharedClient(t)
	_, err := client.Create(t.Context(), taskresults.TaskSpec{Path: "app.tasks.add", Priority: 1 << 40})
	var failure *taskresults.Error
	if !errors.As(err, &failure) {
		t.Fatalf("the error is %v", err)
	}
	if failure.Reason != taskresults.ErrInvalidField || failure.Code != codes.InvalidArgument || status.Code(err) != failure.Code ||
		!slices.Equal(failure.Fields, []string{"task.priority"}) || !strings.Contains(failure.Message, "-100 to 100") {
		t.Errorf("%+v", failure)
	}
	if errors.Is(err, taskresults.ErrExists) || !errors.Is(err, taskresults.ErrInvalidField) {
		t.Errorf("%v is another reason than it is", err)
	}
}

func TestEachMoveHasItsError(t *testing.T) {
	client := sharedClient(t)
	ctx := t.Context()
	id := must(client.Create(ctx, taskresults.TaskSpec{Path: "app.tasks.add"})).ID
	expect := func(reason taskresults.Reason, err error) {
		t.Helper()
		if !errors.Is(err, reason) {
			t.Errorf("%v, not %s", err, reason)
		}
	}
	_, err := client.Get(ctx, id, &taskresults.GetOptions{TaskPath: "app.tasks.subtract"})
	expect(taskresults.ErrMismatch, err)
	_, err = client.Create(ctx, taskresults.TaskSpec{ID: id, Path: "app.tasks.subtract"})
	expect(taskresults.ErrExists, err)
	expect(taskresults.ErrRevisionMismatch, client.Delete(ctx, id, &taskresults.DeleteOptions{Revision: 7}))
	_, err = client.Renew(ctx, id, 1, time.Second)
	expect(taskresults.ErrIllegalTransition, err)
	state := must(client.Start(ctx, id, "worker-a", &taskresults.StartOptions{Lease: time.Minute}))
	if left := state.LeaseExpiresAt.Sub(state.LastAttemptedAt); left != time.Minute || state.Attempts != 1 {
		t.Errorf("%+v", state)
	}
	_, err = client.Start(ctx, id, "worker-b", nil)
	expect(taskresults.ErrAttemptInProgress, err)
	must(client.Start(ctx, id, "worker-b", &taskresults.StartOptions{Force: true}))
	_, err = client.Succeed(ctx, id, 1, nil)
	expect(taskresults.ErrStaleAttempt, err)
	_, err = client.FailTask(ctx, id, nil)
	expect(taskresults.ErrIllegalTransition, err)
	if err := client.Delete(ctx, "never-was", &taskresults.DeleteOptions{AllowMissing: true}); err != nil {
		t.Error(err)
	}
	expect(taskresults.ErrDoesNotExist, client.Delete(ctx, "never-was", nil))
}

func TestARepeatedCreateGivesWhatBecameOfTheResult(t *testing.T) {
	client := sharedClient(t)
	spec := taskresults.TaskSpec{ID: "create-" + time.Now().Format(time.RFC3339Nano), Path: "app.tasks.add"}
	must(client.Run(t.Context(), spec, "worker-a", returning(3), nil))
	again := must(client.Create(t.Context(), spec))
	if again.Status != taskresults.Successful || again.Attempts() != 1 || string(again.ReturnValueJSON) != "3" {
		t.Errorf("%+v", again)
	}
}

func TestATaskMayFailBeforeAnyAttempt(t *testing.T) {
	client := sharedClient(t)
	for _, why := range []error{nil, errors.New("no such task")} {
		result := must(client.Create(t.Context(), taskresults.TaskSpec{Path: "app.tasks.gone"}))
		must(client.FailTask(t.Context(), result.ID, why))
		if err := result.Refresh(t.Context()); err != nil || result.Status != taskresults.Failed || result.Attempts() != 0 {
			t.Errorf("%+v, %v", result, err)
		}
		if (why != nil) != (len(result.Errors) == 1) {
			t.Errorf("%v became %v", why, result.Errors)
		}
	}
}

func TestValuesThatCannotBeJSONAreNotSent(t *testing.T) {
	// Nothing listens at this address.
	client := must(taskresults.NewClient("127.0.0.1:1", nil))
	defer client.Close()
	for name, args := range map[string]any{"a channel": []any{make(chan int)}, "raw text": rawJSON("[1,]"), "raw bytes": rawJSON("[\"\xff\"]")} {
		_, err := client.Create(t.Context(), taskresults.TaskSpec{Path: "app.tasks.add", Args: args})
		if !errors.Is(err, taskresults.ErrNotEncodable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestGetManyKeepsTheOrderAsked(t *testing.T) {
	client := sharedClient(t)
	large := strings.Repeat("x", 900_000)
	var created []string
	for range 5 { // More than one answer can hold.
		spec := taskresults.TaskSpec{Path: "app.tasks.large", Args: []string{large}}
		created = append(created, must(client.Create(t.Context(), spec)).ID)
	}
	slices.Reverse(created)
	var asked, absent []string
	for i := range 1200 { // More than one call can ask for.
		absent = append(absent, "never-was-"+time.Duration(i).String())
	}
	asked = slices.Concat(created[:2], absent, created[2:], created[:1])
	found, missing, err := client.GetMany(t.Context(), asked, taskresults.Full)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, result := range found {
		ids = append(ids, result.ID)
	}
	if !reflect.DeepEqual(ids, created) || !reflect.DeepEqual(missing, absent) {
		t.Errorf("found %v, and %d missing", ids, len(missing))
	}
}

func TestListGoesThroughAllPages(t *testing.T) {
	client := sharedClient(t)
	path := "app.list." + time.Now().Format(time.RFC3339Nano)
	var newestFirst []string
	for range 5 {
		newestFirst = append([]string{must(client.Create(t.Context(), taskresults.TaskSpec{Path: path})).ID}, newestFirst...)
	}
	ids := func(query taskresults.Query) (ids []string) {
		for result, err := range client.List(t.Context(), query) {
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, result.ID)
		}
		return ids
	}
	now := time.Now().Add(time.Minute)
	for name, query := range map[string]taskresults.Query{
		"pages":    {TaskPath: path, PageSize: 2},
		"statuses": {TaskPath: path, Statuses: []taskresults.Status{taskresults.Ready, taskresults.Running}},
		"times":    {TaskPath: path, Enqueued: taskresults.TimeRange{Start: now.Add(-time.Hour), End: now}, View: taskresults.Basic},
	} {
		if listed := ids(query); !reflect.DeepEqual(listed, newestFirst) {
			t.Errorf("%s: listed %v", name, listed)
		}
	}
	if listed := ids(taskresults.Query{TaskPath: path, Finished: taskresults.TimeRange{End: now}}); len(listed) != 0 {
		t.Errorf("finished are %v", listed)
	}
	for _, err := range client.List(t.Context(), taskresults.Query{PageSize: 1001}) {
		if !errors.Is(err, taskresults.ErrInvalidField) {
			t.Errorf("the error is %v", err)
		}
	}
	for range client.List(t.Context(), taskresults.Query{TaskPath: path, PageSize: 1}) {
		break
	}
}

func TestTokenGoesWithEveryCall(t *testing.T) {
	t.Setenv("TASKRESULTS_TOKEN", "secret")
	server := ownServer(t)
	allowed := clientOf(t, server, &taskresults.Options{Token: "secret"})
	result := must(allowed.Run(t.Context(), taskresults.TaskSpec{Path: "app.tasks.add"}, "worker-a", returning(3), nil))
	must(allowed.Wait(t.Context(), result.ID))

	refused := clientOf(t, server, &taskresults.Options{Token: "wrong"})
	_, getErr := refused.Get(t.Context(), result.ID, nil)
	_, waitErr := refused.Wait(t.Context(), result.ID)
	var watchErr error
	for _, watchErr = range refused.Watch(t.Context(), result.ID) {
	}
	for _, err := range []error{getErr, waitErr, watchErr} {
		if !errors.Is(err, taskresults.ErrUnauthenticated) {
			t.Errorf("the error is %v", err)
		}
	}
}

func TestATokenForReadingOnly(t *testing.T) {
	t.Setenv("TASKRESULTS_TOKEN", "secret")
	t.Setenv("TASKRESULTS_READ_TOKEN", "read")
	client := clientOf(t, ownServer(t), &taskresults.Options{Token: "read"})
	if _, err := client.Create(t.Context(), taskresults.TaskSpec{Path: "app.tasks.add"}); !errors.Is(err, taskresults.ErrPermissionDenied) {
		t.Errorf("the error is %v", err)
	}
}

func TestTokensThatCannotBeSentAreRefused(t *testing.T) {
	if _, err := taskresults.NewClient("127.0.0.1:1", &taskresults.Options{Token: "secret\n"}); !errors.Is(err, taskresults.ErrInvalidField) {
		t.Errorf("the error is %v", err)
	}
}

func TestTLS(t *testing.T) {
	// httptest has a certificate for 127.0.0.1.
	authority := httptest.NewUnstartedServer(nil)
	authority.StartTLS()
	defer authority.Close()
	listener := must(tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: authority.TLS.Certificates,
		NextProtos:   []string{"h2"},
	}))
	defer listener.Close()
	go forward(listener, shared.address)

	roots := x509.NewCertPool()
	roots.AddCert(authority.Certificate())
	trusting := must(taskresults.NewClient(listener.Addr().String(), &taskresults.Options{TLS: &tls.Config{RootCAs: roots}}))
	defer trusting.Close()
	must(trusting.Create(t.Context(), taskresults.TaskSpec{Path: "app.tasks.add"}))

	other := must(taskresults.NewClient(listener.Addr().String(), &taskresults.Options{TLS: &tls.Config{}, Timeout: 300 * time.Millisecond}))
	defer other.Close()
	if _, err := other.Get(t.Context(), "mail-1", nil); !errors.Is(err, taskresults.ErrUnavailable) {
		t.Errorf("a certificate of nobody's was trusted: %v", err)
	}
}

// forward passes on what it takes from the listener, until that is closed.
func forward(listener net.Listener, address string) {
	for {
		near, err := listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", address)
		if err != nil {
			return
		}
		go func() {
			_, _ = io.Copy(far, near)
			_ = far.Close()
		}()
		go func() {
			_, _ = io.Copy(near, far)
			_ = near.Close()
		}()
	}
}

func TestConnServesTheGeneratedStubs(t *testing.T) {
	client := sharedClient(t)
	stub := pb.NewTaskResultServiceClient(client.Conn())
	if _, err := stub.ListTaskResults(t.Context(), &pb.ListTaskResultsRequest{PageSize: 1}); err != nil {
		t.Error(err)
	}
}

func TestCloseEndsWhatIsUnderWayAndLeavesNothingRunning(t *testing.T) {
	before := runtime.NumGoroutine()
	client := must(taskresults.NewClient(shared.address, nil))
	id := must(client.Create(t.Context(), taskresults.TaskSpec{Path: "app.tasks.add"})).ID
	var watching atomic.Bool
	ended := make(chan error)
	go func() {
		_, err := client.Wait(context.Background(), id)
		ended <- err
	}()
	go func() {
		var last error
		for _, last = range client.Watch(context.Background(), id) {
			watching.Store(true)
		}
		ended <- last
	}()
	until(t, "the watch is open", watching.Load)
	if err := errors.Join(client.Close(), client.Close()); err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := <-ended; !errors.Is(err, taskresults.ErrClosed) || !errors.Is(err, taskresults.ErrCancelled) {
			t.Errorf("the error is %v", err)
		}
	}
	if _, err := client.Get(t.Context(), id, nil); !errors.Is(err, taskresults.ErrClosed) {
		t.Errorf("the error is %v", err)
	}
	until(t, "nothing is running", func() bool { return runtime.NumGoroutine() <= before })
}

// calls counts the unary calls that a client makes.
func calls(count *atomic.Int64) grpc.DialOption {
	return grpc.WithChainUnaryInterceptor(func(ctx context.Context, method string, request, response any, connection *grpc.ClientConn,
		invoker grpc.UnaryInvoker, options ...grpc.CallOption) error {
		count.Add(1)
		return invoker(ctx, method, request, response, connection, options...)
	})
}
