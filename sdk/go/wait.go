package taskresults

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/taskresults/taskresults/sdk/go/gen/taskresults/v1"
)

const (
	// longestPoll is how long the server lets one call wait.
	longestPoll = 60 * time.Second
	// late is how long after the deadline the server's own answer may come. Thousands of waits that time out at once would
	// otherwise cancel thousands of streams, and servers close a connection on which that happens.
	late = 100 * time.Millisecond
)

// Wait returns the result once it is finished, at once if it is already. It waits until the deadline of ctx, and for
// ever without one, also while the connection or the server is away. When the deadline comes first it fails with
// ErrWaitTimedOut, after it has asked at least once. A result that is deleted, or never was, is ErrDoesNotExist.
func (c *Client) Wait(ctx context.Context, id string) (*TaskResult, error) {
	if !utf8.ValidString(id) {
		return nil, invalid("id", "must be UTF-8")
	}
	ctx, cancel := c.within(ctx)
	defer cancel()
	var p pauses
	for !errors.Is(ctx.Err(), context.Canceled) {
		response, failure := c.poll(ctx, id)
		switch {
		case failure == nil && !response.GetTimedOut():
			return c.newTaskResult(response.GetTaskResult()), nil
		case failure != nil && !failure.mayPass():
			return nil, failure
		case errors.Is(ctx.Err(), context.DeadlineExceeded):
			return nil, waitTimedOut(id, context.Cause(ctx))
		case failure == nil:
			p = pauses{}
		default:
			p.pause(ctx, failure.retryDelay)
		}
	}
	return nil, ended(ctx)
}

// poll asks once. The deadline of ctx goes to the server as the time to wait: as the deadline of the call it would be
// answered early.
func (c *Client) poll(ctx context.Context, id string) (*pb.WaitTaskResultResponse, *Error) {
	request := &pb.WaitTaskResultRequest{Id: id}
	if deadline, ok := ctx.Deadline(); ok {
		request.Timeout = durationpb.New(min(max(time.Until(deadline), time.Millisecond), longestPoll))
	}
	call, cancel := context.WithTimeout(context.WithoutCancel(ctx), min(longestPoll+c.timeout, maxTimeout))
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			time.AfterFunc(late, cancel)
		} else {
			cancel()
		}
	})
	defer stop()
	response, err := c.results.WaitTaskResult(call, request)
	if err != nil {
		return nil, c.failureOf(ctx, err)
	}
	return response, nil
}

func waitTimedOut(id string, cause error) *Error {
	return &Error{
		Reason:  ErrWaitTimedOut,
		Code:    codes.DeadlineExceeded,
		Message: fmt.Sprintf("task result %q was not finished in time", id),
		cause:   cause,
	}
}
