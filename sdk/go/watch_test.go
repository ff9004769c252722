package taskresults_test

import (
	"context"
	"errors"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"

	taskresults "github.com/taskresults/taskresults/sdk/go"
)

func TestWatchYieldsEachNewerState(t *testing.T) {
	client := sharedClient(t)
	id := must(client.Create(t.Context(), taskresults.TaskSpec{Path: "app.tasks.add"})).ID
	var revisions []int64
	var last *taskresults.TaskResult
	for result, err := range client.Watch(t.Context(), id) {
		if err != nil {
			t.Fatal(err)
		}
		last = result
		revisions = append(revisions, result.Revision)
		step(t, client, result)
	}
	if !reflect.DeepEqual(revisions, []int64{1, 2, 3}) || last.Status != taskresults.Successful {
		t.Errorf("revisions were %v, then %+v", revisions, last)
	}
}

// step brings a result one revision on.
func step(t *testing.T, client *taskresults.Client, result *taskresults.TaskResult) {
	t.Helper()
	switch result.Status {
	case taskresults.Ready:
		must(client.Start(t.Context(), result.ID, "worker-a", nil))
	case taskresults.Running:
		must(client.Succeed(t.Context(), result.ID, result.Attempts(), "done"))
	}
}

func TestWatchOfAHandleYieldsOnlyNewerStates(t *testing.T) {
	client := sharedClient(t)
	handle := must(client.Create(t.Context(), taskresults.TaskSpec{Path: "app.tasks.add"}))
	must(client.Start(t.Context(), handle.ID, "worker-a", nil))
	for result, err := range handle.Watch(t.Context()) {
		if err != nil || result.Revision < 2 {
			t.Fatalf("%+v, %v", result, err)
		}
		step(t, client, result)
	}
	if handle.Revision != 1 || handle.Status != taskresults.Ready {
		t.Errorf("the handle became %+v", handle)
	}
}

func TestWatchOfManyGoesOnAfterALoss(t *testing.T) {
	client := sharedClient(t)
	kept := must(client.Create(t.Context(), taskresults.TaskSpec{Path: "app.tasks.add"})).ID
	deleted := must(client.Create(t.Context(), taskresults.TaskSpec{Path: "app.tasks.add"})).ID
	var losses int
	var last *taskresults.TaskResult
	for result, err := range client.Watch(t.Context(), kept, deleted, "never-was") {
		switch {
		case errors.Is(err, taskresults.ErrDoesNotExist):
			losses++
		case err != nil:
			t.Fatal(err)
		case result.ID == deleted:
			if err := client.Delete(t.Context(), deleted, nil); err != nil {
				t.Fatal(err)
			}
		default:
			last = result
			step(t, client, result)
		}
	}
	if losses != 2 || last == nil || last.Status != taskresults.Successful {
		t.Errorf("%d losses, then %+v", losses, last)
	}
}

func TestWatchIsOpenedAgainAfterARestart(t *testing.T) {
	server := ownServer(t)
	client := clientOf(t, server, nil)
	id := must(client.Create(t.Context(), taskresults.TaskSpec{Path: "app.tasks.add"})).ID
	var revisions []int64
	for result, err := range client.Watch(t.Context(), id) {
		if err != nil {
			t.Fatal(err)
		}
		revisions = append(revisions, result.Revision)
		server.end(map[bool]string{true: "KILL", false: "TERM"}[result.Revision == 1])
		server.start(t)
		step(t, client, result)
	}
	if !reflect.DeepEqual(revisions, []int64{1, 2, 3}) {
		t.Errorf("revisions were %v", revisions)
	}
}

// streams counts the streams that a client opens.
func streams(count *atomic.Int64) grpc.DialOption {
	return grpc.WithChainStreamInterceptor(func(ctx context.Context, description *grpc.StreamDesc, connection *grpc.ClientConn,
		method string, streamer grpc.Streamer, options ...grpc.CallOption) (grpc.ClientStream, error) {
		count.Add(1)
		return streamer(ctx, description, connection, method, options...)
	})
}

func TestWatchIsOpenedAgainAtItsGreatestAge(t *testing.T) {
	server := ownServer(t, "--watch-max-age", "1s")
	var opened atomic.Int64
	client := clientOf(t, server, &taskresults.Options{DialOptions: []grpc.DialOption{streams(&opened)}})
	id := must(client.Create(t.Context(), taskresults.TaskSpec{Path: "app.tasks.add"})).ID
	var revisions []int64
	for result, err := range client.Watch(t.Context(), id) {
		if err != nil {
			t.Fatal(err)
		}
		revisions = append(revisions, result.Revision)
		before := opened.Load()
		go func() {
			until(t, "the watch is opened again", func() bool { return opened.Load() > before })
			step(t, client, result)
		}()
	}
	if !reflect.DeepEqual(revisions, []int64{1, 2, 3}) {
		t.Errorf("revisions were %v", revisions)
	}
}

func TestAWatchThatIsSilentForThreeHeartbeatsIsOpenedAgain(t *testing.T) {
	server := ownServer(t)
	var opened atomic.Int64
	client := clientOf(t, server, &taskresults.Options{
		Heartbeat:   time.Second,
		DialOptions: []grpc.DialOption{streams(&opened)},
	})
	id := must(client.Create(t.Context(), taskresults.TaskSpec{Path: "app.tasks.add"})).ID
	for result, err := range client.Watch(t.Context(), id) {
		if err != nil {
			t.Fatal(err)
		}
		if result.Status != taskresults.Ready {
			step(t, client, result)
			continue
		}
		server.freeze(t)
		go func() {
			until(t, "the watch is opened again", func() bool { return opened.Load() > 1 })
			server.thaw(t)
			step(t, client, result)
		}()
	}
}

func TestWatchRaisesWhatOpeningAgainCannotMend(t *testing.T) {
	client := sharedClient(t)
	tooMany := make([]string, 1001)
	for i := range tooMany {
		tooMany[i] = time.Duration(i).String()
	}
	for name, ids := range map[string][]string{"too many": tooMany, "too long": {string(make([]byte, 65))}, "not UTF-8": {"\xff"}} {
		var errs []error
		for _, err := range client.Watch(t.Context(), ids...) {
			errs = append(errs, err)
		}
		if len(errs) != 1 || !errors.Is(errs[0], taskresults.ErrInvalidField) {
			t.Errorf("%s: %v", name, errs)
		}
	}
}

func TestAWatchEndsWithItsContext(t *testing.T) {
	client := sharedClient(t)
	id := must(client.Create(t.Context(), taskresults.TaskSpec{Path: "app.tasks.add"})).ID
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var ended error
	for _, err := range client.Watch(ctx, id) {
		cancel()
		ended = err
	}
	if !errors.Is(ended, taskresults.ErrCancelled) || !errors.Is(ended, context.Canceled) {
		t.Errorf("the watch ended with %v", ended)
	}
}

func TestLeavingTheLoopEndsTheWatch(t *testing.T) {
	client := sharedClient(t)
	id := must(client.Create(t.Context(), taskresults.TaskSpec{Path: "app.tasks.add"})).ID
	states := client.Watch(t.Context(), id)
	for range 2 {
		seen := 0
		for range states {
			seen++
			break
		}
		if seen != 1 {
			t.Errorf("%d states", seen)
		}
	}
	for range client.Watch(t.Context()) {
		t.Error("a watch of nothing yields something")
	}
}
