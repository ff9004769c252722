package taskresults_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	taskresults "github.com/taskresults/taskresults/sdk/go"
	pb "github.com/taskresults/taskresults/sdk/go/gen/taskresults/v1"
)

func TestWatchYieldsEachNewerState(t *testing.T) {
	client := sharedClient(t)
	id := enqueued(t, client).ID
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
		must(client.Succeed(t.Context(), attempt(result.ID, result.Attempts), "done"))
	}
}

func TestWatchOfAHandleYieldsOnlyNewerStates(t *testing.T) {
	client := sharedClient(t)
	handle := enqueued(t, client)
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
	kept := enqueued(t, client).ID
	deleted := enqueued(t, client).ID
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
	id := enqueued(t, client).ID
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
	return grpc.WithChainStreamInterceptor(func(ctx context.Context, description *grpc.StreamDesc,
		connection *grpc.ClientConn, method string, streamer grpc.Streamer, options ...grpc.CallOption,
	) (grpc.ClientStream, error) {
		count.Add(1)
		return streamer(ctx, description, connection, method, options...)
	})
}

func TestWatchIsOpenedAgainAtItsMaximumAge(t *testing.T) {
	server := ownServer(t, "--watch-max-age", "1s")
	var opened atomic.Int64
	client := clientOf(t, server, &taskresults.Options{DialOptions: []grpc.DialOption{streams(&opened)}})
	id := enqueued(t, client).ID
	var revisions []int64
	for result, err := range client.Watch(t.Context(), id) {
		if err != nil {
			t.Fatal(err)
		}
		revisions = append(revisions, result.Revision)
		if result.IsFinished() {
			continue
		}
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
	id := enqueued(t, client).ID
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
	tooLong := strings.Repeat("x", 65)
	for name, ids := range map[string][]string{"too many": tooMany, "too long": {tooLong}, "not UTF-8": {"\xff"}} {
		var errs []error
		for _, err := range client.Watch(t.Context(), ids...) {
			errs = append(errs, err)
		}
		if len(errs) != 1 || !errors.Is(errs[0], taskresults.ErrInvalidField) {
			t.Errorf("%s: %v", name, errs)
		}
	}
}

func TestWatchOutlivesTheServersLimit(t *testing.T) {
	var opened atomic.Int64
	server := ownServer(t, "--max-watches", "1")
	client := clientOf(t, server, nil)
	held, id := enqueued(t, client).ID, enqueued(t, client).ID
	holding, letGo := context.WithCancel(t.Context())
	defer letGo()
	limited := clientOf(t, server, &taskresults.Options{DialOptions: []grpc.DialOption{streams(&opened)}})
	hold := make(chan struct{})
	go func() {
		for range client.Watch(holding, held) {
			select {
			case <-hold:
			default:
				close(hold)
			}
		}
	}()
	<-hold
	go func() {
		until(t, "the limited watch is opened again", func() bool { return opened.Load() > 1 })
		letGo()
	}()
	for result, err := range limited.Watch(t.Context(), id) {
		if err != nil {
			t.Fatal(err)
		}
		step(t, client, result)
	}
}

func TestWatchNeverGoesBack(t *testing.T) {
	repetition := grpc.WithChainStreamInterceptor(repeating)
	client := clientOf(t, shared, &taskresults.Options{DialOptions: []grpc.DialOption{repetition}})
	id := enqueued(t, client).ID
	var revisions []int64
	for result, err := range client.Watch(t.Context(), id) {
		if err != nil {
			t.Fatal(err)
		}
		revisions = append(revisions, result.Revision)
		step(t, client, result)
	}
	if !reflect.DeepEqual(revisions, []int64{1, 2, 3}) {
		t.Errorf("revisions were %v", revisions)
	}
}

// repeating makes a stream that gives each event twice, and the first one once more in the end.
func repeating(ctx context.Context, description *grpc.StreamDesc, connection *grpc.ClientConn, method string,
	streamer grpc.Streamer, options ...grpc.CallOption) (grpc.ClientStream, error) {
	stream, err := streamer(ctx, description, connection, method, options...)
	return &repeatingStream{ClientStream: stream}, err
}

type repeatingStream struct {
	grpc.ClientStream
	first, next proto.Message
}

func (s *repeatingStream) RecvMsg(message any) error {
	into := message.(proto.Message)
	if s.next != nil {
		proto.Merge(into, s.next)
		s.next = nil
		return nil
	}
	if err := s.ClientStream.RecvMsg(message); err != nil {
		return err
	}
	if s.first == nil {
		s.first = proto.Clone(into)
	}
	s.next = proto.Clone(into)
	if into.(*pb.WatchTaskResultsResponse).GetSnapshot().GetRevision() == 2 {
		s.next = s.first
	}
	return nil
}

func TestAWatchedResultThatWasReplacedIsGone(t *testing.T) {
	client := sharedClient(t)
	spec := taskresults.TaskSpec{ID: "replaced-" + time.Now().Format(time.RFC3339Nano), Path: "app.tasks.add"}
	handle := must(client.Create(t.Context(), spec))
	must(client.Start(t.Context(), handle.ID, "worker-a", nil))
	must(client.Retry(t.Context(), attempt(handle.ID, 1), errors.New("no answer")))
	must(client.Start(t.Context(), handle.ID, "worker-a", nil))
	if err := errors.Join(handle.Refresh(t.Context()), client.Delete(t.Context(), handle.ID, nil)); err != nil {
		t.Fatal(err)
	}
	must(client.Run(t.Context(), spec, "worker-a", returning(3), nil))
	var last error
	for _, last = range handle.Watch(t.Context()) {
	}
	if !errors.Is(last, taskresults.ErrDoesNotExist) {
		t.Errorf("the watch ended with %v", last)
	}
}

func TestAWatchEndsWithItsContext(t *testing.T) {
	client := sharedClient(t)
	id := enqueued(t, client).ID
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
	id := enqueued(t, client).ID
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
