package taskresults

import (
	"testing"
	"time"
)

func TestPausesGrowWithJitter(t *testing.T) {
	away := &Error{Reason: ErrUnavailable}
	full := &Error{Reason: ErrLimitReached}
	asking := &Error{Reason: ErrLimitReached, retryDelay: 30 * time.Second}
	var p pauses
	for i, expected := range []struct {
		failure *Error
		longest time.Duration
	}{
		{away, 100 * time.Millisecond},
		{nil, 200 * time.Millisecond},
		{away, 400 * time.Millisecond},
		{full, time.Second},
		{full, 2 * time.Second},
		{full, 4 * time.Second},
		{full, 8 * time.Second},
		{full, 10 * time.Second},
		{full, 10 * time.Second},
		{away, 800 * time.Millisecond},
		{nil, 1600 * time.Millisecond},
		{away, 2 * time.Second},
		{away, 2 * time.Second},
	} {
		pause := p.next(expected.failure)
		if pause < expected.longest/2 || pause > expected.longest {
			t.Errorf("pause %d is %v, not up to %v", i, pause, expected.longest)
		}
	}
	if pause := p.next(asking); pause != 30*time.Second {
		t.Errorf("the pause that was asked for is %v", pause)
	}
}
