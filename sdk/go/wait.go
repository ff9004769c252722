package taskresults

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/taskresults/taskresults/sdk/go/gen/taskresults/v1"
)

const (
	// maxPoll is how long one call may wait on the server.
	maxPoll = 60 * time.Second
	// late is how long after the deadline the server's own answer may come. Thousands of waits that time out at once would
	// otherwise cancel thousands of streams, and servers close a connection on which that happens.
	late = 100 * time.Millisecond
	// minWait gives even a wait without time, over a slow link, the time for one answer.
	minWait = 2 * time.Second
)

// Wait returns the result once it is finished, at once if it is already. It waits until the deadline of ctx, and for
// ever without one, also while the connection or the server is away, or the server has reached a limit. When the
// deadline comes first it fails with ErrWaitTimedOut. ErrInternal ends it when that is the answer three times in a row.
// It asks at least once, and even without time waits up to 2 s for the answer. A result that is deleted, or never was,
// is ErrDoesNotExist.
func (c *Client) Wait(ctx context.Context, id string) (*TaskResult, error) {
	if err := checkTexts(&pb.WaitTaskResultRequest{Id: id}); err != nil {
		return nil, err
	}
	answerBy := time.Now().Add(minWait)
	ctx, cancel := c.within(ctx)
	defer cancel()
	var rule streamRule
	var p pauses
	for !errors.Is(ctx.Err(), context.Canceled) {
		response, failure := c.poll(ctx, id, answerBy)
		switch {
		case failure == nil && !response.GetTimedOut():
			return c.newTaskResult(response.GetTaskResult()), nil
		case failure != nil && !isUnanswered(failure) && !rule.isWorthReopening(failure):
			return nil, failure
		case errors.Is(ctx.Err(), context.DeadlineExceeded):
			return nil, waitTimedOut(id, endOf(ctx))
		case failure == nil:
			rule.reset()
			p = pauses{}
		default:
			deadline, ok := ctx.Deadline()
			isTooSoon := ok && time.Until(deadline) < failure.retryDelay
			sleep(ctx, p.next(failure))
			if isTooSoon && errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return nil, waitTimedOut(id, endOf(ctx)) // The server asks for a longer pause before the next look.
			}
		}
	}
	return nil, ended(ctx)
}

// poll asks once. The deadline of ctx goes to the server as the time to wait: as the deadline of the call it would be
// answered early. The answer may come until answerBy in any case.
func (c *Client) poll(ctx context.Context, id string, answerBy time.Time) (*pb.WaitTaskResultResponse, *Error) {
	request := &pb.WaitTaskResultRequest{Id: id}
	if deadline, ok := ctx.Deadline(); ok {
		request.Timeout = durationpb.New(min(max(time.Until(deadline), time.Millisecond), maxPoll))
	}
	call, cancel := context.WithTimeout(context.WithoutCancel(ctx), min(maxPoll+c.timeout, maxTimeout))
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			time.AfterFunc(max(late, time.Until(answerBy)), cancel)
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

// isUnanswered reports whether a poll ended with its own deadline, or with the wait.
func isUnanswered(failure *Error) bool {
	return failure.Code == codes.DeadlineExceeded || failure.Code == codes.Canceled && failure.cause != nil
}

func waitTimedOut(id string, cause error) *Error {
	return &Error{
		Reason:  ErrWaitTimedOut,
		Code:    codes.DeadlineExceeded,
		Message: fmt.Sprintf("task result %q was not finished in time", id),
		cause:   cause,
	}
}
