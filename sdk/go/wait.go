package taskresults

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"google.golang.org/grpc/codes"

	pb "github.com/taskresults/taskresults/sdk/go/gen/taskresults/v1"
)

const (
	// longestPoll is how long the server lets one call wait.
	longestPoll = 60 * time.Second
	// nearlyOver is the time that is not worth another call: the server answers 0.2 s before a call's deadline.
	nearlyOver = 250 * time.Millisecond
)

// Wait returns the result once it is finished, at once if it is already. It waits until the deadline of ctx, and for
// ever without one, also while the connection or the server is away. When the deadline comes first it fails with
// ErrWaitTimedOut, at most a quarter of a second early. A result that is deleted, or never was, is ErrDoesNotExist.
func (c *Client) Wait(ctx context.Context, id string) (*TaskResult, error) {
	if !utf8.ValidString(id) {
		return nil, invalid("id", "must be UTF-8")
	}
	ctx, cancel := c.within(ctx)
	defer cancel()
	var p pauses
	for ctx.Err() == nil {
		response, failure := c.poll(ctx, id)
		switch {
		case failure == nil && !response.GetTimedOut():
			return c.newTaskResult(response.GetTaskResult()), nil
		case failure == nil && isNearlyOver(ctx):
			return nil, waitTimedOut(id, context.DeadlineExceeded)
		case failure == nil:
			p = pauses{}
		case !failure.mayPass():
			return nil, failure
		default:
			p.pause(ctx, failure.retryDelay)
		}
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return nil, waitTimedOut(id, context.Cause(ctx))
	}
	return nil, ended(ctx)
}

func (c *Client) poll(ctx context.Context, id string) (*pb.WaitTaskResultResponse, *Error) {
	ctx, cancel := context.WithTimeout(ctx, longestPoll+c.timeout)
	defer cancel()
	response, err := c.results.WaitTaskResult(ctx, &pb.WaitTaskResultRequest{Id: id})
	if err != nil {
		return nil, c.failureOf(ctx, err)
	}
	return response, nil
}

func isNearlyOver(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ok && time.Until(deadline) < nearlyOver
}

func waitTimedOut(id string, cause error) *Error {
	return &Error{
		Reason:  ErrWaitTimedOut,
		Code:    codes.DeadlineExceeded,
		Message: fmt.Sprintf("task result %q was not finished in time", id),
		cause:   cause,
	}
}
