package taskresults

import (
	"context"
	"maps"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/taskresults/taskresults/sdk/go/gen/taskresults/v1"
)

// Create registers a task that has been enqueued, as Ready. With an id, a repeated Create of the same content gives the
// result that there is, whatever became of it since; other content fails with ErrExists.
func (c *Client) Create(ctx context.Context, spec TaskSpec) (*TaskResult, error) {
	request, err := spec.request()
	if err != nil {
		return nil, err
	}
	response, err := call(ctx, c, c.lifecycle.CreateTaskResult, request)
	if err != nil {
		return nil, err
	}
	if response.GetState().GetRevision() > 1 {
		return c.Get(ctx, request.GetId(), nil)
	}
	// Nothing but the server's time is to be learnt of a new result.
	return c.newTaskResult(&pb.TaskResult{
		Id:         request.GetId(),
		Task:       request.GetTask(),
		Status:     response.GetState().GetStatus(),
		EnqueuedAt: response.GetState().GetEnqueuedAt(),
		ArgsJson:   request.GetArgsJson(),
		KwargsJson: request.GetKwargsJson(),
		Backend:    request.GetBackend(),
		Metadata:   maps.Clone(request.GetMetadata()),
		Revision:   response.GetState().GetRevision(),
		ExpiresAt:  response.GetState().GetExpiresAt(),
	}), nil
}

// StartOptions of Start.
type StartOptions struct {
	// Lease is the time within which the attempt must be finished or its lease renewed, or else another worker may take it
	// over: 1 ms to 7 days. 0: the attempt is never lost by itself.
	Lease time.Duration
	// Force takes the task over though another attempt is running.
	Force bool
}

// Start begins an attempt, whose number is State.Attempts; it goes with every further call. Give each worker process an
// id of its own: the same call by the same worker, while its attempt is running, counts as repeated and gives that
// attempt. Start fails with ErrAttemptInProgress while another attempt is running, and with ErrIllegalTransition when
// the result is finished. Options may be nil.
func (c *Client) Start(ctx context.Context, id, workerID string, options *StartOptions) (*State, error) {
	if options == nil {
		options = &StartOptions{}
	}
	request := &pb.StartAttemptRequest{Id: id, WorkerId: workerID, Force: options.Force}
	if options.Lease != 0 {
		request.Lease = durationpb.New(options.Lease)
	}
	response, err := call(ctx, c, c.lifecycle.StartAttempt, request)
	if err != nil {
		return nil, err
	}
	return stateOf(response.GetState()), nil
}

// Renew makes the lease of a running attempt end that long from now, 1 ms to 7 days. It fails with ErrStaleAttempt when
// another attempt has been started since, and with ErrIllegalTransition when the attempt is over otherwise.
func (c *Client) Renew(ctx context.Context, id string, attempt int, lease time.Duration) (*State, error) {
	request := &pb.RenewLeaseRequest{Id: id, Attempt: toInt32(attempt), Lease: durationpb.New(lease)}
	response, err := call(ctx, c, c.lifecycle.RenewLease, request)
	if err != nil {
		return nil, err
	}
	return stateOf(response.GetState()), nil
}

// Succeed reports what an attempt returned: the result is Successful. The value is encoded by encoding/json; a
// json.RawMessage is kept byte for byte. Besides the errors of Renew there are ErrNotEncodable, and ErrPayloadTooLarge
// beyond 1 MiB or what the server is set to; after these two the attempt goes on.
func (c *Client) Succeed(ctx context.Context, id string, attempt int, value any) (*State, error) {
	text, err := encode("return value", value)
	if err != nil {
		return nil, err
	}
	return c.finish(ctx, succeeded(id, attempt, text))
}

// Fail reports why an attempt failed: the result is Failed. See TaskError for what is kept of the error, which must not
// be nil. It fails as Renew does.
func (c *Client) Fail(ctx context.Context, id string, attempt int, err error) (*State, error) {
	return c.failAttempt(ctx, id, attempt, err, false)
}

// Retry reports why an attempt failed, and that another is to be made: the result is Ready again. It fails as Renew
// does.
func (c *Client) Retry(ctx context.Context, id string, attempt int, err error) (*State, error) {
	return c.failAttempt(ctx, id, attempt, err, true)
}

func (c *Client) failAttempt(ctx context.Context, id string, attempt int, err error, retry bool) (*State, error) {
	return sendError(err, func(described *pb.TaskError) (*State, error) {
		return c.finish(ctx, failed(id, attempt, described, retry))
	})
}

func succeeded(id string, attempt int, text string) *pb.FinishAttemptRequest {
	return &pb.FinishAttemptRequest{
		Id:      id,
		Attempt: toInt32(attempt),
		Outcome: &pb.FinishAttemptRequest_Succeeded_{
			Succeeded: &pb.FinishAttemptRequest_Succeeded{ReturnValueJson: text},
		},
	}
}

func failed(id string, attempt int, taskError *pb.TaskError, retry bool) *pb.FinishAttemptRequest {
	return &pb.FinishAttemptRequest{
		Id:      id,
		Attempt: toInt32(attempt),
		Outcome: &pb.FinishAttemptRequest_Failed_{
			Failed: &pb.FinishAttemptRequest_Failed{Error: taskError, Retry: retry},
		},
	}
}

func (c *Client) finish(ctx context.Context, request *pb.FinishAttemptRequest) (*State, error) {
	response, err := call(ctx, c, c.lifecycle.FinishAttempt, request)
	if err != nil {
		return nil, err
	}
	return stateOf(response.GetState()), nil
}

// FailTask reports that the task could not be started at all: a Ready result is Failed. The error may be nil. It fails
// with ErrIllegalTransition when the result is Running or finished.
func (c *Client) FailTask(ctx context.Context, id string, err error) (*State, error) {
	send := func(described *pb.TaskError) (*State, error) {
		request := &pb.FailTaskResultRequest{Id: id, Error: described}
		response, err := call(ctx, c, c.lifecycle.FailTaskResult, request)
		if err != nil {
			return nil, err
		}
		return stateOf(response.GetState()), nil
	}
	if err == nil {
		return send(nil)
	}
	return sendError(err, send)
}

// DeleteOptions of Delete.
type DeleteOptions struct {
	// Revision is the only one to delete; any other fails with ErrRevisionMismatch. 0: any.
	Revision int64
	// AllowMissing makes it no error that the result does not exist.
	AllowMissing bool
}

// Delete removes a result in any state; who watches it is told. Options may be nil. Without AllowMissing the call is
// not repeated when the server is out of reach, since after a lost answer the result is rightly missing.
func (c *Client) Delete(ctx context.Context, id string, options *DeleteOptions) error {
	if options == nil {
		options = &DeleteOptions{}
	}
	request := &pb.DeleteTaskResultRequest{Id: id, Revision: options.Revision, AllowMissing: options.AllowMissing}
	deleteResult := callOnce[pb.DeleteTaskResultRequest, pb.DeleteTaskResultResponse]
	if options.AllowMissing {
		deleteResult = call[pb.DeleteTaskResultRequest, pb.DeleteTaskResultResponse]
	}
	_, err := deleteResult(ctx, c, c.lifecycle.DeleteTaskResult, request)
	return err
}
