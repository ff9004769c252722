package taskresults

import (
	"errors"
	"regexp"

	"google.golang.org/grpc/codes"
)

const (
	// maxBugsOfCall is how many bugs of the server in a row end a call.
	maxBugsOfCall = 1
	// maxBugsOfWatch is how many bugs of the server in a row end a wait or a watch.
	maxBugsOfWatch = 3
)

// retryRule decides after which failures a call is made again, a wait goes on, or a watch is opened again. Each of them
// has its own. The table in sdk/README.md is the same in all languages.
type retryRule struct {
	maxBugs int
	// bugs counts those of the server since the last answer.
	bugs int
}

// isWorthRepeating tells a failure that may pass from one that would only happen again, such as bad credentials. It is
// asked once about each, since it counts bugs.
func (r *retryRule) isWorthRepeating(failure *Error) bool {
	switch failure.Code {
	case codes.Unavailable:
		return true
	case codes.ResourceExhausted:
		return failure.Reason == ErrLimitReached
	case codes.Canceled:
		// What neither the caller nor Close has cancelled was cut off on the way.
		return failure.cause == nil
	case codes.Unknown:
		return !failure.isFromService
	case codes.Internal:
		if failure.isFromService {
			r.bugs++
		}
		return r.bugs < r.maxBugs
	default:
		return false
	}
}

// answered counts bugs anew.
func (r *retryRule) answered() {
	r.bugs = 0
}

// isWorthReportingAgain tells whether the report of an outcome may be taken a moment later: after all that was said on
// the way, by a server or a proxy, and is about neither the report nor the attempt.
func isWorthReportingAgain(failure *Error) bool {
	return !isLoss(failure) && !isAboutValue(failure)
}

// isLoss tells that an attempt is no longer this worker's.
func isLoss(err error) bool {
	var refusal *Error
	if !errors.As(err, &refusal) {
		return false
	}
	switch refusal.Reason {
	case ErrStaleAttempt, ErrIllegalTransition, ErrDoesNotExist:
		return true
	default:
		return false
	}
}

// isAboutValue tells a refusal of what was sent, which would be refused again.
func isAboutValue(refusal *Error) bool {
	return refusal.Reason == ErrInvalidField || refusal.Reason == ErrNotEncodable || isTooLarge(refusal)
}

// tooLarge is how the gRPC libraries say that a message is larger than either side allows: they have no reason for it,
// and busy servers and proxies that limit rates answer with the same code.
var tooLarge = regexp.MustCompile(`(?i)\b(message|size) larger than\b|\bexceeds maximum size\b`)

// isTooLarge also tells a message that is too large for the transport, which refuses it itself.
func isTooLarge(err error) bool {
	var refusal *Error
	return errors.As(err, &refusal) && (refusal.Reason == ErrPayloadTooLarge ||
		refusal.Code == codes.ResourceExhausted && tooLarge.MatchString(refusal.Message))
}
