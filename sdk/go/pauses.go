package taskresults

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	minPause = 100 * time.Millisecond
	maxPause = 2 * time.Second
	// A server that is full needs more time than one that is away.
	minPauseAtLimit = time.Second
	maxPauseAtLimit = 10 * time.Second
)

// pauses between tries, growing, with jitter so that many clients of one server do not come back all at once. The zero
// value begins with the shortest.
type pauses struct {
	last time.Duration
}

// next is the pause after a failure, or after a stream that ended without one (nil): twice the last one, and at least
// as long as the server asks for.
func (p *pauses) next(failure *Error) time.Duration {
	shortest, longest, asked := minPause, maxPause, time.Duration(0)
	if failure != nil {
		asked = failure.retryDelay
		if failure.Reason == ErrLimitReached {
			shortest, longest = minPauseAtLimit, maxPauseAtLimit
		}
	}
	p.last = min(max(2*p.last, shortest), longest)
	return max(p.last/2+rand.N(p.last/2), asked)
}

// sleep reports whether ctx is still good after the pause. It returns early when ctx ends.
func sleep(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
