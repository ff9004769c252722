package taskresults

import (
	"context"
	"slices"
	"time"
)

const defaultLease = 60 * time.Second

// Function is a task for Run. Its context ends when that given to Run does, and when the attempt is lost; context.Cause
// then returns the loss. It returns an error, or what encoding/json can encode without losing anything: no error in it,
// no struct without exported fields, no text that is not UTF-8.
type Function func(ctx context.Context) (any, error)

// RunOptions of Run.
type RunOptions struct {
	// Lease of the attempt, 1 ms to 7 days, renewed at a third of its time. After a worker has died, another may take over
	// once this time has passed. 0: 60 s.
	Lease time.Duration
	// Report chooses what is reported of a function that returns no value. It is given the error that the function
	// returned, or what its panic threw, or nil when it ended its goroutine (runtime.Goexit). Where it returns false,
	// nothing is reported: the attempt stays Running until its lease has run out, and another worker takes over, as after
	// the end of a process. Where it panics, the outcome is reported. Nil: everything is. It is not asked about a value
	// that cannot be kept, which is always reported, nor after the attempt is known to be lost.
	Report func(cause any) bool
	// Retry chooses the errors after which another attempt is to be made: the task goes back to Ready, with the error
	// among its Errors. After all others it is Failed. It is given the error that the function returned, or what its panic
	// threw; where that is no error, a *TaskError with the class "panic", or "runtime.Goexit" when it ended its goroutine.
	// Where it panics, no other attempt is made. Nil: none ever is. It is asked only about what is reported, and not about
	// a value that cannot be kept.
	Retry func(err error) bool
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
// ended meanwhile. When ctx has ended before, nothing is started. When it ends during the start, the answer to that may
// still come for as long as one call or the lease takes, and the function is called if there is an attempt. A value
// makes the result Successful, and this TaskResult shows it. Options may be nil.
//
// An error makes the result Failed, and is returned. So does a value that is too large or cannot be JSON, as
// ErrPayloadTooLarge or ErrNotEncodable. A panic makes it Failed, too, with the stack as the traceback, and goes on up
// the stack. Refresh then reads what is kept. RunOptions.Retry chooses the errors and panics after which the result is
// Ready again instead, and RunOptions.Report leaves some to other workers.
//
// A report is repeated for as long as the lease, and at least 5 s, after every answer that is about neither the report
// nor the attempt.
//
// The function is for the task that this TaskResult shows. When the result was deleted and created anew since, Run
// fails with ErrStaleAttempt without calling it, and leaves the new task to others.
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
	started, err := r.client.startToRun(ctx, r.ID, workerID, lease)
	if err != nil {
		return err
	}
	// From here on there is an attempt, which whatever else goes wrong must not leave without an outcome.
	e := execution{client: r.client, attempt: started.Attempt(), lease: lease, options: options}
	if started.Incarnation != r.Incarnation {
		anew := createdAnew(r.ID)
		return joined(anew, e.reportError(ctx, anew, true))
	}
	refreshErr := r.refreshToShow(ctx, lease)
	switch {
	case isLoss(refreshErr):
		return refreshErr
	case started.Incarnation != r.Incarnation:
		return createdAnew(r.ID)
	}
	value, finished, err := e.run(ctx, function)
	if err != nil {
		return err
	}
	r.Status, r.ReturnValueJSON = finished.Status, value
	r.FinishedAt, r.ExpiresAt = finished.FinishedAt, finished.ExpiresAt
	if refreshErr == nil {
		r.Revision = finished.Revision
		return nil
	}
	r.StartedAt, r.LastAttemptedAt = finished.StartedAt, finished.LastAttemptedAt
	if r.Attempts == started.Attempts-1 {
		r.Attempts = started.Attempts
		r.WorkerIDs = append(slices.Clip(r.WorkerIDs), workerID)
	}
	// The revision stays the one of which all is known, so that a later Refresh gets what this one may not.
	_ = r.refreshToShow(ctx, lease)
	return nil
}

// refreshToShow gives up after a third of the lease, or the time of one call if that is shorter. Neither the function,
// nor whoever waits for its outcome, may have to wait for what is only shown.
func (r *TaskResult) refreshToShow(ctx context.Context, lease time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, min(lease/3, r.client.timeout))
	defer cancel()
	return r.Refresh(ctx)
}

func createdAnew(id string) *Error {
	return staleAttempt("task result %q has been created anew, maybe for another task", id)
}
