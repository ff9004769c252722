package taskresults_test

import (
	"context"
	"encoding/json"
	"errors"
	"math/big"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"

	taskresults "github.com/taskresults/taskresults/sdk/go"
	pb "github.com/taskresults/taskresults/sdk/go/gen/taskresults/v1"
)

func TestHandleShowsWhatWasAskedFor(t *testing.T) {
	client := sharedClient(t)
	spec := taskresults.TaskSpec{
		Path:         "app.tasks.send_mail",
		Priority:     -7,
		QueueName:    "mails",
		RunAfter:     time.Date(2038, 1, 19, 3, 14, 8, 1999, time.FixedZone("east", 3600)),
		TakesContext: true,
		Args:         []any{"<ada@example.com>", 3},
		Kwargs:       map[string]any{"subject": "Grüße"},
		Backend:      "other",
		Metadata:     map[string]string{"tenant": "acme"},
	}
	created := must(client.Create(t.Context(), spec))
	read := must(client.Get(t.Context(), created.ID, nil))

	task := taskresults.Task{
		Path:         "app.tasks.send_mail",
		Priority:     -7,
		QueueName:    "mails",
		RunAfter:     time.Date(2038, 1, 19, 2, 14, 8, 1000, time.UTC),
		TakesContext: true,
	}
	for name, result := range map[string]*taskresults.TaskResult{"created": created, "read": read} {
		if !reflect.DeepEqual(result.Task, task) {
			t.Errorf("%s: the task is %+v, not %+v", name, result.Task, task)
		}
		if args, want := string(result.ArgsJSON), `["<ada@example.com>",3]`; args != want {
			t.Errorf("%s: args are %s, not %s", name, args, want)
		}
		if kwargs, want := string(result.KwargsJSON), `{"subject":"Grüße"}`; kwargs != want {
			t.Errorf("%s: kwargs are %s, not %s", name, kwargs, want)
		}
		if result.Status != taskresults.Ready || result.Revision != 1 || result.Backend != "other" ||
			result.Metadata["tenant"] != "acme" || result.IsFinished() || result.Attempts != 0 {
			t.Errorf("%s: %+v", name, result)
		}
		for _, at := range []time.Time{result.StartedAt, result.LastAttemptedAt, result.FinishedAt, result.ExpiresAt} {
			if !at.IsZero() {
				t.Errorf("%s: something has happened: %+v", name, result)
			}
		}
	}
	if !created.EnqueuedAt.Equal(read.EnqueuedAt) || read.EnqueuedAt.Location() != time.UTC {
		t.Errorf("enqueued at %v and %v", created.EnqueuedAt, read.EnqueuedAt)
	}
}

func TestRefreshReplacesInPlaceWhatCanChange(t *testing.T) {
	client := sharedClient(t)
	result := must(client.Create(t.Context(), taskresults.TaskSpec{Path: "app.tasks.add", Args: []int{1, 2}}))
	enqueuedAt := result.EnqueuedAt

	must(client.Start(t.Context(), result.ID, "worker-a", nil))
	must(client.Retry(t.Context(), attempt(result.ID, 1), errors.New("no answer")))
	must(client.Start(t.Context(), result.ID, "worker-b", nil))
	must(client.Succeed(t.Context(), attempt(result.ID, 2), 3))
	if result.Status != taskresults.Ready || result.Revision != 1 {
		t.Fatalf("the handle changed by itself: %+v", result)
	}

	if err := result.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	var sum int
	if err := result.ReturnValue(&sum); err != nil || sum != 3 {
		t.Errorf("the return value is %d, %v", sum, err)
	}
	if result.Status != taskresults.Successful || result.Revision != 5 || !result.IsFinished() || result.Attempts != 2 {
		t.Errorf("%+v", result)
	}
	if want := []string{"worker-a", "worker-b"}; !reflect.DeepEqual(result.WorkerIDs, want) {
		t.Errorf("worker ids are %v", result.WorkerIDs)
	}
	if len(result.Errors) != 1 {
		t.Fatalf("errors are %v", result.Errors)
	}
	if kept := result.Errors[0]; kept.Attempt != 1 || kept.WorkerID != "worker-a" || kept.Message != "no answer" {
		t.Errorf("the error is %+v", kept)
	}
	times := []time.Time{enqueuedAt, result.EnqueuedAt, result.StartedAt, result.LastAttemptedAt, result.FinishedAt}
	for i := 1; i < len(times); i++ {
		if times[i].Before(times[i-1]) || times[i].IsZero() || times[i].Nanosecond()%1000 != 0 {
			t.Errorf("times are %v", times)
		}
	}

}

func TestRefreshOfWhatIsUnchangedCostsNothing(t *testing.T) {
	var answered *pb.RefreshTaskResultResponse
	watching := grpc.WithUnaryInterceptor(func(ctx context.Context, method string, request, response any,
		connection *grpc.ClientConn, invoker grpc.UnaryInvoker, options ...grpc.CallOption) error {
		answered, _ = response.(*pb.RefreshTaskResultResponse)
		return invoker(ctx, method, request, response, connection, options...)
	})
	client := clientOf(t, shared, &taskresults.Options{DialOptions: []grpc.DialOption{watching}})
	result := must(client.Run(t.Context(), taskresults.TaskSpec{Path: "app.tasks.add"}, "worker-a", returning(3), nil))
	before := *result
	if err := result.Refresh(t.Context()); err != nil || !reflect.DeepEqual(before, *result) {
		t.Errorf("unchanged became %+v, %v", result, err)
	}
	if answered.GetUnchanged() == nil {
		t.Errorf("the answer was %v", answered)
	}
}

func TestRefreshOfADeletedResultKeepsWhatTheHandleHad(t *testing.T) {
	client := sharedClient(t)
	result := enqueued(t, client)
	before := *result
	if err := client.Delete(t.Context(), result.ID, nil); err != nil {
		t.Fatal(err)
	}
	if err := result.Refresh(t.Context()); !errors.Is(err, taskresults.ErrDoesNotExist) {
		t.Errorf("the error is %v", err)
	}
	if !reflect.DeepEqual(before, *result) {
		t.Errorf("the handle is %+v", result)
	}
}

func TestReturnValueSaysWhyThereIsNone(t *testing.T) {
	client := sharedClient(t)
	result := enqueued(t, client)
	expectNone := func(reason taskresults.Reason, message string) {
		t.Helper()
		var failure *taskresults.Error
		err := result.ReturnValue(new(any))
		if !errors.Is(err, reason) || !errors.As(err, &failure) || failure.Message != message {
			t.Errorf("the error of a %s result is %v", result.Status, err)
		}
	}
	expectNone(taskresults.ErrTaskNotFinished, "Task has not finished yet")
	must(client.Start(t.Context(), result.ID, "worker-a", nil))
	_ = result.Refresh(t.Context())
	expectNone(taskresults.ErrTaskNotFinished, "Task has not finished yet")
	must(client.Fail(t.Context(), attempt(result.ID, 1), errors.New("disk full")))
	_ = result.Refresh(t.Context())
	expectNone(taskresults.ErrTaskFailed, "Task failed")
}

func TestNumbersAreNeverRounded(t *testing.T) {
	client := sharedClient(t)
	large, _ := new(big.Int).SetString("12345678901234567890123", 10)
	spec := taskresults.TaskSpec{Path: "app.tasks.big", Args: []any{uint64(1<<64 - 1), large, json.Number("1.0")}}
	created := must(client.Create(t.Context(), spec))
	result := must(client.Get(t.Context(), created.ID, nil))

	var args []any
	if err := result.Args(&args); err != nil {
		t.Fatal(err)
	}
	want := []any{json.Number("18446744073709551615"), json.Number("12345678901234567890123"), json.Number("1.0")}
	if !reflect.DeepEqual(args, want) {
		t.Errorf("args are %v", args)
	}
	var exact struct{ N big.Int }
	raw := json.RawMessage(` {"N": 12345678901234567890123} `)
	ran := must(client.Run(t.Context(), spec, "worker-a", returning(raw), nil))
	if err := ran.ReturnValue(&exact); err != nil || exact.N.Cmp(large) != 0 {
		t.Errorf("the return value is %v, %v", &exact.N, err)
	}
	if again := must(client.Get(t.Context(), ran.ID, nil)); string(again.ReturnValueJSON) != string(raw) {
		t.Errorf("the return value is kept as %q", again.ReturnValueJSON)
	}
}

func TestDeepValuesComeBack(t *testing.T) {
	client := sharedClient(t)
	var deep any
	for range 10_000 { // As deep as encoding/json reads.
		deep = []any{deep}
	}
	ran := must(client.Run(t.Context(), taskresults.TaskSpec{Path: "app.tasks.deep"}, "worker-a", returning(deep), nil))
	result := must(client.Get(t.Context(), ran.ID, nil))
	var value any
	if err := result.ReturnValue(&value); err != nil || !reflect.DeepEqual(value, deep) {
		t.Error(err)
	}
}

func TestJSONThatCannotBeReadIsAnErrorOfThePackage(t *testing.T) {
	client := sharedClient(t)
	deep := strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) // The server takes it.
	result := enqueued(t, client)
	state := must(client.Start(t.Context(), result.ID, "worker-a", nil))
	must(pb.NewTaskLifecycleServiceClient(client.Conn()).FinishAttempt(t.Context(), &pb.FinishAttemptRequest{
		Id: result.ID, Incarnation: state.Incarnation, Attempt: int32(state.Attempts),
		Outcome: &pb.FinishAttemptRequest_Succeeded_{
			Succeeded: &pb.FinishAttemptRequest_Succeeded{ReturnValueJson: deep},
		},
	}))
	if err := result.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	var failure *taskresults.Error
	err := result.ReturnValue(new(any))
	if !errors.Is(err, taskresults.ErrNotDecodable) || !errors.As(err, &failure) {
		t.Errorf("the error is %v", err)
	}
	if string(result.ReturnValueJSON) != deep {
		t.Error("the text is another")
	}

	// So is JSON that the variable cannot hold.
	var mismatch *json.UnmarshalTypeError
	err = result.Args(new(string))
	if !errors.Is(err, taskresults.ErrNotDecodable) || !errors.As(err, &mismatch) {
		t.Errorf("the error is %v", err)
	}
}

func TestATaskMayBeTriedAsOftenAsItsCreatorSays(t *testing.T) {
	client := sharedClient(t)
	result := must(client.Create(t.Context(), taskresults.TaskSpec{Path: "app.tasks.limited", MaxAttempts: 2}))
	if result.MaxAttempts != 2 || result.Attempts != 0 || result.ErrorCount != 0 {
		t.Errorf("created: %+v", result)
	}
	for range 2 {
		state := must(client.Start(t.Context(), result.ID, "worker-a", nil))
		must(client.Retry(t.Context(), state.Attempt(), errors.New("no")))
	}
	if err := result.Refresh(t.Context()); err != nil || result.Status != taskresults.Failed ||
		result.MaxAttempts != 2 || result.Attempts != 2 || result.ErrorCount != 2 {
		t.Errorf("after its last attempt: %+v, %v", result, err)
	}
	usual := must(client.Create(t.Context(), taskresults.TaskSpec{Path: "app.tasks.usual"}))
	read := must(client.Get(t.Context(), usual.ID, nil))
	if usual.MaxAttempts != 100 || read.MaxAttempts != 100 {
		t.Errorf("by default: %d created, %d read", usual.MaxAttempts, read.MaxAttempts)
	}
}

func TestAListLeavesOutWhatIsLarge(t *testing.T) {
	client := sharedClient(t)
	spec := taskresults.TaskSpec{Path: "app.tasks.listed-" + uuid.NewString(), Args: []int{1}}
	must(client.Create(t.Context(), spec))
	for view, args := range map[taskresults.View]string{taskresults.DefaultView: "", taskresults.Full: "[1]"} {
		for result, err := range client.List(t.Context(), taskresults.Query{TaskPath: spec.Path, View: view}) {
			if err != nil || string(result.ArgsJSON) != args {
				t.Errorf("in view %d the arguments are %q, %v", view, result.ArgsJSON, err)
			}
		}
	}
}

func TestBasicViewHasNoValues(t *testing.T) {
	client := sharedClient(t)
	ran := must(client.Run(t.Context(), taskresults.TaskSpec{Path: "app.tasks.add"}, "worker-a", returning(nil), nil))
	result := must(client.Get(t.Context(), ran.ID, &taskresults.GetOptions{View: taskresults.Basic}))
	for name, decode := range map[string]func(any) error{
		"args": result.Args, "kwargs": result.Kwargs, "return value": result.ReturnValue,
	} {
		var failure *taskresults.Error
		if err := decode(new(any)); !errors.As(err, &failure) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Under -race: everything but Refresh and Run may be called by several goroutines.
func TestHandleMayBeReadConcurrently(t *testing.T) {
	client := sharedClient(t)
	spec := taskresults.TaskSpec{Path: "app.tasks.add", Args: []int{1}, Kwargs: map[string]int{"a": 1}}
	result := must(client.Run(t.Context(), spec, "worker-a", returning(3), nil))
	var readers sync.WaitGroup
	for range 8 {
		readers.Add(1)
		go func() {
			defer readers.Done()
			var args, kwargs, value any
			if err := errors.Join(result.Args(&args), result.Kwargs(&kwargs), result.ReturnValue(&value)); err != nil {
				t.Error(err)
			}
			own := must(client.Get(t.Context(), result.ID, nil))
			if err := own.Refresh(t.Context()); err != nil || own.Attempts != result.Attempts {
				t.Errorf("%+v, %v", own, err)
			}
			for range result.Watch(t.Context()) {
				t.Error("a finished result has newer states")
			}
		}()
	}
	readers.Wait()
}
