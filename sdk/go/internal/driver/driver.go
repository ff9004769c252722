package main

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync"

	taskresults "github.com/taskresults/taskresults/sdk/go"
)

type driver struct {
	mutex   sync.Mutex
	client  *taskresults.Client
	handles map[string]*taskresults.TaskResult
	watches map[string]*watch
	// started has the incarnation that the last start of each id returned.
	started map[string]int64
}

func newDriver() *driver {
	return &driver{
		handles: map[string]*taskresults.TaskResult{},
		watches: map[string]*watch{},
		started: map[string]int64{},
	}
}

func (d *driver) do(ctx context.Context, r *request) (any, error) {
	c := d.currentClient()
	switch r.Op {
	case "connect":
		return none, d.connect(r)
	case "create":
		spec, err := r.spec()
		if err != nil {
			return nil, err
		}
		return d.remember(c.Create(ctx, spec))
	case "create_unencodable":
		value := map[string]float64{"nan": math.NaN(), "infinity": math.Inf(1)}[r.What]
		return d.remember(c.Create(ctx, taskresults.TaskSpec{Path: "app.unencodable", Args: []any{value}}))
	case "get":
		return d.remember(c.Get(ctx, r.ID, &taskresults.GetOptions{TaskPath: r.Path, View: r.view()}))
	case "get_many":
		return getMany(ctx, c, r)
	case "list":
		return list(ctx, c, r)
	case "dump":
		return d.dump(r.ID)
	case "refresh":
		return d.refresh(ctx, r.ID)
	case "start":
		return d.start(ctx, r)
	case "renew":
		return stateOf(c.Renew(ctx, d.attempt(r), r.lease()))
	case "succeed":
		value, err := native(r.ValueJSON)
		if err != nil {
			return nil, err
		}
		return stateOf(c.Succeed(ctx, d.attempt(r), value))
	case "succeed_large":
		return stateOf(c.Succeed(ctx, d.attempt(r), strings.Repeat("x", r.Bytes)))
	case "fail":
		if r.Retry == true {
			return stateOf(c.Retry(ctx, d.attempt(r), r.Error.toError()))
		}
		return stateOf(c.Fail(ctx, d.attempt(r), r.Error.toError()))
	case "fail_task":
		return stateOf(c.FailTask(ctx, r.ID, r.Error.toError()))
	case "delete":
		options := &taskresults.DeleteOptions{
			Version:      taskresults.Version{Incarnation: r.Incarnation, Revision: r.Revision},
			AllowMissing: r.AllowMissing,
		}
		return none, c.Delete(ctx, r.ID, options)
	case "wait":
		return wait(ctx, c, r)
	case "watch":
		d.watch(ctx, r.ID)
		return none, nil
	case "watched":
		return d.watched(r)
	case "run":
		return d.run(ctx, r)
	default:
		return nil, fmt.Errorf("no such operation: %s", r.Op)
	}
}

func (d *driver) connect(r *request) error {
	d.close()
	client, err := taskresults.NewClient(r.Target, &taskresults.Options{Token: r.Token, Timeout: r.timeout()})
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.client = client
	return err
}

func (d *driver) close() {
	if client := d.currentClient(); client != nil {
		_ = client.Close()
	}
}

func (d *driver) currentClient() *taskresults.Client {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return d.client
}

func (d *driver) handle(id string) (*taskresults.TaskResult, error) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if result := d.handles[id]; result != nil {
		return result, nil
	}
	return nil, fmt.Errorf("nothing is remembered of %s", id)
}

func (d *driver) start(ctx context.Context, r *request) (any, error) {
	options := &taskresults.StartOptions{Lease: r.lease(), Force: r.Force, RequestID: r.RequestID}
	state, err := d.currentClient().Start(ctx, r.ID, r.WorkerID, options)
	if err == nil {
		d.mutex.Lock()
		defer d.mutex.Unlock()
		d.started[r.ID] = state.Incarnation
	}
	return stateOf(state, err)
}

// attempt is the one that a request names; with held, that of the incarnation which was started last.
func (d *driver) attempt(r *request) taskresults.Attempt {
	attempt := taskresults.Attempt{ID: r.ID, Number: r.Attempt}
	if r.Held {
		d.mutex.Lock()
		defer d.mutex.Unlock()
		attempt.Incarnation = d.started[r.ID]
	}
	return attempt
}

func (d *driver) dump(id string) (any, error) {
	result, err := d.handle(id)
	if err != nil {
		return nil, err
	}
	return handleOf(result), nil
}

func (d *driver) refresh(ctx context.Context, id string) (any, error) {
	result, err := d.handle(id)
	if err != nil {
		return nil, err
	}
	if err := result.Refresh(ctx); err != nil {
		return nil, err
	}
	return handleOf(result), nil
}

func (d *driver) remember(result *taskresults.TaskResult, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.handles[result.ID] = result
	return handleOf(result), nil
}

func getMany(ctx context.Context, c *taskresults.Client, r *request) (any, error) {
	found, missing, err := c.GetMany(ctx, r.IDs, taskresults.Full)
	if err != nil {
		return nil, err
	}
	handles := []handle{}
	for _, result := range found {
		handles = append(handles, handleOf(result))
	}
	return map[string]any{"found": handles, "missing": append([]string{}, missing...)}, nil
}

func list(ctx context.Context, c *taskresults.Client, r *request) (any, error) {
	query := taskresults.Query{
		Statuses:  r.Statuses,
		TaskPath:  r.Path,
		QueueName: r.QueueName,
		Backend:   r.Backend,
		WorkerID:  r.WorkerID,
		Metadata:  r.Metadata,
		PageSize:  r.PageSize,
	}
	ids := []string{}
	for result, err := range c.List(ctx, query) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, result.ID)
	}
	return map[string]any{"ids": ids}, nil
}

func stateOf(state *taskresults.State, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"attempt":     state.Attempts,
		"status":      state.Status,
		"incarnation": state.Incarnation,
		"revision":    state.Revision,
	}, nil
}

func wait(ctx context.Context, c *taskresults.Client, r *request) (any, error) {
	if r.TimeoutMS != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, r.timeout())
		defer cancel()
	}
	result, err := c.Wait(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	return handleOf(result), nil
}
