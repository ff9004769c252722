package taskresults

import (
	"fmt"
	"strings"
	"time"

	pb "github.com/taskresults/taskresults/sdk/go/gen/taskresults/v1"
)

// TaskError is what is kept of one failed attempt. It is an error itself: given to Fail, or returned from a function
// that Run calls, it is kept as it stands, where any other error is described by its type, its text and the errors it
// wraps.
type TaskError struct {
	// ExceptionClassPath is the class of what was raised: "builtins.ValueError", "*net.OpError". At most 1,000 characters
	// are kept.
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

// mostTextBytes is more than the server keeps of a text, unless it is set otherwise, and less than it takes in one
// message.
const mostTextBytes = 2 << 20

// describe makes of an error what is kept of it.
func describe(err error) *pb.TaskError {
	described, ok := err.(*TaskError)
	if !ok {
		described = &TaskError{ExceptionClassPath: fmt.Sprintf("%T", err), Message: err.Error(), Traceback: chain(err, "")}
	}
	return &pb.TaskError{
		ExceptionClassPath: mended(described.ExceptionClassPath),
		Message:            mended(described.Message),
		Traceback:          mended(described.Traceback),
	}
}

// chain is a line for each error that err is made of, those that one wraps below it.
func chain(err error, indent string) string {
	lines := fmt.Sprintf("%s%T: %s\n", indent, err, err)
	switch wrapper := err.(type) {
	case interface{ Unwrap() error }:
		if wrapped := wrapper.Unwrap(); wrapped != nil {
			lines += chain(wrapped, indent+"  ")
		}
	case interface{ Unwrap() []error }:
		for _, wrapped := range wrapper.Unwrap() {
			lines += chain(wrapped, indent+"  ")
		}
	}
	return lines
}

// mended is text that can be sent, since a failure must not get lost: UTF-8, and not endless.
func mended(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), mostTextBytes)], "\uFFFD")
}
