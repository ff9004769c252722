package main

import (
	"encoding/json"
	"errors"
	"time"

	taskresults "github.com/taskresults/taskresults/sdk/go"
)

type handle struct {
	ID              string             `json:"id"`
	Status          taskresults.Status `json:"status"`
	Backend         string             `json:"backend"`
	Incarnation     int64              `json:"incarnation"`
	Revision        int64              `json:"revision"`
	Metadata        map[string]string  `json:"metadata"`
	Task            task               `json:"task"`
	EnqueuedAt      *string            `json:"enqueued_at"`
	StartedAt       *string            `json:"started_at"`
	LastAttemptedAt *string            `json:"last_attempted_at"`
	FinishedAt      *string            `json:"finished_at"`
	ExpiresAt       *string            `json:"expires_at"`
	ArgsJSON        *string            `json:"args_json"`
	KwargsJSON      *string            `json:"kwargs_json"`
	Stored          stored             `json:"stored"`
	Errors          []taskError        `json:"errors"`
	WorkerIDs       []string           `json:"worker_ids"`
	IsFinished      bool               `json:"is_finished"`
	Attempts        int                `json:"attempts"`
	ErrorCount      int                `json:"error_count"`
	MaxAttempts     int                `json:"max_attempts"`
	ReturnValue     any                `json:"return_value"`
}

type task struct {
	Path         string  `json:"path"`
	Priority     int     `json:"priority"`
	QueueName    string  `json:"queue_name"`
	RunAfter     *string `json:"run_after"`
	TakesContext bool    `json:"takes_context"`
}

type stored struct {
	ArgsJSON        *string `json:"args_json"`
	KwargsJSON      *string `json:"kwargs_json"`
	ReturnValueJSON *string `json:"return_value_json"`
}

func handleOf(r *taskresults.TaskResult) handle {
	h := handle{
		ID:          r.ID,
		Status:      r.Status,
		Backend:     r.Backend,
		Incarnation: r.Incarnation,
		Revision:    r.Revision,
		Metadata:    map[string]string{},
		Task: task{
			Path:         r.Task.Path,
			Priority:     r.Task.Priority,
			QueueName:    r.Task.QueueName,
			RunAfter:     timeText(r.Task.RunAfter),
			TakesContext: r.Task.TakesContext,
		},
		EnqueuedAt:      timeText(r.EnqueuedAt),
		StartedAt:       timeText(r.StartedAt),
		LastAttemptedAt: timeText(r.LastAttemptedAt),
		FinishedAt:      timeText(r.FinishedAt),
		ExpiresAt:       timeText(r.ExpiresAt),
		Stored:          stored{storedText(r.ArgsJSON), storedText(r.KwargsJSON), storedText(r.ReturnValueJSON)},
		Errors:          []taskError{},
		WorkerIDs:       append([]string{}, r.WorkerIDs...),
		IsFinished:      r.IsFinished(),
		Attempts:        r.Attempts,
		ErrorCount:      r.ErrorCount,
		MaxAttempts:     r.MaxAttempts,
	}
	for name, value := range r.Metadata {
		h.Metadata[name] = value
	}
	for _, e := range r.Errors {
		h.Errors = append(h.Errors, taskError{
			e.ExceptionClassPath, e.Message, e.Traceback, e.Attempt, e.WorkerID, timeText(e.RaisedAt),
		})
	}
	// Args and Kwargs fail where there are none to decode.
	h.ArgsJSON, _ = decoded(r.Args)
	h.KwargsJSON, _ = decoded(r.Kwargs)
	h.ReturnValue = returnValue(r)
	return h
}

func returnValue(r *taskresults.TaskResult) any {
	text, err := decoded(r.ReturnValue)
	var failure *taskresults.Error
	if errors.As(err, &failure) {
		return map[string]raised{"error": {failure.Reason, failure.Message}}
	}
	return map[string]*string{"value_json": text}
}

// decoded is the JSON of what the SDK decoded.
func decoded(decode func(any) error) (*string, error) {
	var value any
	if err := decode(&value); err != nil {
		return nil, err
	}
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return storedText(text), nil
}

func storedText(text json.RawMessage) *string {
	if text == nil {
		return nil
	}
	s := string(text)
	return &s
}

func timeText(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := t.UTC().Format(timeLayout)
	return &s
}
