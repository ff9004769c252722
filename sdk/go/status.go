package taskresults

import (
	"strings"

	pb "github.com/taskresults/taskresults/sdk/go/gen/taskresults/v1"
)

// Status is where a task stands.
type Status string

const (
	// Ready: enqueued, or waiting for another attempt after a failed one.
	Ready Status = "READY"
	// Running: a worker has started an attempt and has not finished it.
	Running Status = "RUNNING"
	// Failed: finished; the last attempt failed, or the task could not be started at all.
	Failed Status = "FAILED"
	// Successful: finished; the last attempt returned a value.
	Successful Status = "SUCCESSFUL"
)

// IsFinished says that nothing can change any more: Failed or Successful.
func (s Status) IsFinished() bool {
	return s == Failed || s == Successful
}

const statusPrefix = "TASK_RESULT_STATUS_"

func statusOf(status pb.TaskResultStatus) Status {
	return Status(strings.TrimPrefix(status.String(), statusPrefix))
}

// toProto makes what is no status the unspecified one, which the server refuses.
func (s Status) toProto() pb.TaskResultStatus {
	return pb.TaskResultStatus(pb.TaskResultStatus_value[statusPrefix+string(s)])
}
