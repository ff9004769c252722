package taskresults

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

const (
	// maxTimeout is the longest deadline that is sent: beyond 2^31 ms servers take it for one that has passed.
	maxTimeout = 24 * 24 * time.Hour
	// maxLastTry is what is left of a call's time for its last try, unless that is more than a quarter.
	maxLastTry = time.Second
)

// method is a unary call of a generated stub.
type method[Request, Response any] func(context.Context, *Request, ...grpc.CallOption) (*Response, error)

// call makes a call that is safe to repeat. It is repeated after failures that may pass, until its deadline.
func call[Request, Response any](
	ctx context.Context, c *Client, m method[Request, Response], request *Request,
) (*Response, error) {
	if err := checkTexts(any(request).(proto.Message)); err != nil {
		return nil, err
	}
	ctx, cancel := c.withDeadline(ctx)
	defer cancel()
	return repeated(ctx, isWorthRepeating, func() (*Response, *Error) {
		return try(ctx, c, m, request)
	})
}

// repeated tries until there is a response, a failure that is not worth another try, or no time for one before the
// deadline of ctx.
func repeated[Response any](
	ctx context.Context, isWorthAnother func(*Error) bool, once func() (*Response, *Error),
) (*Response, error) {
	deadline, _ := ctx.Deadline()
	lastTry := deadline.Add(-min(time.Until(deadline)/4, maxLastTry))
	var p pauses
	var before *Error
	for {
		response, failure := once()
		if failure == nil {
			return response, nil
		}
		// A try that the deadline ended tells less than the failure before it.
		if before != nil && failure.Code == codes.DeadlineExceeded && ctx.Err() != nil {
			return nil, endedAfter(ctx, before)
		}
		// However long the pause should be, the last try is made before the time is over, if the server takes one then.
		longest := time.Until(lastTry)
		if !isWorthAnother(failure) || longest <= failure.retryDelay {
			return nil, failure
		}
		before = failure
		if !sleep(ctx, min(p.next(failure), longest)) {
			return nil, endedAfter(ctx, failure)
		}
	}
}

// try makes a call once.
func try[Request, Response any](
	ctx context.Context, c *Client, m method[Request, Response], request *Request,
) (*Response, *Error) {
	response, err := m(ctx, request)
	if err != nil {
		return nil, c.failureOf(ctx, err)
	}
	return response, nil
}

// callOnce makes a call that would not mean the same the second time.
func callOnce[Request, Response any](
	ctx context.Context, c *Client, m method[Request, Response], request *Request,
) (*Response, error) {
	if err := checkTexts(any(request).(proto.Message)); err != nil {
		return nil, err
	}
	ctx, cancel := c.withDeadline(ctx)
	defer cancel()
	response, failure := try(ctx, c, m, request)
	if failure != nil {
		return nil, failure
	}
	return response, nil
}

// withDeadline derives the context of one call: it ends with the client, and has the default deadline unless ctx has
// one.
func (c *Client) withDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := c.within(ctx)
	timeout := c.timeout
	if _, ok := ctx.Deadline(); ok {
		timeout = maxTimeout
	}
	ctx, cancelDeadline := context.WithTimeout(ctx, timeout)
	return ctx, func() {
		cancelDeadline()
		cancel()
	}
}

// outliving derives a context that ends some time after ctx does, so that what is under way may still be answered.
func outliving(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	limit := maxTimeout
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(time.Until(deadline)+grace, maxTimeout)
	}
	longer, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	stop := context.AfterFunc(ctx, func() {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return // The limit counts from the deadline already.
		}
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-longer.Done():
		}
	})
	return longer, func() {
		stop()
		cancel()
	}
}
