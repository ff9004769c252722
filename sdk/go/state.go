package taskresults

import (
	"time"

	pb "github.com/taskresults/taskresults/sdk/go/gen/taskresults/v1"
)

// State is what a call of a worker returns: the part of a TaskResult whose size does not grow with the number of
// attempts. Times are UTC, exact to the microsecond, and zero until they have happened.
type State struct {
	// ID of the result.
	ID string
	// Status is where it stands.
	Status Status
	// Incarnation and Revision of the result.
	Incarnation, Revision int64
	// Attempts started so far. While Running, this is also the number of the running one.
	Attempts int
	// EnqueuedAt, StartedAt, LastAttemptedAt, FinishedAt and ExpiresAt are those of the TaskResult.
	EnqueuedAt, StartedAt, LastAttemptedAt, FinishedAt, ExpiresAt time.Time
	// LeaseExpiresAt is when another worker may take over the running attempt. Zero: not Running, or without a lease.
	LeaseExpiresAt time.Time
}

// Version is the incarnation and the revision together.
func (s *State) Version() Version {
	return Version{s.Incarnation, s.Revision}
}

// Attempt is the newest attempt, for the calls of the worker that has started it.
func (s *State) Attempt() Attempt {
	return Attempt{ID: s.ID, Incarnation: s.Incarnation, Number: s.Attempts}
}

func stateOf(from *pb.TaskResultState) *State {
	return &State{
		ID:              from.GetId(),
		Status:          statusOf(from.GetStatus()),
		Incarnation:     from.GetIncarnation(),
		Revision:        from.GetRevision(),
		Attempts:        int(from.GetAttempts()),
		EnqueuedAt:      timeOf(from.GetEnqueuedAt()),
		StartedAt:       timeOf(from.GetStartedAt()),
		LastAttemptedAt: timeOf(from.GetLastAttemptedAt()),
		FinishedAt:      timeOf(from.GetFinishedAt()),
		ExpiresAt:       timeOf(from.GetExpiresAt()),
		LeaseExpiresAt:  timeOf(from.GetLeaseExpiresAt()),
	}
}
