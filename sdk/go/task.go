package taskresults

import (
	"math"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/taskresults/taskresults/sdk/go/gen/taskresults/v1"
)

// defaultName is what the contract calls a queue or a backend that was given no name.
const defaultName = "default"

// defaultMaxAttempts is how many attempts a result may have whose creator did not say.
const defaultMaxAttempts = 100

// Task is what was asked for. It never changes.
type Task struct {
	// Path is the identity of the task, usually where its code is found: "app.tasks.send_mail".
	Path string
	// Priority is -100 to 100, higher is more urgent. The service stores it; it does not schedule.
	Priority int
	// QueueName is the name of the queue.
	QueueName string
	// RunAfter is the time before which the task must not run, exact to the microsecond. Zero: it may run at once.
	RunAfter time.Time
	// TakesContext says that the task takes its own TaskResult as its first argument.
	TakesContext bool
}

// TaskSpec is a task to be enqueued. Only Path must be given.
type TaskSpec struct {
	// ID is 1 to 64 characters, opaque and case-sensitive. Empty: the SDK makes a UUIDv7.
	ID string
	// Path is the identity of the task, 1 to 255 characters, usually where its code is found: "app.tasks.send_mail".
	Path string
	// Priority is -100 to 100, higher is more urgent. The service stores it; it does not schedule.
	Priority int
	// QueueName is the name of the queue, up to 255 characters. Empty: "default".
	QueueName string
	// RunAfter is the time before which the task must not run, between the years 1970 and 2255. Digits finer than
	// microseconds are cut. Zero: it may run at once.
	RunAfter time.Time
	// TakesContext says that the task takes its own TaskResult as its first argument.
	TakesContext bool
	// Args are the positional arguments: anything that encoding/json makes an array of, or a json.RawMessage, which is
	// kept byte for byte. Nil: none.
	Args any
	// Kwargs are the keyword arguments: anything that encoding/json makes an object of, such as a map or a struct, or a
	// json.RawMessage, which is kept byte for byte. Nil: none.
	Kwargs any
	// Backend names the task backend of the caller, up to 255 characters. Empty: "default".
	Backend string
	// Metadata are labels to find results by: up to 32, names of 1 to 63 characters, values of up to 255.
	Metadata map[string]string
	// MaxAttempts is how many attempts may be made, up to 1,000. The failure or loss of the last one is final. 0: 100.
	MaxAttempts int
}

// request checks and completes what can be checked and completed without the server.
func (s TaskSpec) request() (*pb.CreateTaskResultRequest, error) {
	args, err := encodeArguments("args", s.Args, "[]")
	if err != nil {
		return nil, err
	}
	kwargs, err := encodeArguments("kwargs", s.Kwargs, "{}")
	if err != nil {
		return nil, err
	}
	id := s.ID
	if id == "" {
		// With an id of its own, a repeated call makes no second result.
		id = uuid.Must(uuid.NewV7()).String()
	}
	task := &pb.Task{
		Path:         s.Path,
		Priority:     toInt32(s.Priority),
		QueueName:    orDefaultName(s.QueueName),
		TakesContext: s.TakesContext,
	}
	if !s.RunAfter.IsZero() {
		task.RunAfter = timestamppb.New(s.RunAfter.Truncate(time.Microsecond))
	}
	request := &pb.CreateTaskResultRequest{
		Id:         id,
		Task:       task,
		ArgsJson:   args,
		KwargsJson: kwargs,
		Backend:    orDefaultName(s.Backend),
		Metadata:   s.Metadata,
	}
	if s.MaxAttempts != 0 {
		request.AttemptPolicy = &pb.AttemptPolicy{MaxAttempts: toInt32(s.MaxAttempts)}
	}
	return request, nil
}

func encodeArguments(what string, value any, none string) (string, error) {
	text, err := encode(what, value)
	if text == null {
		text = none
	}
	return text, err
}

func orDefaultName(name string) string {
	if name == "" {
		return defaultName
	}
	return name
}

// toInt32 leaves it to the server to refuse what is beyond the field's range, rather than wrap around into it.
func toInt32(n int) int32 {
	return int32(max(math.MinInt32, min(n, math.MaxInt32)))
}
