package taskresults

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// errorDomain is that of the reasons in google.rpc.ErrorInfo that are the contract's own.
const errorDomain = "taskresults.v1"

// Error is every failure of this package, for errors.As. For one of a certain reason, errors.Is with its Reason is
// enough.
//
// It wraps its cause, if that is an error of Go: a context's error and its cause, ErrClosed, or an error of
// encoding/json.
type Error struct {
	// Reason is the contract's. Where an answer carries none, it is the name of Code, such as "UNAVAILABLE".
	Reason Reason
	// Code is the status of the call, or what fits best where nothing was sent.
	Code codes.Code
	// Message is a text for people.
	Message string
	// Fields at fault, named as in the contract ("task.path"); with ErrInvalidField and ErrPayloadTooLarge.
	Fields []string

	cause error
	// isFromService says that the answer carried a reason of the contract, so that no proxy and no library gave it.
	isFromService bool
	// retryDelay is the pause that the answer asked for.
	retryDelay time.Duration
}

func (e *Error) Error() string {
	return fmt.Sprintf("taskresults: %s (%s)", e.Message, e.Reason)
}

// Is makes errors.Is compare reasons.
func (e *Error) Is(target error) bool {
	reason, ok := target.(Reason)
	return ok && reason == e.Reason
}

func (e *Error) Unwrap() error {
	return e.cause
}

// GRPCStatus makes status.Code and status.FromError see the status of the call.
func (e *Error) GRPCStatus() *status.Status {
	return status.New(e.Code, e.Message)
}

// failureOf makes a stub's error into what it means to the caller with this context.
func (c *Client) failureOf(ctx context.Context, err error) *Error {
	answer := status.Convert(err)
	if deadline, ok := ctx.Deadline(); ok && answer.Code() == codes.DeadlineExceeded && time.Until(deadline) < late {
		// The server's clock may be a little ahead.
		<-ctx.Done()
	}
	failure := &Error{Reason: nameOf(answer.Code()), Code: answer.Code(), Message: answer.Message()}
	for _, detail := range answer.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			if detail.GetDomain() == errorDomain {
				failure.Reason = Reason(detail.GetReason())
				failure.isFromService = true
			}
		case *errdetails.BadRequest:
			for _, violation := range detail.GetFieldViolations() {
				failure.Fields = append(failure.Fields, violation.GetField())
			}
		case *errdetails.RetryInfo:
			failure.retryDelay = detail.GetRetryDelay().AsDuration()
		}
	}
	if failure.Code == codes.Canceled || failure.Code == codes.DeadlineExceeded {
		switch {
		case ctx.Err() != nil:
			failure.cause = endOf(ctx)
			failure.Message = textOf(context.Cause(ctx))
		case c.life.Err() != nil:
			failure.cause = ErrClosed
			failure.Message = textOf(ErrClosed)
		}
	}
	return failure
}

// ended is the failure of what a context ended between two calls.
func ended(ctx context.Context) *Error {
	code := codes.Canceled
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		code = codes.DeadlineExceeded
	}
	return &Error{Reason: nameOf(code), Code: code, Message: textOf(context.Cause(ctx)), cause: endOf(ctx)}
}

// endedAfter is the failure of what a context ended after a failed try. The failed try says more than the deadline.
func endedAfter(ctx context.Context, failure *Error) *Error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ended(ctx)
	}
	failure.cause = endOf(ctx)
	return failure
}

// endOf is what ended a context: its error, together with the cause that it was given, if any. What Close has ended is
// no end of the caller's context.
func endOf(ctx context.Context) error {
	cause := context.Cause(ctx)
	if cause == ErrClosed || errors.Is(cause, ctx.Err()) {
		return cause
	}
	return errors.Join(ctx.Err(), cause)
}

func staleAttempt(format string, args ...any) *Error {
	return &Error{Reason: ErrStaleAttempt, Code: codes.FailedPrecondition, Message: fmt.Sprintf(format, args...)}
}

func invalid(field, rule string) *Error {
	return &Error{
		Reason:  ErrInvalidField,
		Code:    codes.InvalidArgument,
		Message: field + ": " + rule,
		Fields:  []string{field},
	}
}

// nameOf gives a code the name that it has in every language.
func nameOf(c codes.Code) Reason {
	return Reason(code.Code_name[int32(c)])
}
