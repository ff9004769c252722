package taskresults

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	pb "github.com/taskresults/taskresults/sdk/go/gen/taskresults/v1"
)

// minReportTime is how long a report may take at least, which leaves even the shortest lease some tries.
const minReportTime = 5 * time.Second

// execution is an attempt under way in this process.
type execution struct {
	client  *Client
	attempt Attempt
	// lease is never zero, other than that of the options.
	lease   time.Duration
	options *RunOptions
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
	err = e.watchOver(ctx, e.isReported, e.isRetried, func() (err error) {
		value, err = function(ctx)
		return err
	})
	if loss := e.loss.Load(); loss != nil {
		return "", joined(err, *loss)
	}
	if err != nil {
		if e.isReported(err) {
			err = joined(err, e.reportError(ctx, err, e.isRetried(err)))
		}
		return "", err
	}
	err = e.watchOver(ctx, always[any], never[error], func() (err error) {
		text, err = encode("return value", value)
		return err
	})
	if err != nil {
		return "", joined(err, e.reportError(ctx, err, false))
	}
	return text, nil
}

// watchOver calls a step. When that does not return, this is reported where it is to be, and goes on up the stack.
func (e *execution) watchOver(
	ctx context.Context, isReported func(cause any) bool, isRetried func(err error) bool, step func() error,
) error {
	returned := false
	defer func() {
		if returned {
			return
		}
		thrown := recover()
		if e.loss.Load() == nil && isReported(thrown) {
			taskError := unwound(thrown)
			err, isError := thrown.(error)
			if !isError {
				err = taskError
			}
			// What goes on up the stack leaves no room for an error of the report.
			_ = e.reportError(ctx, taskError, isRetried(err))
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
		// Any other failure may pass. If it does not, the report of the outcome will show it.
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

// reportError reports a failed attempt, and whether another is to be made. It returns why that could not be reported.
func (e *execution) reportError(ctx context.Context, err error, retry bool) error {
	_, reportErr := sendError(err, func(described *pb.TaskError) (*State, error) {
		return e.report(ctx, failed(e.attempt, described, retry))
	})
	return reportErr
}

// isReported asks the caller of Run. An outcome must not get lost.
func (e *execution) isReported(cause any) bool {
	return chosen(e.options.Report, cause, true)
}

// isRetried asks the caller of Run.
func (e *execution) isRetried(err error) bool {
	return chosen(e.options.Retry, err, false)
}

// chosen is what the caller's choice says, or otherwise when there is none, or when it panics.
func chosen[Cause any](choice func(Cause) bool, cause Cause, otherwise bool) (answer bool) {
	if choice == nil {
		return otherwise
	}
	defer func() {
		if recover() != nil {
			answer = otherwise
		}
	}()
	return choice(cause)
}

func always[Cause any](Cause) bool {
	return true
}

func never[Cause any](Cause) bool {
	return false
}

// report sends an outcome again and again until it has arrived or is refused, also after ctx has ended. It takes at
// most as long as the lease, however long one call may take. What was said on the way, by a server or a proxy, and is
// no answer to what the report says, may pass: credentials that are being changed, a limit of calls, an outage.
func (e *execution) report(ctx context.Context, request *pb.FinishAttemptRequest) (*State, error) {
	if err := checkTexts(request); err != nil {
		return nil, err
	}
	reportTime := max(e.lease, minReportTime)
	ctx, cancel := e.client.within(context.WithoutCancel(ctx))
	defer cancel()
	ctx, cancelDeadline := context.WithTimeout(ctx, reportTime)
	defer cancelDeadline()
	response, err := repeated(ctx, isWorthReportingAgain, func() (*pb.FinishAttemptResponse, *Error) {
		// When an answer never comes, time is left for another try.
		ctx, cancel := context.WithTimeout(ctx, min(e.client.timeout, reportTime/3))
		defer cancel()
		return try(ctx, e.client, e.client.lifecycle.FinishAttempt, request)
	})
	if err != nil {
		return nil, err
	}
	return stateOf(response.GetState()), nil
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
