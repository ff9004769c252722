package taskresults_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
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
	if failure.Reason != taskresults.ErrInvalidField || !strings.Contains(failure.Message, "-100 to 100") {
		t.Errorf("%+v", failure)
	}
	if failure.Code != codes.InvalidArgument || status.Code(err) != failure.Code {
		t.Errorf("%+v", failure)
	}
	if !slices.Equal(failure.Fields, []string{"task.priority"}) {
		t.Errorf("the fields are %v", failure.Fields)
	}
	if errors.Is(err, taskresults.ErrExists) || !errors.Is(err, taskresults.ErrInvalidField) {
		t.Errorf("%v is another reason than it is", err)
	}
}

func TestEachMoveHasItsError(t *testing.T) {
	client := sharedClient(t)
	ctx := t.Context()
	created := must(client.Create(ctx, taskresults.TaskSpec{Path: "app.tasks.add"}))
	id := created.ID
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
	stale := taskresults.Version{Incarnation: created.Incarnation, Revision: created.Revision + 1}
	expect(taskresults.ErrRevisionMismatch, client.Delete(ctx, id, &taskresults.DeleteOptions{Version: stale}))
	_, err = client.Renew(ctx, attempt(id, 1), time.Second)
	expect(taskresults.ErrIllegalTransition, err)
	state := must(client.Start(ctx, id, "worker-a", &taskresults.StartOptions{Lease: time.Minute}))
	if left := state.LeaseExpiresAt.Sub(state.LastAttemptedAt); left != time.Minute || state.Attempts != 1 {
		t.Errorf("%+v", state)
	}
	_, err = client.Start(ctx, id, "worker-b", nil)
	expect(taskresults.ErrAttemptInProgress, err)
	must(client.Start(ctx, id, "worker-b", &taskresults.StartOptions{Force: true}))
	_, err = client.Succeed(ctx, attempt(id, 1), nil)
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
	if again.Status != taskresults.Successful || again.Attempts != 1 || string(again.ReturnValueJSON) != "3" {
		t.Errorf("%+v", again)
	}
}

func TestARepeatedCreateNeverGivesAResultOfOtherContent(t *testing.T) {
	other := sharedClient(t)
	created := enqueued(t, other)
	must(other.Start(t.Context(), created.ID, "worker-a", nil))
	client := clientOf(t, shared, &taskresults.Options{DialOptions: []grpc.DialOption{
		intercepting(func(_ context.Context, method string, invoke func() error) error {
			if method == pb.TaskResultService_GetTaskResult_FullMethodName {
				createdAnew(t, other, created.ID)
			}
			return invoke()
		}),
	}})
	again, err := client.Create(t.Context(), taskresults.TaskSpec{ID: created.ID, Path: created.Task.Path})
	if !errors.Is(err, taskresults.ErrExists) {
		t.Errorf("%+v, %v", again, err)
	}
}

func TestATaskMayFailBeforeAnyAttempt(t *testing.T) {
	client := sharedClient(t)
	for _, why := range []error{nil, errors.New("no such task")} {
		result := must(client.Create(t.Context(), taskresults.TaskSpec{Path: "app.tasks.gone"}))
		must(client.FailTask(t.Context(), result.ID, why))
		if err := result.Refresh(t.Context()); err != nil || result.Status != taskresults.Failed || result.Attempts != 0 {
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
	for name, args := range map[string]any{
		"a channel":  []any{make(chan int)},
		"no JSON":    json.RawMessage("[1,]"),
		"not UTF-8":  json.RawMessage("[\"\xff\"]"),
		"not a time": []any{time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
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
	asked = slices.Concat(created, absent, created[:1])
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
	soon := time.Now().Add(time.Minute)
	lately := taskresults.TimeRange{Start: soon.Add(-time.Hour), End: soon}
	for name, query := range map[string]taskresults.Query{
		"pages":    {TaskPath: path, PageSize: 2},
		"statuses": {TaskPath: path, Statuses: []taskresults.Status{taskresults.Ready, taskresults.Running}},
		"times":    {TaskPath: path, Enqueued: lately, View: taskresults.Basic},
	} {
		if listed := ids(query); !reflect.DeepEqual(listed, newestFirst) {
			t.Errorf("%s: listed %v", name, listed)
		}
	}
	if listed := ids(taskresults.Query{TaskPath: path, Finished: taskresults.TimeRange{End: soon}}); len(listed) != 0 {
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

func TestWhatEndedWithItsContextWrapsTheContextsErrorAndItsCause(t *testing.T) {
	client := sharedClient(t)
	id := enqueued(t, client).ID
	// Nothing listens there, so that calls are repeated until their context ends.
	away := must(taskresults.NewClient("127.0.0.1:1", nil))
	t.Cleanup(func() { _ = away.Close() })
	stop := errors.New("told to stop")
	for name, call := range map[string]func(context.Context) error{
		"a call":          func(ctx context.Context) error { _, err := client.Get(ctx, id, nil); return err },
		"a repeated call": func(ctx context.Context) error { _, err := away.Get(ctx, id, nil); return err },
		"a wait":          func(ctx context.Context) error { _, err := client.Wait(ctx, id); return err },
		"a watch": func(ctx context.Context) (last error) {
			for _, last = range client.Watch(ctx, id) {
			}
			return last
		},
	} {
		for want, begin := range map[error]func() (context.Context, context.CancelFunc){
			context.Canceled: func() (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(50*time.Millisecond, func() { cancel(stop) })
				return ctx, func() { cancel(nil) }
			},
			context.DeadlineExceeded: func() (context.Context, context.CancelFunc) {
				return context.WithTimeoutCause(t.Context(), 50*time.Millisecond, stop)
			},
		} {
			if name == "a repeated call" && want == context.DeadlineExceeded {
				continue // It has made its last try before: the next test.
			}
			ctx, release := begin()
			if name == "a call" {
				<-ctx.Done()
			}
			if err := call(ctx); !errors.Is(err, want) || !errors.Is(err, stop) {
				t.Errorf("%s: %v is no %v", name, err, want)
			}
			release()
		}
	}
	closed := must(taskresults.NewClient("127.0.0.1:1", nil))
	_ = closed.Close()
	_, err := closed.Get(t.Context(), id, nil)
	if !errors.Is(err, taskresults.ErrClosed) || errors.Is(err, context.Canceled) {
		t.Errorf("a closed client, not a context that has ended: %v", err)
	}
}

func TestACallWithNoTimeLeftForAnotherTryRaisesItsFailureAtOnce(t *testing.T) {
	away := must(taskresults.NewClient("127.0.0.1:1", nil))
	t.Cleanup(func() { _ = away.Close() })
	ctx, release := context.WithTimeout(t.Context(), 8*time.Second)
	defer release()
	_, err := away.Get(ctx, "some-id", nil)
	if status.Code(err) != codes.Unavailable || ctx.Err() != nil {
		t.Errorf("%v, and the context has ended with %v", err, ctx.Err())
	}
}

func TestTextsThatAreNotUTF8AreFieldsAtFault(t *testing.T) {
	client := sharedClient(t)
	id := enqueued(t, client).ID
	ctx := t.Context()
	const broken = "\xff"
	for field, call := range map[string]func() error{
		"task.path": func() error { _, err := client.Create(ctx, taskresults.TaskSpec{Path: broken}); return err },
		"metadata": func() error {
			metadata := map[string]string{broken: "acme"}
			_, err := client.Create(ctx, taskresults.TaskSpec{Path: "app.tasks.add", Metadata: metadata})
			return err
		},
		"id": func() error { _, err := client.Get(ctx, broken, nil); return err },
		"expected_task_path": func() error {
			_, err := client.Get(ctx, id, &taskresults.GetOptions{TaskPath: broken})
			return err
		},
		"ids[1]": func() error {
			_, _, err := client.GetMany(ctx, []string{id, broken}, taskresults.Full)
			return err
		},
		"worker_id": func() error { _, err := client.Start(ctx, id, broken, nil); return err },
		"request_id": func() error {
			_, err := client.Start(ctx, id, "worker-a", &taskresults.StartOptions{RequestID: broken})
			return err
		},
		"filter.metadata": func() (last error) {
			query := taskresults.Query{Metadata: map[string]string{"tenant": broken}}
			for _, last = range client.List(ctx, query) {
			}
			return last
		},
		"ids.task_results[0].id": func() (last error) {
			for _, last = range client.Watch(ctx, broken) {
			}
			return last
		},
	} {
		var failure *taskresults.Error
		err := call()
		if !errors.As(err, &failure) || failure.Reason != taskresults.ErrInvalidField {
			t.Errorf("%s: the error is %v", field, err)
		} else if !slices.Equal(failure.Fields, []string{field}) {
			t.Errorf("%s: the fields are %v", field, failure.Fields)
		}
	}
	// Such a delete is no repetition either.
	if err := client.Delete(ctx, broken, nil); !errors.Is(err, taskresults.ErrInvalidField) {
		t.Errorf("the error is %v", err)
	}
	if _, err := client.Wait(ctx, broken); !errors.Is(err, taskresults.ErrInvalidField) {
		t.Errorf("the error is %v", err)
	}
}
