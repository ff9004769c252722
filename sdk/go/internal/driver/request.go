package main

import (
	"bytes"
	"encoding/json"
	"time"

	taskresults "github.com/taskresults/taskresults/sdk/go"
)

// timeLayout is UTC with six digits of a second.
const timeLayout = "2006-01-02T15:04:05.000000Z"

// request has the members of all operations.
type request struct {
	N  int64
	Op string

	Target, Token string

	ID           string
	Path         string
	Priority     int
	QueueName    string `json:"queue_name"`
	RunAfter     string `json:"run_after"`
	TakesContext bool   `json:"takes_context"`
	ArgsJSON     string `json:"args_json"`
	KwargsJSON   string `json:"kwargs_json"`
	Backend      string
	Metadata     map[string]string
	MaxAttempts  int `json:"max_attempts"`
	What         string

	IDs      []string
	View     string
	Statuses []taskresults.Status
	PageSize int `json:"page_size"`

	WorkerID     string `json:"worker_id"`
	Attempt      int
	LeaseMS      int64 `json:"lease_ms"`
	Force        bool
	ValueJSON    string `json:"value_json"`
	Bytes        int
	Error        *taskError
	Retry        any    // true, or what a predicate does
	RequestID    string `json:"request_id"`
	Held         bool
	Incarnation  int64
	Revision     int64
	AllowMissing bool `json:"allow_missing"`

	TimeoutMS *int64 `json:"timeout_ms"`
	Until     json.RawMessage

	ForMS        int64   `json:"for_ms"`
	ReturnsJSON  string  `json:"returns_json"`
	ReturnsBytes int     `json:"returns_bytes"`
	ReturnsNaN   bool    `json:"returns_nan"`
	Raises       *string `json:"raises"`
	RaisesBytes  int     `json:"raises_bytes"`
}

type taskError struct {
	ExceptionClassPath string  `json:"exception_class_path"`
	Message            string  `json:"message"`
	Traceback          string  `json:"traceback"`
	Attempt            int     `json:"attempt"`
	WorkerID           string  `json:"worker_id"`
	RaisedAt           *string `json:"raised_at"`
}

// toError is nil when none was given.
func (e *taskError) toError() error {
	if e == nil {
		return nil
	}
	return &taskresults.TaskError{
		ExceptionClassPath: e.ExceptionClassPath,
		Message:            e.Message,
		Traceback:          e.Traceback,
	}
}

func (r *request) lease() time.Duration {
	return time.Duration(r.LeaseMS) * time.Millisecond
}

// timeout is 0 when none was given.
func (r *request) timeout() time.Duration {
	if r.TimeoutMS == nil {
		return 0
	}
	return time.Duration(*r.TimeoutMS) * time.Millisecond
}

func (r *request) view() taskresults.View {
	if r.View == "BASIC" {
		return taskresults.Basic
	}
	return taskresults.DefaultView
}

func (r *request) spec() (taskresults.TaskSpec, error) {
	spec := taskresults.TaskSpec{
		ID:           r.ID,
		Path:         r.Path,
		Priority:     r.Priority,
		QueueName:    r.QueueName,
		TakesContext: r.TakesContext,
		Backend:      r.Backend,
		Metadata:     r.Metadata,
		MaxAttempts:  r.MaxAttempts,
	}
	var err error
	if r.RunAfter != "" {
		if spec.RunAfter, err = time.Parse(time.RFC3339Nano, r.RunAfter); err != nil {
			return spec, err
		}
	}
	if spec.Args, err = native(r.ArgsJSON); err != nil {
		return spec, err
	}
	spec.Kwargs, err = native(r.KwargsJSON)
	return spec, err
}

// native makes from JSON what a program would give to the SDK. It is nil when there is no JSON.
func native(text string) (any, error) {
	if text == "" {
		return nil, nil
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	return value, err
}
