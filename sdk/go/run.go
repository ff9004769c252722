package taskresults

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"google.golang.org/grpc/codes"
)

const defaultLease = 30 * time.Second

// Function is a task for Run. Its context ends when that given to Run does, and when the attempt is lost; context.Cause
// then tells the loss. It returns what encoding/json can encode, or an error.
type Function func(ctx context.Context) (any, error)

// RunOptions of Run.
type RunOptions struct {
	// Lease of the attempt, 1 ms to 7 days, renewed at a third of its time. This long after a worker died at the latest,
	// another may take over. 0: 30 s.
	Lease time.Duration
}

// Run creates a result and runs its task, as TaskResult.Run does. The TaskResult is nil if none was created. Options
// may be nil.
func (c *Client) Run(
	ctx context.Context, spec TaskSpec, workerID string, function Function, options *RunOptions,
) (*TaskResult, error) {
	result, err := c.Create(ctx, spec)
	if err != nil {
		return nil, err
	}
	return result, result.Run(ctx, workerID, function, options)
}

// Run starts an attempt, calls the function, renews the lease meanwhile, and reports what came of it, also when ctx has
// ended. A value makes the result Successful, and this TaskResult shows it. Options may be nil.
//
// An error makes the result Failed, and is returned. So does a value that is too large or cannot be JSON, as
// ErrPayloadTooLarge or ErrNotEncodable. A panic makes it Failed, too, with the stack as the traceback, and goes on up
// the stack. Refresh then tells what is kept.
//
// When the attempt is lost, because another worker took it over or the result is gone, the function's context is
// cancelled. Run still waits for the function; nothing of what it returns is kept, and the loss is returned:
// ErrStaleAttempt, ErrIllegalTransition or ErrDoesNotExist. It is joined with the function's own error, if there is
// one; so is any other reason for which that could not be reported.
func (r *TaskResult) Run(ctx context.Context, workerID string, function Function, options *RunOptions) error {
	if options == nil {
		options = &RunOptions{}
	}
	lease := orDefault(options.Lease, defaultLease)
	state, err := r.client.Start(ctx, r.ID, workerID, &StartOptions{Lease: lease})
	if err != nil {
		return err
	}
	if err := r.Refresh(ctx); err != nil {
		return err
	}
	a := attempt{client: r.client, id: r.ID, number: state.Attempts}
	value, err := a.call(ctx, function, lease)
	if err != nil {
		return a.fail(ctx, err)
	}
	text, err := encode("return value", value)
	if err != nil {
		return a.fail(ctx, err)
	}
	state, err = a.succeed(ctx, text)
	if err != nil {
		return err
	}
	r.Status, r.Revision = state.Status, state.Revision
	r.FinishedAt, r.ExpiresAt = state.FinishedAt, state.ExpiresAt
	r.ReturnValueJSON = json.RawMessage(text)
	return nil
}

func (a attempt) succeed(ctx context.Context, text string) (*State, error) {
	state, err := a.client.Succeed(context.WithoutCancel(ctx), a.id, a.number, json.RawMessage(text))
	var refusal *Error
	if errors.As(err, &refusal) && isAboutValue(refusal) {
		refusal.Message = "the return value was refused: " + refusal.Message
		return nil, a.fail(ctx, refusal)
	}
	return state, err
}

// isAboutValue tells a refusal of what was sent. A message that is too large even for the transport is refused there.
func isAboutValue(refusal *Error) bool {
	return refusal.Code == codes.InvalidArgument ||
		refusal.Code == codes.ResourceExhausted && refusal.Reason != ErrLimitReached
}
