package taskresults

import (
	"context"

	pb "github.com/taskresults/taskresults/sdk/go/gen/taskresults/v1"
)

// maxIDs is how many ids the server takes in one call.
const maxIDs = 1000

// GetOptions of Get.
type GetOptions struct {
	// TaskPath is the task that the result must belong to; else Get fails with ErrMismatch. Empty: any.
	TaskPath string
	// View is how much to read. The default is Full.
	View View
}

// Get reads a result. It fails with ErrDoesNotExist when no result has this id. Options may be nil.
func (c *Client) Get(ctx context.Context, id string, options *GetOptions) (*TaskResult, error) {
	if options == nil {
		options = &GetOptions{}
	}
	request := &pb.GetTaskResultRequest{Id: id, ExpectedTaskPath: options.TaskPath, View: options.View.toProto()}
	response, err := call(ctx, c, c.results.GetTaskResult, request)
	if err != nil {
		return nil, err
	}
	return c.newTaskResult(response.GetTaskResult()), nil
}

// GetMany reads any number of results: those found, and the ids that no result has, both in the order asked. An id that
// occurs twice is returned once, at its first place. It makes one call for each 1,000 ids or 3 MiB.
func (c *Client) GetMany(
	ctx context.Context, ids []string, view View,
) (found []*TaskResult, missing []string, err error) {
	answers := make(map[string]*TaskResult, len(ids))
	pending := ids
	for len(pending) > 0 {
		size := min(maxIDs, len(pending))
		batch, rest := pending[:size], pending[size:]
		request := &pb.BatchGetTaskResultsRequest{Ids: batch, View: view.toProto()}
		response, err := call(ctx, c, c.results.BatchGetTaskResults, request)
		if err != nil {
			return nil, nil, err
		}
		for _, result := range response.GetTaskResults() {
			answers[result.GetId()] = c.newTaskResult(result)
		}
		pending = append(response.GetDeferredIds(), rest...)
	}
	asked := make(map[string]bool, len(ids))
	for _, id := range ids {
		if asked[id] {
			continue
		}
		asked[id] = true
		if result := answers[id]; result != nil {
			found = append(found, result)
		} else {
			missing = append(missing, id)
		}
	}
	return found, missing, nil
}
