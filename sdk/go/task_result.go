package taskresults

import (
	"context"
	"encoding/json"
	"iter"
	"time"

	"google.golang.org/grpc/codes"

	pb "github.com/taskresults/taskresults/sdk/go/gen/taskresults/v1"
)

// TaskResult is the outcome of one task, as far as it was known when it was read. It never changes by itself: only
// Refresh and Run change it, and only they must not be called while another goroutine uses the same TaskResult.
//
// Times are UTC, exact to the microsecond, and zero until they have happened.
type TaskResult struct {
	// ID is 1 to 64 characters, opaque and case-sensitive.
	ID string
	// Task is what was asked for.
	Task Task
	// Status is where it stands.
	Status Status
	// EnqueuedAt is when the result was created.
	EnqueuedAt time.Time
	// StartedAt is the start of the first attempt.
	StartedAt time.Time
	// LastAttemptedAt is the start of the newest attempt.
	LastAttemptedAt time.Time
	// FinishedAt is when it became Failed or Successful.
	FinishedAt time.Time
	// ExpiresAt is when retention may remove the result. Zero: it is kept until it is deleted.
	ExpiresAt time.Time
	// ArgsJSON and KwargsJSON are the arguments byte for byte as they were given; nil in the Basic view.
	ArgsJSON, KwargsJSON json.RawMessage
	// ReturnValueJSON is the return value byte for byte; nil unless Successful, and in the Basic view.
	ReturnValueJSON json.RawMessage
	// Backend is the name of the task backend.
	Backend string
	// MaxAttempts is how many attempts may be made. The failure or loss of the last one is final.
	MaxAttempts int
	// Attempts is the number of attempts so far, so 1 while the first one runs.
	Attempts int
	// ErrorCount is the number of errors so far, also of those that Errors no longer holds.
	ErrorCount int
	// Errors has one for each failed or lost attempt, oldest first: the newest up to 1 MiB, in the Basic view one.
	Errors []*TaskError
	// WorkerIDs has one for each attempt, in order: the newest up to 256 KiB, in the Basic view one. The same worker twice
	// counts twice.
	WorkerIDs []string
	// Metadata are the labels.
	Metadata map[string]string
	// Incarnation says which creation under this id it is: a result that was deleted and created anew has a higher one.
	Incarnation int64
	// Revision grows at every change, and begins again when the result is created anew.
	Revision int64

	client *Client
}

// IsFinished says that the result is Failed or Successful, and cannot change any more.
func (r *TaskResult) IsFinished() bool {
	return r.Status.IsFinished()
}

// Version is the incarnation and the revision that this TaskResult shows.
func (r *TaskResult) Version() Version {
	return Version{r.Incarnation, r.Revision}
}

// Args decodes the positional arguments, a JSON array, into what v points to, as json.Unmarshal does. Numbers come into
// an interface as json.Number, so that none is rounded. It fails with ErrNotDecodable, which wraps the error of
// encoding/json, when that cannot read the JSON or v cannot hold it. In the Basic view there is nothing to decode,
// which is an Error.
func (r *TaskResult) Args(v any) error {
	return r.decode("arguments", r.ArgsJSON, v)
}

// Kwargs decodes the keyword arguments, a JSON object, in the same way.
func (r *TaskResult) Kwargs(v any) error {
	return r.decode("arguments", r.KwargsJSON, v)
}

// ReturnValue decodes the return value in the same way. It fails with ErrTaskFailed when the result is Failed, and with
// ErrTaskNotFinished when it is Ready or Running.
func (r *TaskResult) ReturnValue(v any) error {
	switch r.Status {
	case Successful:
		return r.decode("return value", r.ReturnValueJSON, v)
	case Failed:
		return &Error{Reason: ErrTaskFailed, Code: codes.FailedPrecondition, Message: "Task failed"}
	default:
		return &Error{Reason: ErrTaskNotFinished, Code: codes.FailedPrecondition, Message: "Task has not finished yet"}
	}
}

func (r *TaskResult) decode(what string, text json.RawMessage, v any) error {
	if text == nil {
		code := codes.FailedPrecondition
		return &Error{Reason: nameOf(code), Code: code, Message: "the basic view leaves out the " + what}
	}
	return decode(what, text, v)
}

// Refresh asks the service what has changed, and updates the TaskResult: status, times, attempts, errors, worker
// ids, return value, metadata and revision, and everything if the result was deleted and created anew. When nothing has
// changed, next to nothing is sent. When Refresh fails, with ErrDoesNotExist if the result was deleted, the TaskResult
// stays as it was. An answer that comes late never brings back an older state.
func (r *TaskResult) Refresh(ctx context.Context) error {
	known := r.Version()
	request := &pb.RefreshTaskResultRequest{Id: r.ID, Known: known.toProto()}
	response, err := call(ctx, r.client, r.client.results.RefreshTaskResult, request)
	if err != nil {
		return err
	}
	switch outcome := response.GetOutcome().(type) {
	case *pb.RefreshTaskResultResponse_Changed:
		if r.isNews(outcome.Changed, known) {
			r.take(outcome.Changed)
		}
	case *pb.RefreshTaskResultResponse_Replaced:
		if r.isNews(outcome.Replaced, known) {
			*r = *r.client.newTaskResult(outcome.Replaced)
		}
	}
	return nil
}

// isNews is false for an answer to what was known that comes after a newer one.
func (r *TaskResult) isNews(answer *pb.TaskResult, known Version) bool {
	version := Version{answer.GetIncarnation(), answer.GetRevision()}
	return r.Version() == known || version.IsNewerThan(r.Version())
}

// Watch yields the newer states of the result until it is finished, as Client.Watch does. The TaskResult itself stays
// as it is.
func (r *TaskResult) Watch(ctx context.Context) iter.Seq2[*TaskResult, error] {
	return r.client.watch(ctx, map[string]Version{r.ID: r.Version()})
}
