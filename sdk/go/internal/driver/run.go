package main

import (
	"context"
	"errors"
	"math"
	"strings"
	"time"

	taskresults "github.com/taskresults/taskresults/sdk/go"
)

func (d *driver) run(ctx context.Context, r *request) (any, error) {
	spec, err := r.spec()
	if err != nil {
		return nil, err
	}
	options := &taskresults.RunOptions{Lease: r.lease(), Retry: r.retry()}
	return d.remember(d.currentClient().Run(ctx, spec, r.WorkerID, r.function, options))
}

// retry is the choice of errors that are worth another attempt; nil for none.
func (r *request) retry() func(error) bool {
	switch r.Retry {
	case true:
		return func(error) bool { return true }
	case "raises":
		return func(error) bool { panic("no choice") }
	default:
		return nil
	}
}

// function takes its time, unless its attempt is lost, and returns what the request says.
func (r *request) function(ctx context.Context) (any, error) {
	select {
	case <-time.After(time.Duration(r.ForMS) * time.Millisecond):
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	switch {
	case r.Raises != nil:
		return nil, errors.New(*r.Raises)
	case r.RaisesBytes > 0:
		return nil, errors.New(strings.Repeat("x", r.RaisesBytes))
	case r.ReturnsNaN:
		return math.NaN(), nil
	case r.ReturnsBytes > 0:
		return strings.Repeat("x", r.ReturnsBytes), nil
	default:
		return native(r.ReturnsJSON)
	}
}
