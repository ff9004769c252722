package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	taskresults "github.com/taskresults/taskresults/sdk/go"
)

const (
	finished = "finished"
	maxWatch = 30 * time.Second
)

// watch collects what a watch yields.
type watch struct {
	mutex     sync.Mutex
	changed   chan struct{}
	Revisions []int64 `json:"revisions"`
	End       *string `json:"end"`
	Last      *handle `json:"last"`
}

func (d *driver) watch(ctx context.Context, id string) {
	w := &watch{changed: make(chan struct{}), Revisions: []int64{}}
	client := d.currentClient()
	d.mutex.Lock()
	d.watches[id] = w
	d.mutex.Unlock()
	go func() {
		end := finished
		for result, err := range client.Watch(ctx, id) {
			if err != nil {
				end = reasonOf(err)
				break
			}
			w.update(func() {
				last := handleOf(result)
				w.Revisions, w.Last = append(w.Revisions, result.Revision), &last
			})
		}
		w.update(func() { w.End = &end })
	}()
}

func reasonOf(err error) string {
	var failure *taskresults.Error
	if errors.As(err, &failure) {
		return string(failure.Reason)
	}
	return err.Error()
}

func (w *watch) update(change func()) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	change()
	close(w.changed)
	w.changed = make(chan struct{})
}

// watched returns what was collected, once that is what was asked for, or once it has taken too long.
func (d *driver) watched(r *request) (any, error) {
	d.mutex.Lock()
	w := d.watches[r.ID]
	d.mutex.Unlock()
	if w == nil {
		return nil, fmt.Errorf("no watch of %s", r.ID)
	}
	late := time.After(maxWatch)
	for {
		w.mutex.Lock()
		changed := w.changed
		state := map[string]any{"revisions": w.Revisions, "end": w.End, "last": w.Last}
		reached := w.hasReached(string(r.Until))
		w.mutex.Unlock()
		if reached {
			return state, nil
		}
		select {
		case <-changed:
		case <-late:
			return state, nil
		}
	}
}

// hasReached takes a revision, or "finished" or "ended" in quotes.
func (w *watch) hasReached(until string) bool {
	revision, err := strconv.ParseInt(until, 10, 64)
	if err != nil {
		return w.End != nil
	}
	return len(w.Revisions) > 0 && w.Revisions[len(w.Revisions)-1] >= revision
}
