package taskresults

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	firstPause   = 100 * time.Millisecond
	longestPause = 2 * time.Second
)

// pauses between attempts, growing, with jitter so that many clients of one server do not come back all at once. The
// zero value begins with the shortest.
type pauses struct {
	next time.Duration
}

// pause waits for the next pause, or as long as the server asked for if that is longer, and reports whether ctx is
// still good.
func (p *pauses) pause(ctx context.Context, asked time.Duration) bool {
	p.next = min(max(2*p.next, firstPause), longestPause)
	length := max(p.next, asked)
	timer := time.NewTimer(length + rand.N(length/2))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
