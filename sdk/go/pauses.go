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
	last        time.Duration
	lastAtLimit time.Duration
}

// next is the pause after a failure, or after a stream that ended without one (nil). It is at least as long as the
// server asks for.
func (p *pauses) next(failure *Error) time.Duration {
	switch {
	case failure == nil:
		return grown(&p.last, minPause, maxPause)
	case tellsLimit(failure):
		return max(grown(&p.lastAtLimit, minPauseAtLimit, maxPauseAtLimit), failure.retryDelay)
	default:
		return max(grown(&p.last, minPause, maxPause), failure.retryDelay)
	}
}

// grown makes the last pause twice as long, within its bounds, and gives a random part of it, at least half.
func grown(last *time.Duration, shortest, longest time.Duration) time.Duration {
	length := min(max(2*(*last), shortest), longest)
	*last = length
	return length/2 + rand.N(length/2)
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
