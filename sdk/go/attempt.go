package taskresults

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// attempt is one under way in this process.
type attempt struct {
	client *Client
	id     string
	number int
}

// call calls the function, and holds the lease for as long as it takes.
func (a attempt) call(ctx context.Context, function Function, lease time.Duration) (value any, err error) {
	working, lose := context.WithCancelCause(ctx)
	defer lose(nil)
	// The function may need time to end after its context has.
	holding, letGo := context.WithCancel(context.WithoutCancel(ctx))
	var holder sync.WaitGroup
	holder.Add(1)
	go func() {
		defer holder.Done()
		a.hold(holding, lease, lose)
	}()
	defer holder.Wait()
	defer letGo()

	returned := false
	defer func() {
		if returned {
			return
		}
		thrown := recover()
		// What goes on up the stack leaves no room for an error of the report.
		_ = a.fail(ctx, unwound(thrown))
		if thrown != nil {
			panic(thrown)
		}
	}()
	value, err = function(working)
	returned = true
	return value, err
}

// hold renews the lease at a third of its time until ctx ends, or the attempt is lost.
func (a attempt) hold(ctx context.Context, lease time.Duration, lose context.CancelCauseFunc) {
	ticker := time.NewTicker(lease / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		_, err := a.client.Renew(ctx, a.id, a.number, lease)
		if isLoss(err) {
			lose(err)
			return
		}
		// Whatever else went wrong may pass. If it does not, the end of the attempt will tell.
	}
}

// fail reports an error, also after ctx has ended, and returns it together with why it could not be reported.
func (a attempt) fail(ctx context.Context, err error) error {
	if _, reportErr := a.client.Fail(context.WithoutCancel(ctx), a.id, a.number, err); reportErr != nil {
		return errors.Join(reportErr, err)
	}
	return err
}

func isLoss(err error) bool {
	return errors.Is(err, ErrStaleAttempt) || errors.Is(err, ErrIllegalTransition) || errors.Is(err, ErrDoesNotExist)
}

// unwound is what is kept of a function that did not return: it panicked with what was thrown, or ended its goroutine.
func unwound(thrown any) *TaskError {
	taskError := &TaskError{ExceptionClassPath: "panic", Message: fmt.Sprint(thrown), Traceback: string(debug.Stack())}
	switch thrown.(type) {
	case nil:
		taskError.ExceptionClassPath = "runtime.Goexit"
		taskError.Message = "the function ended its goroutine"
	case error:
		taskError.ExceptionClassPath = fmt.Sprintf("%T", thrown)
	}
	return taskError
}
