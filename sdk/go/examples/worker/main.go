// Worker counts primes: it looks for results of app.tasks.count_primes that are READY, and runs them until it is
// interrupted. The watcher example makes some.
//
//	go run ./examples/worker
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	taskresults "github.com/taskresults/taskresults/sdk/go"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	client, err := taskresults.NewClient(server(), &taskresults.Options{Token: os.Getenv("TASKRESULTS_TOKEN")})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	if err := work(ctx, client); err != nil && !errors.Is(err, context.Canceled) {
		log.Fatal(err)
	}
}

func server() string {
	if address := os.Getenv("TASKRESULTS_SERVER"); address != "" {
		return address
	}
	return "127.0.0.1:50051"
}

func work(ctx context.Context, client *taskresults.Client) error {
	// A different one for each process: it distinguishes this worker's calls from those of others.
	workerID := fmt.Sprintf("worker-%d", os.Getpid())
	waiting := taskresults.Query{
		TaskPath: "app.tasks.count_primes",
		Statuses: []taskresults.Status{taskresults.Ready},
		View:     taskresults.Full, // with the arguments
	}
	for {
		for result, err := range client.List(ctx, waiting) {
			if err != nil {
				return err
			}
			run(ctx, result, workerID)
		}
		// Nothing is waiting. A real worker would be woken by its queue.
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func run(ctx context.Context, result *taskresults.TaskResult, workerID string) {
	err := result.Run(ctx, workerID, func(ctx context.Context) (any, error) {
		var args []int
		if err := result.Args(&args); err != nil {
			return nil, err
		}
		if len(args) != 1 || args[0] < 0 {
			return nil, fmt.Errorf("one number that is not negative is wanted, not %v", args)
		}
		return countPrimes(ctx, args[0])
	}, nil)
	switch {
	case errors.Is(err, taskresults.ErrAttemptInProgress), errors.Is(err, taskresults.ErrIllegalTransition):
		// Another worker was faster.
	case err != nil:
		fmt.Printf("%s  %v\n", result.ID, err)
	default:
		fmt.Printf("%s  %s\n", result.ID, result.ReturnValueJSON)
	}
}

func countPrimes(ctx context.Context, below int) (int, error) {
	count := 0
	for n := 2; n < below; n++ {
		// The attempt may be lost, or the worker interrupted.
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		if isPrime(n) {
			count++
		}
	}
	return count, nil
}

func isPrime(n int) bool {
	for divisor := 2; divisor*divisor <= n; divisor++ {
		if n%divisor == 0 {
			return false
		}
	}
	return true
}
