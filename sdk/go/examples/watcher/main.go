// Watcher asks for primes to be counted, and watches until that is done. The worker example does it.
//
//	go run ./examples/watcher
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	taskresults "github.com/taskresults/taskresults/sdk/go"
)

func main() {
	address := os.Getenv("TASKRESULTS_SERVER")
	if address == "" {
		address = "127.0.0.1:50051"
	}
	client, err := taskresults.NewClient(address, &taskresults.Options{Token: os.Getenv("TASKRESULTS_TOKEN")})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	if err := enqueueAndWatch(context.Background(), client); err != nil {
		log.Fatal(err)
	}
}

func enqueueAndWatch(ctx context.Context, client *taskresults.Client) error {
	var ids []string
	// The last one fails.
	for _, below := range []int{1_000, 1_000_000, -1} {
		result, err := client.Create(ctx, taskresults.TaskSpec{Path: "app.tasks.count_primes", Args: []int{below}})
		if err != nil {
			return err
		}
		ids = append(ids, result.ID)
	}
	for result, err := range client.Watch(ctx, ids...) {
		if err != nil {
			return err
		}
		if err := show(result); err != nil {
			return err
		}
	}
	return nil
}

func show(result *taskresults.TaskResult) error {
	var count int
	err := result.ReturnValue(&count)
	switch {
	case errors.Is(err, taskresults.ErrTaskNotFinished):
		fmt.Printf("%s of %s: %s\n", result.Task.Path, result.ArgsJSON, result.Status)
	case errors.Is(err, taskresults.ErrTaskFailed):
		fmt.Printf("%s of %s: %s, %s\n", result.Task.Path, result.ArgsJSON, result.Status, result.Errors[0].Message)
	case err != nil:
		return err
	default:
		fmt.Printf("%s of %s: %s, %d\n", result.Task.Path, result.ArgsJSON, result.Status, count)
	}
	return nil
}
