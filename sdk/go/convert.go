package taskresults

import (
	"encoding/json"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/taskresults/taskresults/sdk/go/gen/taskresults/v1"
)

func (c *Client) newTaskResult(from *pb.TaskResult) *TaskResult {
	result := &TaskResult{
		ID:          from.GetId(),
		Task:        taskOf(from.GetTask()),
		ArgsJSON:    rawOf(from.GetArgsJson()),
		KwargsJSON:  rawOf(from.GetKwargsJson()),
		Backend:     from.GetBackend(),
		MaxAttempts: int(from.GetAttemptPolicy().GetMaxAttempts()),
		EnqueuedAt:  timeOf(from.GetEnqueuedAt()),
		client:      c,
	}
	result.take(from)
	return result
}

// take takes over what can change within one incarnation.
func (r *TaskResult) take(from *pb.TaskResult) {
	r.Status = statusOf(from.GetStatus())
	r.StartedAt = timeOf(from.GetStartedAt())
	r.LastAttemptedAt = timeOf(from.GetLastAttemptedAt())
	r.FinishedAt = timeOf(from.GetFinishedAt())
	r.ExpiresAt = timeOf(from.GetExpiresAt())
	r.Attempts = int(from.GetAttempts())
	r.ErrorCount = int(from.GetErrorCount())
	r.Errors = make([]*TaskError, len(from.GetErrors()))
	for i, taskError := range from.GetErrors() {
		r.Errors[i] = taskErrorOf(taskError)
	}
	r.WorkerIDs = from.GetWorkerIds()
	r.ReturnValueJSON = rawOf(from.GetReturnValueJson())
	r.Metadata = from.GetMetadata()
	r.Incarnation = from.GetIncarnation()
	r.Revision = from.GetRevision()
}

func taskOf(from *pb.Task) Task {
	return Task{
		Path:         from.GetPath(),
		Priority:     int(from.GetPriority()),
		QueueName:    from.GetQueueName(),
		RunAfter:     timeOf(from.GetRunAfter()),
		TakesContext: from.GetTakesContext(),
	}
}

// rawOf is nil for what is absent: JSON is never empty.
func rawOf(text string) json.RawMessage {
	if text == "" {
		return nil
	}
	return json.RawMessage(text)
}

// timeOf is zero for what has not happened.
func timeOf(from *timestamppb.Timestamp) time.Time {
	if from == nil {
		return time.Time{}
	}
	return from.AsTime()
}
