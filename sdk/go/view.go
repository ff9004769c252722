package taskresults

import pb "github.com/taskresults/taskresults/sdk/go/gen/taskresults/v1"

// View is how much of a result is read.
type View int

const (
	// Full is everything.
	Full View = iota
	// Basic is everything but arguments, return value and tracebacks.
	Basic
)

func (v View) toProto() pb.TaskResultView {
	if v == Basic {
		return pb.TaskResultView_TASK_RESULT_VIEW_BASIC
	}
	return pb.TaskResultView_TASK_RESULT_VIEW_FULL
}
