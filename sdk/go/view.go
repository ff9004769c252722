package taskresults

import pb "github.com/taskresults/taskresults/sdk/go/gen/taskresults/v1"

// View is how much of a result is read.
type View int

const (
	// DefaultView is Full for results that are named by id, and Basic for lists.
	DefaultView View = iota
	// Full is everything. In a list, a result that is larger than 4 MiB comes in the Basic view even so.
	Full
	// Basic is everything but arguments and return value. Of errors and worker ids it has only the newest, without its
	// traceback and what is long in its message.
	Basic
)

func (v View) toProto() pb.TaskResultView {
	switch v {
	case Full:
		return pb.TaskResultView_TASK_RESULT_VIEW_FULL
	case Basic:
		return pb.TaskResultView_TASK_RESULT_VIEW_BASIC
	default:
		return pb.TaskResultView_TASK_RESULT_VIEW_UNSPECIFIED
	}
}
