package taskresults

import (
	"time"

	pb "github.com/taskresults/taskresults/sdk/go/gen/taskresults/v1"
)

// TaskError is what is kept of one failed attempt. It is an error itself: given to Fail, or returned from a function
// that Run calls, it is kept as it stands, where any other error is described by its type, its text and the errors it
// wraps, up to 100 of them. A text that is longer than what is kept ends with a line that says how much was cut.
type TaskError struct {
	// ExceptionClassPath is the class of what was raised: "builtins.ValueError", "*net.OpError". At most 1,000 characters
	// are kept. Empty: "*taskresults.TaskError".
	ExceptionClassPath string
	// Message is the error's own text. At most 64 KiB are kept.
	Message string
	// Traceback is in the worker's own format, and empty in the Basic view. At most 256 KiB are kept, unless the server is
	// set otherwise.
	Traceback string

	// Attempt that failed, counted from 1; 0: before any attempt. Set by the server.
	Attempt int
	// WorkerID of that attempt, empty before any attempt. Set by the server.
	WorkerID string
	// RaisedAt is when the server learned of it, to the microsecond. Set by the server.
	RaisedAt time.Time
}

func (e *TaskError) Error() string {
	return e.ExceptionClassPath + ": " + e.Message
}

func taskErrorOf(from *pb.TaskError) *TaskError {
	return &TaskError{
		ExceptionClassPath: from.GetExceptionClassPath(),
		Message:            from.GetMessage(),
		Traceback:          from.GetTraceback(),
		Attempt:            int(from.GetAttempt()),
		WorkerID:           from.GetWorkerId(),
		RaisedAt:           timeOf(from.GetRaisedAt()),
	}
}
