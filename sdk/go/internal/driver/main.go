// Driver plays the conformance scenarios on this SDK: see sdk/conformance/README.md.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"log"
	"os"
	"sync"

	taskresults "github.com/taskresults/taskresults/sdk/go"
)

// maxLineBytes is larger than any JSON that the server takes.
const maxLineBytes = 16 << 20

type answer struct {
	N     int64   `json:"n"`
	OK    any     `json:"ok,omitempty"`
	Error *raised `json:"error,omitempty"`
}

type raised struct {
	Reason  taskresults.Reason `json:"reason"`
	Message string             `json:"message"`
}

// none is the answer to an operation that returns nothing.
var none = struct{}{}

func main() {
	d := newDriver()
	answers := make(chan answer)
	written := make(chan struct{})
	go func() {
		defer close(written)
		encoder := json.NewEncoder(os.Stdout)
		for a := range answers {
			if err := encoder.Encode(a); err != nil {
				log.Fatal(err)
			}
		}
	}()

	var underWay sync.WaitGroup
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, maxLineBytes)
	for lines.Scan() {
		var r request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			log.Fatal(err)
		}
		underWay.Add(1)
		go func() {
			defer underWay.Done()
			ok, err := d.do(context.Background(), &r)
			answers <- answerOf(r.N, ok, err)
		}()
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
	d.close()
	underWay.Wait()
	close(answers)
	<-written
}

func answerOf(n int64, ok any, err error) answer {
	var failure *taskresults.Error
	switch {
	case errors.As(err, &failure):
		return answer{N: n, Error: &raised{failure.Reason, failure.Message}}
	case err != nil:
		return answer{N: n, Error: &raised{"RAISED", err.Error()}}
	default:
		return answer{N: n, OK: ok}
	}
}
