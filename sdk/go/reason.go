package taskresults

// Reason says why a call failed. A Reason is itself an error, made for errors.Is:
//
//	if errors.Is(err, taskresults.ErrDoesNotExist) { … }
type Reason string

// What the id, the move, the input or the service gave reason for.
const (
	// ErrDoesNotExist: no result has this id (any more).
	ErrDoesNotExist Reason = "TASK_RESULT_DOES_NOT_EXIST"
	// ErrMismatch: the id belongs to another task than expected.
	ErrMismatch Reason = "TASK_RESULT_MISMATCH"
	// ErrExists: a result was created before under this id, with other content.
	ErrExists Reason = "TASK_RESULT_EXISTS"

	// ErrStaleAttempt: another attempt has been started since, or the result has been created anew.
	ErrStaleAttempt Reason = "STALE_ATTEMPT"
	// ErrAttemptInProgress: another attempt is running, and its lease has not run out.
	ErrAttemptInProgress Reason = "ATTEMPT_IN_PROGRESS"
	// ErrIllegalTransition: the result cannot go from its state to the one asked for.
	ErrIllegalTransition Reason = "ILLEGAL_TRANSITION"
	// ErrRevisionMismatch: the result to delete has another version.
	ErrRevisionMismatch Reason = "REVISION_MISMATCH"

	// ErrInvalidField: a field breaks its rule; Error.Fields names it.
	ErrInvalidField Reason = "INVALID_FIELD"
	// ErrPayloadTooLarge: JSON or metadata is over its limit; Error.Fields names it.
	ErrPayloadTooLarge Reason = "PAYLOAD_TOO_LARGE"
	// ErrNotEncodable: a value cannot be JSON, or not without losing something, such as an error in it. Nothing was sent.
	ErrNotEncodable Reason = "NOT_ENCODABLE"
	// ErrNotDecodable: JSON that encoding/json cannot read, or not into the variable that was given. The text itself can
	// be had.
	ErrNotDecodable Reason = "NOT_DECODABLE"

	// ErrLimitReached: too many watches or watched ids, or the server's queue of writes is full.
	ErrLimitReached Reason = "LIMIT_REACHED"
	// ErrStoreUnavailable: the server cannot reach its database.
	ErrStoreUnavailable Reason = "STORE_UNAVAILABLE"
	// ErrShuttingDown: the server is stopping.
	ErrShuttingDown Reason = "SHUTTING_DOWN"
	// ErrUnauthenticated: the server asks for a token and got none, or an unknown one.
	ErrUnauthenticated Reason = "UNAUTHENTICATED"
	// ErrPermissionDenied: the token is good for reading only.
	ErrPermissionDenied Reason = "PERMISSION_DENIED"
	// ErrInternal: a bug of the server, or a broken connection.
	ErrInternal Reason = "INTERNAL"

	// ErrTaskFailed: there is no return value, for the task failed.
	ErrTaskFailed Reason = "TASK_FAILED"
	// ErrTaskNotFinished: there is no return value yet.
	ErrTaskNotFinished Reason = "TASK_NOT_FINISHED"
	// ErrWaitTimedOut: the deadline of Wait's context came before the result was finished.
	ErrWaitTimedOut Reason = "WAIT_TIMED_OUT"

	// ErrUnavailable: the server was out of reach until the deadline of the call, however often it was repeated.
	ErrUnavailable Reason = "UNAVAILABLE"
	// ErrDeadlineExceeded: the deadline came before an answer.
	ErrDeadlineExceeded Reason = "DEADLINE_EXCEEDED"
	// ErrCancelled: the context, or the client, was ended before an answer.
	ErrCancelled Reason = "CANCELLED"
)

func (r Reason) Error() string {
	return string(r)
}
