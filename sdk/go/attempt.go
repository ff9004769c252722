package taskresults

// Attempt names one attempt in the calls of the worker that has started it. State.Attempt gives it.
type Attempt struct {
	// ID of the result.
	ID string
	// Incarnation of the result: with it, an attempt of a result that was deleted is never taken for one of the result
	// that was created anew under its id. 0: whichever result has the id, which is safe only for ids that are never used
	// again.
	Incarnation int64
	// Number of the attempt, counted from 1.
	Number int
}
