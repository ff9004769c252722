// Command generator calls a gRPC server as fast as a number of callers can, and says how long the calls took.
//
// It knows nothing of what it sends: requests come encoded, and answers are counted or handed back encoded. Its one
// argument is the server's address. Each job on its standard input is a line of JSON, the [job], followed by its requests;
// the answer to it on the standard output is a line of JSON, the [measured], followed by the answers, if they were asked for.
// Each request and answer is preceded by its length, four bytes, big-endian. It ends with its standard input.
package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

type job struct {
	// The full method, "/package.Service/Method".
	Method string `json:"method"`
	// Requests that follow.
	Requests int `json:"requests"`
	// One bidirectional stream that carries each request once, instead of unary calls.
	Stream bool `json:"stream"`
	// Of unary calls: how many at a time.
	Callers int `json:"callers"`
	// Of unary calls: for how long. They end earlier when the requests are used up, unless Repeat says to begin again.
	Seconds float64 `json:"seconds"`
	Repeat  bool    `json:"repeat"`
}

type measured struct {
	Calls   int     `json:"calls"`
	Seconds float64 `json:"seconds"`
	// Of unary calls.
	P50Ms float64 `json:"p50Ms"`
	P99Ms float64 `json:"p99Ms"`
	// Answers of a stream that follow.
	Answers int `json:"answers"`
}

func main() {
	if err := serve(os.Args[1], bufio.NewReaderSize(os.Stdin, 1<<20), bufio.NewWriter(os.Stdout)); err != nil {
		fmt.Fprintln(os.Stderr, "generator:", err)
		os.Exit(1)
	}
}

func serve(address string, in *bufio.Reader, out *bufio.Writer) error {
	connection, err := grpc.NewClient(address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(raw{}), grpc.MaxCallRecvMsgSize(math.MaxInt32)),
	)
	if err != nil {
		return err
	}
	defer connection.Close()
	for {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		var asked job
		if err := json.Unmarshal(line, &asked); err != nil {
			return err
		}
		requests, err := readMessages(in, asked.Requests)
		if err != nil {
			return err
		}
		var result measured
		var answers [][]byte
		if asked.Stream {
			result, answers, err = stream(connection, asked, requests)
		} else {
			result, err = unary(connection, asked, requests)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", asked.Method, err)
		}
		if err := json.NewEncoder(out).Encode(result); err != nil {
			return err
		}
		if err := writeMessages(out, answers); err != nil {
			return err
		}
	}
}

// unary has callers that each call one time after the other.
func unary(connection *grpc.ClientConn, asked job, requests [][]byte) (measured, error) {
	var next atomic.Int64
	var callers sync.WaitGroup
	times := make([][]time.Duration, asked.Callers)
	failures := make(chan error, asked.Callers)
	begin := time.Now()
	end := begin.Add(time.Duration(asked.Seconds * float64(time.Second)))
	for caller := range asked.Callers {
		callers.Go(func() {
			var answer []byte
			for now := begin; now.Before(end); {
				n := int(next.Add(1)) - 1
				if n >= len(requests) && !asked.Repeat {
					return
				}
				if err := connection.Invoke(context.Background(), asked.Method, requests[n%len(requests)], &answer); err != nil {
					failures <- err
					return
				}
				then := time.Now()
				times[caller] = append(times[caller], then.Sub(now))
				now = then
			}
		})
	}
	callers.Wait()
	took := time.Since(begin)
	close(failures)
	if err := <-failures; err != nil {
		return measured{}, err
	}
	all := slices.Concat(times...)
	if len(all) == 0 {
		return measured{}, errors.New("no call was made")
	}
	slices.Sort(all)
	at := func(part float64) float64 {
		return float64(all[min(len(all)-1, int(float64(len(all))*part))]) / float64(time.Millisecond)
	}
	return measured{Calls: len(all), Seconds: took.Seconds(), P50Ms: at(0.5), P99Ms: at(0.99)}, nil
}

// stream sends all requests over one stream and takes as many answers.
func stream(connection *grpc.ClientConn, asked job, requests [][]byte) (measured, [][]byte, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	begin := time.Now()
	call, err := connection.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, asked.Method)
	if err != nil {
		return measured{}, nil, err
	}
	go func() {
		for _, request := range requests {
			if call.SendMsg(request) != nil {
				return // RecvMsg says why
			}
		}
		_ = call.CloseSend()
	}()
	answers := make([][]byte, 0, len(requests))
	for {
		var answer []byte
		if err := call.RecvMsg(&answer); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return measured{}, nil, err
		}
		answers = append(answers, answer)
	}
	seconds := time.Since(begin).Seconds()
	return measured{Calls: len(requests), Seconds: seconds, Answers: len(answers)}, answers, nil
}

func readMessages(in io.Reader, count int) ([][]byte, error) {
	messages := make([][]byte, count)
	for n := range messages {
		var length uint32
		if err := binary.Read(in, binary.BigEndian, &length); err != nil {
			return nil, err
		}
		messages[n] = make([]byte, length)
		if _, err := io.ReadFull(in, messages[n]); err != nil {
			return nil, err
		}
	}
	return messages, nil
}

func writeMessages(out *bufio.Writer, messages [][]byte) error {
	for _, message := range messages {
		if err := binary.Write(out, binary.BigEndian, uint32(len(message))); err != nil {
			return err
		}
		if _, err := out.Write(message); err != nil {
			return err
		}
	}
	return out.Flush()
}

// raw is the codec of messages that are encoded already.
type raw struct{}

func (raw) Name() string { return "proto" }

func (raw) Marshal(message any) ([]byte, error) { return message.([]byte), nil }

func (raw) Unmarshal(data []byte, message any) error {
	*message.(*[]byte) = data
	return nil
}
