package taskresults

// Attempt names one attempt in the calls of the worker that has started it. State.Attempt gives it.
type Attempt struct {
	// ID of the result.
	ID string
	// Incarnation of the result. With it, an attempt of a deleted result is never mistaken for one of a result that was
	// created anew under the same id. 0: whichever result has the id, which is safe only where ids are never used again.
	Incarnation int64
	// Number of the attempt, counted from 1.
	Number int
}
