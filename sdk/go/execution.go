package taskresults

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"

	pb "github.com/taskresults/taskresults/sdk/go/gen/taskresults/v1"
)

const (
	// minReportTime is how long a report may take at least, which leaves even the shortest lease some tries.
	minReportTime = 3 * time.Second
	// minReportTry is how long a report waits for its answer at least.
	minReportTry = time.Second
)

// execution is an attempt under way in this process.
type execution struct {
	client  *Client
	attempt Attempt
	lease   time.Duration
	reports func(cause any) bool
	// loss is what a renewal has learned of the loss of the attempt.
	loss atomic.Pointer[error]
}

// run calls the function and reports what comes of it. It returns the value, and the state in which that leaves the
// result. The lease is held until the report has arrived.
func (e *execution) run(ctx context.Context, function Function) (json.RawMessage, *State, error) {
	working, lose := context.WithCancelCause(ctx)
	defer lose(nil)
	// The function may need time to end after its context has, and so may the report.
	holding, letGo := context.WithCancel(context.WithoutCancel(ctx))
	var holder sync.WaitGroup
	holder.Add(1)
	go func() {
		defer holder.Done()
		e.hold(holding, lose)
	}()
	defer holder.Wait()
	defer letGo()

	text, err := e.call(working, function)
	if err != nil {
		return nil, nil, err
	}
	state, err := e.succeed(ctx, text)
	return json.RawMessage(text), state, err
}

// call calls the function and makes JSON of its value. The error of either is reported, unless it is to be left to
// others. A loss that is known goes before: nothing is reported or asked any more.
func (e *execution) call(ctx context.Context, function Function) (text string, err error) {
	var value any
	err = e.watchOver(ctx, e.isReported, func() (err error) {
		value, err = function(ctx)
		return err
	})
	if loss := e.loss.Load(); loss != nil {
		return "", joined(err, *loss)
	}
	if err != nil {
		if e.isReported(err) {
			err = e.fail(ctx, err)
		}
		return "", err
	}
	err = e.watchOver(ctx, always, func() (err error) {
		text, err = encode("return value", value)
		return err
	})
	if err != nil {
		return "", e.fail(ctx, err)
	}
	return text, nil
}

// watchOver calls a step. When that does not return, this is reported where it is to be, and goes on up the stack.
func (e *execution) watchOver(ctx context.Context, reports func(cause any) bool, step func() error) error {
	returned := false
	defer func() {
		if returned {
			return
		}
		thrown := recover()
		if e.loss.Load() == nil && reports(thrown) {
			// What goes on up the stack leaves no room for an error of the report.
			_ = e.reportError(ctx, unwound(thrown), false)
		}
		if thrown != nil {
			panic(thrown)
		}
	}()
	err := step()
	returned = true
	return err
}

// hold renews the lease at a third of its time until ctx ends, or the attempt is lost.
func (e *execution) hold(ctx context.Context, lose context.CancelCauseFunc) {
	ticker := time.NewTicker(e.lease / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := e.renew(ctx); isLoss(err) {
			e.loss.Store(&err)
			lose(err)
			return
		}
		// Whatever else went wrong may pass. If it does not, the end of the attempt will tell.
	}
}

// renew gives up when the next renewal is due: one that is stuck would hide that the attempt is lost.
func (e *execution) renew(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, e.lease/3)
	defer cancel()
	_, err := e.client.Renew(ctx, e.attempt, e.lease)
	return err
}

// succeed reports a value, or that it was refused.
func (e *execution) succeed(ctx context.Context, text string) (*State, error) {
	state, err := e.report(ctx, succeeded(e.attempt, text))
	var refusal *Error
	if errors.As(err, &refusal) && isAboutValue(refusal) {
		refusal.Message = "the return value was refused: " + refusal.Message
		return nil, joined(refusal, e.reportError(ctx, refusal, false))
	}
	return state, err
}

// fail reports an error. It returns the error, together with why it could not be reported.
func (e *execution) fail(ctx context.Context, err error) error {
	return joined(err, e.reportError(ctx, err, false))
}

// giveBack lets another worker have the task, and says why. It returns the error as fail does.
func (e *execution) giveBack(ctx context.Context, err error) error {
	return joined(err, e.reportError(ctx, err, true))
}

func (e *execution) reportError(ctx context.Context, err error, retry bool) error {
	_, reportErr := sendError(err, func(described *pb.TaskError) (*State, error) {
		return e.report(ctx, failed(e.attempt, described, retry))
	})
	return reportErr
}

// isReported asks the caller of Run. An outcome must not get lost, so it is reported when the answer is a panic.
func (e *execution) isReported(cause any) (reported bool) {
	if e.reports == nil {
		return true
	}
	defer func() {
		if recover() != nil {
			reported = true
		}
	}()
	return e.reports(cause)
}

func always(any) bool {
	return true
}

// report sends an outcome again and again until it has arrived or is refused, also after ctx has ended. It takes at
// most as long as the lease, however long one call may take. What was said on the way, by a server or a proxy, and is
// no answer to what the report says, may pass: credentials that are being changed, a limit of calls, an outage.
func (e *execution) report(ctx context.Context, request *pb.FinishAttemptRequest) (*State, error) {
	ctx, cancel := e.client.within(context.WithoutCancel(ctx))
	defer cancel()
	ctx, cancelDeadline := context.WithTimeout(ctx, max(e.lease, minReportTime))
	defer cancelDeadline()
	var p pauses
	for {
		state, err := e.reportOnce(ctx, request)
		var failure *Error
		if !errors.As(err, &failure) || isLoss(failure) || isAboutValue(failure) {
			return state, err
		}
		if !p.pause(ctx, failure.retryDelay) {
			return nil, failure
		}
	}
}

// reportOnce leaves time for another try when an answer never comes.
func (e *execution) reportOnce(ctx context.Context, request *pb.FinishAttemptRequest) (*State, error) {
	ctx, cancel := context.WithTimeout(ctx, min(e.client.timeout, max(e.lease/3, minReportTry)))
	defer cancel()
	return e.client.finish(ctx, request)
}

func isLoss(err error) bool {
	var refusal *Error
	if !errors.As(err, &refusal) {
		return false
	}
	switch refusal.Reason {
	case ErrStaleAttempt, ErrIllegalTransition, ErrDoesNotExist:
		return true
	default:
		return false
	}
}

// isAboutValue tells a refusal of what was sent, which would be refused again.
func isAboutValue(refusal *Error) bool {
	return refusal.Reason == ErrInvalidField || refusal.Reason == ErrNotEncodable || isTooLarge(refusal)
}

// tooLarge is how the gRPC libraries say that a message is larger than either side allows: they have no reason for it,
// and busy servers and proxies that limit rates answer with the same code.
var tooLarge = regexp.MustCompile(`(?i)\b(message|size) larger than\b|\bexceeds maximum size\b`)

// isTooLarge also tells a message that is too large for the transport, which refuses it itself.
func isTooLarge(err error) bool {
	var refusal *Error
	return errors.As(err, &refusal) && (refusal.Reason == ErrPayloadTooLarge ||
		refusal.Code == codes.ResourceExhausted && tooLarge.MatchString(refusal.Message))
}

// joined is the error of a function, together with why that could not be reported.
func joined(err, reportErr error) error {
	if reportErr == nil {
		return err
	}
	return errors.Join(reportErr, err)
}

// unwound is what is kept of a function that did not return: it panicked with what was thrown, or ended its goroutine.
func unwound(thrown any) *TaskError {
	taskError := &TaskError{ExceptionClassPath: "panic", Message: printed(thrown), Traceback: string(debug.Stack())}
	switch thrown.(type) {
	case nil:
		taskError.ExceptionClassPath = "runtime.Goexit"
		taskError.Message = "the function ended its goroutine"
	case error:
		taskError.ExceptionClassPath = fmt.Sprintf("%T", thrown)
	}
	return taskError
}
