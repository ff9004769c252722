package taskresults

import (
	"errors"
	"regexp"

	"google.golang.org/grpc/codes"
)

// maxBugs is how many bugs of the server in a row end a wait or a watch.
const maxBugs = 3

// isWorthRepeating reports whether a call that failed so is to be made again: see "What is worth another try" in
// sdk/README.md. Anything else, such as bad credentials, would only happen again.
func isWorthRepeating(failure *Error) bool {
	switch failure.Code {
	case codes.Unavailable:
		return true
	case codes.ResourceExhausted:
		return tellsLimit(failure)
	case codes.Internal, codes.Unknown:
		return !failure.isFromService
	case codes.Canceled:
		// What neither the caller nor Close has cancelled was cut off on the way.
		return failure.cause == nil
	default:
		return false
	}
}

// calm is how the gRPC libraries say that a stream was reset with ENHANCE_YOUR_CALM: they have no reason for it.
var calm = regexp.MustCompile(`(?i)\bENHANCE_YOUR_CALM\b|\bRST_STREAM with error code 11\b|\bbandwidth exhausted\b`)

// tellsLimit tells that the server, or the link to it, has as much to do as it can.
func tellsLimit(failure *Error) bool {
	return failure.Reason == ErrLimitReached ||
		failure.Code == codes.ResourceExhausted && calm.MatchString(failure.Message)
}

// streamRule is the same rule for a wait or a watch, which outlives bugs of the server unless many come in a row.
type streamRule struct {
	bugs int
}

func (r *streamRule) isWorthReopening(failure *Error) bool {
	if failure.Code != codes.Internal || !failure.isFromService {
		return isWorthRepeating(failure)
	}
	r.bugs++
	return r.bugs < maxBugs
}

// reset counts bugs anew, since the server has sent something.
func (r *streamRule) reset() {
	r.bugs = 0
}

// isWorthReportingAgain reports whether the report of an outcome may be taken a moment later: after all that was said
// on the way, by a server or a proxy, and is about neither the report nor the attempt.
func isWorthReportingAgain(failure *Error) bool {
	return !isLoss(failure) && !isAboutValue(failure)
}

// isLoss reports whether the attempt is no longer this worker's.
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

// isAboutValue reports whether what was sent was refused, and would be refused again.
func isAboutValue(refusal *Error) bool {
	return refusal.Reason == ErrInvalidField || refusal.Reason == ErrNotEncodable || isTooLarge(refusal)
}

// tooLarge is how the gRPC libraries say that a message is larger than either side allows: they have no reason for it,
// and busy servers and proxies that limit rates answer with the same code.
var tooLarge = regexp.MustCompile(`(?i)\b(message|size) larger than\b|\bexceeds maximum size\b`)

// isTooLarge reports whether something was too large for the server, or for the transport, which refuses it itself.
func isTooLarge(err error) bool {
	var refusal *Error
	return errors.As(err, &refusal) && (refusal.Reason == ErrPayloadTooLarge ||
		refusal.Code == codes.ResourceExhausted && tooLarge.MatchString(refusal.Message))
}
