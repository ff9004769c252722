package taskresults

import (
	"context"
	"fmt"
	"io"
	"iter"
	"maps"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/taskresults/taskresults/sdk/go/gen/taskresults/v1"
)

// silentHeartbeats is how many heartbeats must fail to come for a stream to count as dead.
const silentHeartbeats = 3

// Watch yields up to 1,000 results as they are now, and each again whenever it has changed, until all are finished. It
// never yields an older version of a result than before. A slow loop may miss versions in between, but never the
// newest. An id that no result has (any more) is yielded once, as an error that is ErrDoesNotExist, and the others go
// on.
//
// When the connection or the server goes away, or the server has reached a limit, the watch is opened again with what
// it knows, for as long as it takes: until ctx ends or the client is closed. It is opened again after ErrInternal, too,
// but not after three in a row without an event in between. Any other error is the last that is yielded. Leaving the
// loop ends the watch.
func (c *Client) Watch(ctx context.Context, ids ...string) iter.Seq2[*TaskResult, error] {
	known := make(map[string]Version, len(ids))
	for _, id := range ids {
		known[id] = Version{}
	}
	return c.watch(ctx, known)
}

func (c *Client) watch(ctx context.Context, known map[string]Version) iter.Seq2[*TaskResult, error] {
	return func(yield func(*TaskResult, error) bool) {
		ctx, cancel := c.within(ctx)
		defer cancel()
		w := watch{client: c, known: maps.Clone(known), yield: yield}
		if err := w.run(ctx); err != nil {
			yield(nil, err)
		}
	}
}

// watch is a watch under way.
type watch struct {
	client *Client
	// known has the newest version of each result that is not settled yet, which is by being finished or gone.
	known map[string]Version
	yield func(*TaskResult, error) bool
	// left says that nobody wants more.
	left   bool
	rule   streamRule
	pauses pauses
}

// run returns what cannot be mended by opening another stream.
func (w *watch) run(ctx context.Context) error {
	if err := checkTexts(w.request()); err != nil {
		return err
	}
	if len(w.known) == 0 {
		return nil
	}
	for ctx.Err() == nil {
		failure := w.stream(ctx)
		switch {
		case w.left || len(w.known) == 0:
			return nil
		case failure != nil && !w.rule.isWorthReopening(failure):
			return failure
		}
		sleep(ctx, w.pauses.next(failure))
	}
	return ended(ctx)
}

// stream passes on the news of one stream until that ends. It is read to its end even when everything is settled: every
// stream that the client breaks off costs the server's patience with the whole connection. One that the watch has given
// up, because it was silent or as old as a call may be, ends without a failure.
func (w *watch) stream(ctx context.Context) *Error {
	open, cancel := context.WithTimeout(ctx, maxTimeout)
	defer cancel()
	failureOf := func(err error) *Error {
		if open.Err() != nil && ctx.Err() == nil {
			return nil
		}
		return w.client.failureOf(ctx, err)
	}
	maxSilence := silentHeartbeats * w.client.heartbeat
	silence := time.AfterFunc(maxSilence, cancel)
	defer silence.Stop()
	stream, err := w.client.results.WatchTaskResults(open, w.request())
	if err != nil {
		return failureOf(err)
	}
	for {
		event, err := stream.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return failureOf(err)
		}
		if len(w.known) == 0 && event.GetEnd() == nil {
			// A result was created anew under an id that is settled here, and keeps the stream open.
			return nil
		}
		// The time that the loop takes is no silence of the server.
		silence.Stop()
		if w.left = !w.pass(event); w.left {
			return nil
		}
		silence.Reset(maxSilence)
	}
}

func (w *watch) request() *pb.WatchTaskResultsRequest {
	ids := &pb.WatchTaskResultsRequest_Ids{}
	for id, version := range w.known {
		ids.TaskResults = append(ids.TaskResults, &pb.KnownTaskResult{Id: id, Known: version.toProto()})
	}
	return &pb.WatchTaskResultsRequest{
		Target:            &pb.WatchTaskResultsRequest_Ids_{Ids: ids},
		HeartbeatInterval: durationpb.New(w.client.heartbeat),
	}
}

// pass yields what is news in an event, and reports whether more is wanted.
func (w *watch) pass(event *pb.WatchTaskResultsResponse) bool {
	if event.GetEnd() == nil {
		w.rule.reset()
		w.pauses = pauses{}
	}
	switch event := event.GetEvent().(type) {
	case *pb.WatchTaskResultsResponse_Snapshot:
		return w.passResult(w.client.newTaskResult(event.Snapshot))
	case *pb.WatchTaskResultsResponse_Deleted_:
		return w.passLoss(event.Deleted.GetId())
	case *pb.WatchTaskResultsResponse_NotFound_:
		return w.passLoss(event.NotFound.GetId())
	case *pb.WatchTaskResultsResponse_End_:
		if event.End.GetReason() == pb.WatchTaskResultsResponse_End_REASON_ALL_FINISHED {
			// Some may have been finished in the very version that was known.
			clear(w.known)
		}
	}
	return true
}

func (w *watch) passResult(result *TaskResult) bool {
	known, followed := w.known[result.ID]
	if !followed || !result.Version().IsNewerThan(known) {
		return true
	}
	if result.IsFinished() {
		delete(w.known, result.ID)
	} else {
		w.known[result.ID] = result.Version()
	}
	return w.yield(result, nil)
}

func (w *watch) passLoss(id string) bool {
	if _, followed := w.known[id]; !followed {
		return true
	}
	delete(w.known, id)
	return w.yield(nil, doesNotExist(id))
}

func doesNotExist(id string) *Error {
	message := fmt.Sprintf("task result %q does not exist", id)
	return &Error{Reason: ErrDoesNotExist, Code: codes.NotFound, Message: message}
}
