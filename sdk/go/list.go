package taskresults

import (
	"context"
	"iter"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/taskresults/taskresults/sdk/go/gen/taskresults/v1"
)

// Query says which results List yields: those for which all conditions hold. The zero value matches every result.
type Query struct {
	// Statuses: any of these. Empty: any.
	Statuses []Status
	// TaskPath, QueueName and Backend: exactly these. Empty: any.
	TaskPath, QueueName, Backend string
	// WorkerID: at least one attempt was made by this worker. Empty: any worker, or none yet.
	WorkerID string
	// Enqueued and Finished: within these times. Results that are not finished match no range of Finished.
	Enqueued, Finished TimeRange
	// Metadata: all of these labels, with exactly these values. Up to 32.
	Metadata map[string]string

	// PageSize is how many are asked for at a time, at most 1,000. 0: 50.
	PageSize int
	// View is how much to read of each. The default is Basic.
	View View
}

// TimeRange begins at Start, and ends before End. A zero time means no bound on its side.
type TimeRange struct {
	Start, End time.Time
}

// List yields the results that match, newest enqueued first. Pages are read as they are needed, each with a deadline of
// its own where ctx has none. A result that is created or removed meanwhile never makes another one appear twice or be
// left out. An error is the last that is yielded.
func (c *Client) List(ctx context.Context, query Query) iter.Seq2[*TaskResult, error] {
	return func(yield func(*TaskResult, error) bool) {
		request := query.request()
		for {
			page, err := call(ctx, c, c.results.ListTaskResults, request)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, result := range page.GetTaskResults() {
				if !yield(c.newTaskResult(result), nil) {
					return
				}
			}
			if page.GetNextPageToken() == "" {
				return
			}
			request.PageToken = page.GetNextPageToken()
		}
	}
}

func (q Query) request() *pb.ListTaskResultsRequest {
	filter := &pb.TaskResultFilter{
		TaskPath:  q.TaskPath,
		QueueName: q.QueueName,
		Backend:   q.Backend,
		WorkerId:  q.WorkerID,
		Enqueued:  q.Enqueued.toProto(),
		Finished:  q.Finished.toProto(),
		Metadata:  q.Metadata,
	}
	for _, status := range q.Statuses {
		filter.Statuses = append(filter.Statuses, status.toProto())
	}
	return &pb.ListTaskResultsRequest{Filter: filter, PageSize: toInt32(q.PageSize), View: q.View.toProto()}
}

func (r TimeRange) toProto() *pb.TimeRange {
	if r.Start.IsZero() && r.End.IsZero() {
		return nil
	}
	timeRange := &pb.TimeRange{}
	if !r.Start.IsZero() {
		timeRange.Start = timestamppb.New(r.Start)
	}
	if !r.End.IsZero() {
		timeRange.End = timestamppb.New(r.End)
	}
	return timeRange
}
