package taskresults_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	taskresults "github.com/taskresults/taskresults/sdk/go"
	pb "github.com/taskresults/taskresults/sdk/go/gen/taskresults/v1"
)

// A result is more than its id, which can be deleted and created anew.

// createdAnew deletes a result, and creates one of another task under its id.
func createdAnew(t *testing.T, client *taskresults.Client, id string) *taskresults.TaskResult {
	t.Helper()
	if err := client.Delete(t.Context(), id, nil); err != nil {
		t.Fatal(err)
	}
	return must(client.Create(t.Context(), taskresults.TaskSpec{
		ID:       id,
		Path:     "app.tasks.subtract",
		Args:     []int{5, 3},
		Kwargs:   map[string]string{"unit": "mm"},
		Backend:  "other",
		Metadata: map[string]string{"tenant": "acme"},
	}))
}

func TestVersionsAreOrdered(t *testing.T) {
	ordered := []taskresults.Version{{}, {1, 1}, {1, 2}, {2, 1}, {2, 7}}
	for i, older := range ordered {
		for j, newer := range ordered {
			if newer.IsNewerThan(older) != (j > i) {
				t.Errorf("%v and %v", older, newer)
			}
		}
	}
}

func TestRefreshOfAResultCreatedAnewReplacesEverything(t *testing.T) {
	client := sharedClient(t)
	handle := enqueued(t, client)
	old := handle.Version()
	anew := createdAnew(t, client, handle.ID)
	if !anew.Version().IsNewerThan(old) {
		t.Errorf("%v is not newer than %v", anew.Version(), old)
	}
	if err := handle.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if read := must(client.Get(t.Context(), handle.ID, nil)); !reflect.DeepEqual(handle, read) {
		t.Errorf("%+v, not %+v", handle, read)
	}
}

func TestALateAnswerMovesNoHandleBackwards(t *testing.T) {
	for name, meanwhile := range map[string]func(client *taskresults.Client, id string){
		"a newer revision": func(client *taskresults.Client, id string) {
			must(client.Succeed(t.Context(), attempt(id, 1), 3))
		},
		"another incarnation": func(client *taskresults.Client, id string) {
			createdAnew(t, client, id)
		},
	} {
		answered, released := make(chan struct{}), make(chan struct{})
		late := clientOf(t, shared, &taskresults.Options{DialOptions: []grpc.DialOption{
			intercepting(func(ctx context.Context, method string, invoke func() error) error {
				err := invoke()
				if ctx.Value(t) != nil && method == pb.TaskResultService_RefreshTaskResult_FullMethodName {
					close(answered)
					<-released
				}
				return err
			}),
		}})
		handle := enqueued(t, late)
		must(late.Start(t.Context(), handle.ID, "worker-a", nil))
		refreshed := make(chan error)
		go func() { refreshed <- handle.Refresh(context.WithValue(t.Context(), t, "late")) }()
		<-answered
		meanwhile(late, handle.ID)
		if err := handle.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		newest := *handle
		close(released)
		if err := <-refreshed; err != nil || !reflect.DeepEqual(*handle, newest) {
			t.Errorf("%s: %+v became %+v, %v", name, newest, handle, err)
		}
	}
}

func TestAnAttemptOfADeletedResultDoesNotTouchTheOneCreatedAnew(t *testing.T) {
	client := sharedClient(t)
	id := enqueued(t, client).ID
	late := must(client.Start(t.Context(), id, "worker-a", nil)).Attempt()
	createdAnew(t, client, id)
	must(client.Start(t.Context(), id, "worker-b", nil))
	before := must(client.Get(t.Context(), id, nil))

	_, renewErr := client.Renew(t.Context(), late, time.Minute)
	_, succeedErr := client.Succeed(t.Context(), late, 3)
	_, failErr := client.Fail(t.Context(), late, errors.New("disk full"))
	_, retryErr := client.Retry(t.Context(), late, errors.New("no answer"))
	for _, err := range []error{renewErr, succeedErr, failErr, retryErr} {
		if !errors.Is(err, taskresults.ErrStaleAttempt) {
			t.Errorf("the error is %v", err)
		}
	}
	if after := must(client.Get(t.Context(), id, nil)); !reflect.DeepEqual(after, before) {
		t.Errorf("%+v became %+v", before, after)
	}
}

func TestTheSameRequestIsTheSameAttempt(t *testing.T) {
	client := sharedClient(t)
	id := enqueued(t, client).ID
	start := func(request string) (*taskresults.State, error) {
		return client.Start(t.Context(), id, "worker-a", &taskresults.StartOptions{RequestID: request})
	}
	first := must(start("delivery-1"))
	if again := must(start("delivery-1")); again.Attempt() != first.Attempt() || again.Version() != first.Version() {
		t.Errorf("%+v, then %+v", first, again)
	}
	for _, other := range []string{"delivery-2", ""} {
		if _, err := start(other); !errors.Is(err, taskresults.ErrAttemptInProgress) {
			t.Errorf("%q: the error is %v", other, err)
		}
	}
	must(client.Retry(t.Context(), first.Attempt(), errors.New("no answer")))
	if _, err := start("delivery-1"); !errors.Is(err, taskresults.ErrStaleAttempt) {
		t.Errorf("a late repetition: %v", err)
	}
	must(start("delivery-2"))
	if _, err := start("delivery-1"); !errors.Is(err, taskresults.ErrStaleAttempt) {
		t.Errorf("a later one: %v", err)
	}
}

func TestAStartWhoseAnswerIsLostIsRepeatedAsTheSame(t *testing.T) {
	lost := false
	client := clientOf(t, shared, &taskresults.Options{DialOptions: []grpc.DialOption{
		intercepting(func(_ context.Context, method string, invoke func() error) error {
			err := invoke()
			if method == pb.TaskLifecycleService_StartAttempt_FullMethodName && !lost {
				lost = true
				return status.Error(codes.Unavailable, "connection lost")
			}
			return err
		}),
	}})
	state, err := client.Start(t.Context(), enqueued(t, client).ID, "worker-a", nil)
	if err != nil || state.Attempts != 1 || !lost {
		t.Errorf("%+v, %v", state, err)
	}
}

func TestRunLeavesAResultCreatedAnewToOthers(t *testing.T) {
	client := sharedClient(t)
	handle := enqueued(t, client)
	createdAnew(t, client, handle.ID)
	before := *handle
	err := handle.Run(t.Context(), "worker-a", func(context.Context) (any, error) {
		t.Error("the function was called for another task")
		return 3, nil
	}, nil)
	if !errors.Is(err, taskresults.ErrStaleAttempt) || !reflect.DeepEqual(*handle, before) {
		t.Errorf("%+v, %v", handle, err)
	}
	if anew := must(client.Get(t.Context(), handle.ID, nil)); anew.Status != taskresults.Ready {
		t.Errorf("%+v", anew)
	}
}

func TestRunLeavesAResultCreatedAnewAtItsStartToOthers(t *testing.T) {
	other := sharedClient(t)
	id := "created-anew-" + time.Now().Format(time.RFC3339Nano)
	client := clientOf(t, shared, &taskresults.Options{DialOptions: []grpc.DialOption{
		intercepting(func(_ context.Context, method string, invoke func() error) error {
			if method == pb.TaskResultService_RefreshTaskResult_FullMethodName {
				createdAnew(t, other, id)
			}
			return invoke()
		}),
	}})
	spec := taskresults.TaskSpec{ID: id, Path: "app.tasks.add"}
	_, err := client.Run(t.Context(), spec, "worker-a", func(context.Context) (any, error) {
		t.Error("the function was called for another task")
		return 3, nil
	}, nil)
	if !errors.Is(err, taskresults.ErrStaleAttempt) {
		t.Errorf("the error is %v", err)
	}
	if anew := must(client.Get(t.Context(), id, nil)); anew.Attempts != 0 {
		t.Errorf("%+v", anew)
	}
}

func TestDeleteTakesAVersion(t *testing.T) {
	client := sharedClient(t)
	old := enqueued(t, client)
	anew := createdAnew(t, client, old.ID)
	must(client.Start(t.Context(), old.ID, "worker-a", nil))
	for _, version := range []taskresults.Version{old.Version(), {Incarnation: old.Incarnation}, anew.Version()} {
		err := client.Delete(t.Context(), old.ID, &taskresults.DeleteOptions{Version: version})
		if !errors.Is(err, taskresults.ErrRevisionMismatch) {
			t.Errorf("%v: the error is %v", version, err)
		}
	}
	anyRevision := &taskresults.DeleteOptions{Version: taskresults.Version{Incarnation: anew.Incarnation}}
	if err := client.Delete(t.Context(), old.ID, anyRevision); err != nil {
		t.Error(err)
	}
}

func TestAWatchOfAResultCreatedAnewEnds(t *testing.T) {
	client := sharedClient(t)
	handle := enqueued(t, client)
	createdAnew(t, client, handle.ID)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var yielded []error
	for _, err := range handle.Watch(ctx) {
		yielded = append(yielded, err)
	}
	if len(yielded) != 1 || !errors.Is(yielded[0], taskresults.ErrDoesNotExist) || ctx.Err() != nil {
		t.Errorf("%v, %v", yielded, ctx.Err())
	}
}
