package taskresults

import (
	"cmp"
	"context"
	"maps"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/taskresults/taskresults/sdk/go/gen/taskresults/v1"
)

// Create registers a task that has been enqueued, as Ready. With an id, a repeated Create of the same content returns
// the existing result, whatever has become of it since; other content fails with ErrExists.
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
		result, err := c.Get(ctx, request.GetId(), nil)
		if err == nil && result.Incarnation != response.GetState().GetIncarnation() {
			// It was created anew meanwhile, maybe with other content.
			spec.ID = request.GetId()
			return c.Create(ctx, spec)
		}
		return result, err
	}
	// Nothing but the server's time has to be read for a new result.
	policy := &pb.AttemptPolicy{MaxAttempts: cmp.Or(request.GetAttemptPolicy().GetMaxAttempts(), defaultMaxAttempts)}
	return c.newTaskResult(&pb.TaskResult{
		Id:            request.GetId(),
		Task:          request.GetTask(),
		Status:        response.GetState().GetStatus(),
		EnqueuedAt:    response.GetState().GetEnqueuedAt(),
		ArgsJson:      request.GetArgsJson(),
		KwargsJson:    request.GetKwargsJson(),
		Backend:       request.GetBackend(),
		AttemptPolicy: policy,
		Metadata:      maps.Clone(request.GetMetadata()),
		Incarnation:   response.GetState().GetIncarnation(),
		Revision:      response.GetState().GetRevision(),
		ExpiresAt:     response.GetState().GetExpiresAt(),
	}), nil
}

// StartOptions of Start.
type StartOptions struct {
	// Lease is the time within which the attempt must be finished or its lease renewed, or else another worker may take
	// it over: 1 ms to 7 days. 0: the attempt never counts as lost.
	Lease time.Duration
	// Force takes over the task even if another attempt is running.
	Force bool
	// RequestID identifies this start among all starts of the result, up to 255 characters. A call with the same one
	// counts as a repetition, and returns the attempt that the first one started. Give one for each delivery of a task.
	// Empty: the SDK makes a UUID, so that only its own repetitions count as such.
	RequestID string
}

// Start begins an attempt: every further call about it needs State.Attempt. Start fails with ErrAttemptInProgress
// while another attempt is running, with ErrIllegalTransition when the result is finished, and with ErrStaleAttempt
// when the attempt that RequestID has started is over. Options may be nil.
func (c *Client) Start(ctx context.Context, id, workerID string, options *StartOptions) (*State, error) {
	return c.start(ctx, id, workerID, options, c.lifecycle.StartAttempt)
}

// startToRun starts an attempt for a function that this process will call. A try that is under way when ctx ends gets
// the time of a call for its answer, or of the lease if that is shorter: it may have started the attempt, which would
// be left without a worker otherwise.
func (c *Client) startToRun(ctx context.Context, id, workerID string, lease time.Duration) (*State, error) {
	if ctx.Err() != nil {
		return nil, ended(ctx)
	}
	try := func(
		ctx context.Context, request *pb.StartAttemptRequest, options ...grpc.CallOption,
	) (*pb.StartAttemptResponse, error) {
		ctx, cancel := outliving(ctx, min(c.timeout, lease))
		defer cancel()
		return c.lifecycle.StartAttempt(ctx, request, options...)
	}
	return c.start(ctx, id, workerID, &StartOptions{Lease: lease}, try)
}

func (c *Client) start(
	ctx context.Context, id, workerID string, options *StartOptions,
	try method[pb.StartAttemptRequest, pb.StartAttemptResponse],
) (*State, error) {
	if options == nil {
		options = &StartOptions{}
	}
	request := &pb.StartAttemptRequest{Id: id, WorkerId: workerID, Force: options.Force, RequestId: options.RequestID}
	if request.RequestId == "" {
		request.RequestId = uuid.NewString()
	}
	if options.Lease != 0 {
		request.Lease = durationpb.New(options.Lease)
	}
	response, err := call(ctx, c, try, request)
	if err != nil {
		return nil, err
	}
	state := stateOf(response.GetState())
	if state.Status != Running {
		return nil, staleAttempt("the attempt that this request started is over: task result %q is %s", id, state.Status)
	}
	return state, nil
}

// Renew makes the lease of a running attempt end that long from now, 1 ms to 7 days. It fails with ErrStaleAttempt when
// another attempt has been started since or the result created anew, and with ErrIllegalTransition when the attempt is
// over for another reason.
func (c *Client) Renew(ctx context.Context, attempt Attempt, lease time.Duration) (*State, error) {
	request := &pb.RenewLeaseRequest{
		Id:          attempt.ID,
		Incarnation: attempt.Incarnation,
		Attempt:     toInt32(attempt.Number),
		Lease:       durationpb.New(lease),
	}
	response, err := call(ctx, c, c.lifecycle.RenewLease, request)
	if err != nil {
		return nil, err
	}
	return stateOf(response.GetState()), nil
}

// Succeed reports what an attempt returned: the result is Successful. The value is encoded by encoding/json; a
// json.RawMessage is kept byte for byte. Besides the errors of Renew there are ErrNotEncodable, also for what
// encoding/json would lose in silence, and ErrPayloadTooLarge beyond 1 MiB or what the server is set to; after these
// two the attempt goes on.
func (c *Client) Succeed(ctx context.Context, attempt Attempt, value any) (*State, error) {
	text, err := encode("return value", value)
	if err != nil {
		return nil, err
	}
	return c.finish(ctx, succeeded(attempt, text))
}

// Fail reports why an attempt failed: the result is Failed. See TaskError for what is kept of the error, which must not
// be nil. It fails as Renew does.
func (c *Client) Fail(ctx context.Context, attempt Attempt, err error) (*State, error) {
	return c.failAttempt(ctx, attempt, err, false)
}

// Retry reports why an attempt failed, and that another is to be made: the result is Ready again, or Failed after the
// last attempt that it may have. It fails as Renew does.
func (c *Client) Retry(ctx context.Context, attempt Attempt, err error) (*State, error) {
	return c.failAttempt(ctx, attempt, err, true)
}

func (c *Client) failAttempt(ctx context.Context, attempt Attempt, err error, retry bool) (*State, error) {
	return sendError(err, func(described *pb.TaskError) (*State, error) {
		return c.finish(ctx, failed(attempt, described, retry))
	})
}

func succeeded(attempt Attempt, text string) *pb.FinishAttemptRequest {
	return &pb.FinishAttemptRequest{
		Id:          attempt.ID,
		Incarnation: attempt.Incarnation,
		Attempt:     toInt32(attempt.Number),
		Outcome: &pb.FinishAttemptRequest_Succeeded_{
			Succeeded: &pb.FinishAttemptRequest_Succeeded{ReturnValueJson: text},
		},
	}
}

func failed(attempt Attempt, taskError *pb.TaskError, retry bool) *pb.FinishAttemptRequest {
	return &pb.FinishAttemptRequest{
		Id:          attempt.ID,
		Incarnation: attempt.Incarnation,
		Attempt:     toInt32(attempt.Number),
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
	// Version is the only one to delete; any other fails with ErrRevisionMismatch. With a revision of 0 any of this
	// incarnation is deleted. The zero value: any.
	Version Version
	// AllowMissing makes it no error that the result does not exist.
	AllowMissing bool
}

// Delete removes a result in any state. Watches of it end with ErrDoesNotExist. Options may be nil. Without
// AllowMissing the call is not repeated when the server is out of reach: when only its answer was lost, the result is
// rightly missing.
func (c *Client) Delete(ctx context.Context, id string, options *DeleteOptions) error {
	if options == nil {
		options = &DeleteOptions{}
	}
	request := &pb.DeleteTaskResultRequest{Id: id, Version: options.Version.toProto(), AllowMissing: options.AllowMissing}
	deleteResult := callOnce[pb.DeleteTaskResultRequest, pb.DeleteTaskResultResponse]
	if options.AllowMissing {
		deleteResult = call[pb.DeleteTaskResultRequest, pb.DeleteTaskResultResponse]
	}
	_, err := deleteResult(ctx, c, c.lifecycle.DeleteTaskResult, request)
	return err
}
