// Package taskresults is a client of the taskresults service. It says what became of background tasks, and reports it.
//
// Client has the calls: Create, Start, Renew, Succeed, Fail, Retry, FailTask and Delete for whoever enqueues and runs
// tasks, or Run, which makes them in their order; Get, GetMany, List, Wait and Watch for whoever wants to know.
// TaskResult is what is read: plain data that stays as it is until it is refreshed.
//
// # Deadlines and repetitions
//
// A call whose context has no deadline gets one, 10 s unless Options.Timeout says otherwise; no call takes longer than
// 24 days. Until its deadline a call is repeated, after growing pauses, while the server is out of reach or full, or
// the link fails; the service sees to it that a call made twice counts once. Only a Delete that does not allow the
// result to be missing is not repeated. Wait and Watch go on through the same until their context ends, and give up
// when the server has answered ErrInternal three times in a row. Run repeats its report for as long as the lease.
//
// # Errors
//
// Every error of a call is an *Error, and errors.Is compares its Reason:
//
//	result, err := client.Get(ctx, id, nil)
//	if errors.Is(err, taskresults.ErrDoesNotExist) {
//		…
//	}
//
// # JSON
//
// Values are encoded and decoded by encoding/json. Integers of any size stay exact: into an interface they are decoded
// as json.Number. Where a text must be kept byte for byte, give a json.RawMessage, and read TaskResult.ArgsJSON,
// KwargsJSON and ReturnValueJSON. Text that is not UTF-8 is mended with U+FFFD, as encoding/json does.
//
// What cannot be JSON is refused with ErrNotEncodable before anything is sent: what encoding/json refuses, more than
// the 10,000 levels that it reads, and an error as a return value, which would be kept as {}. Deeper JSON of other
// languages is there as text.
package taskresults
