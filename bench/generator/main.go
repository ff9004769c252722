// Command generator calls a gRPC server, as fast as a number of callers can or at a fixed rate, and says how long the calls
// took.
//
// It knows nothing of what it sends: requests come encoded, and answers are returned encoded. Its one argument is the
// server's address. Each job on its standard input is a line of JSON, the [job], followed by its requests; the answer to it on
// the standard output is a line of JSON, the [measured], followed by the answers, if they were asked for. Each request is
// preceded by its length, each answer by the number of its request and by its length: four bytes each, big-endian. It ends with
// its standard input.
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
	// For unary calls in a closed loop: how many callers. Each sends its next call once the last one is answered.
	Callers int `json:"callers"`
	// For unary calls in an open loop: how many calls begin in a second, however long they take. 0: a closed loop.
	Rate float64 `json:"rate"`
	// For unary calls: how long they go on. They end earlier when the requests are used up, unless Repeat is set.
	Seconds float64 `json:"seconds"`
	Repeat  bool    `json:"repeat"`
	// For unary calls: answers are returned, from the first one on, as long as they have no more bytes than this together.
	KeepBytes int `json:"keepBytes"`
}

type measured struct {
	Calls   int     `json:"calls"`
	Seconds float64 `json:"seconds"`
	// For unary calls. In an open loop they count from the moment at which the call was due.
	P50Ms float64 `json:"p50Ms"`
	P99Ms float64 `json:"p99Ms"`
	// Answers that follow: all of a stream, and those of unary calls that were kept.
	Answers int `json:"answers"`
}

// answer to the request of this number.
type answer struct {
	request int
	message []byte
}

// kept are answers, as long as there is room for them.
type kept struct {
	mutex   sync.Mutex
	room    int
	answers []answer
}

func (k *kept) add(request int, message []byte) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	if k.room -= len(message); k.room >= 0 {
		k.answers = append(k.answers, answer{request, message})
	}
}

// maxInFlight calls of an open loop: a server that has more of them does not keep up with the rate.
const maxInFlight = 10_000

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
		var answers []answer
		switch {
		case asked.Stream:
			result, answers, err = stream(connection, asked, requests)
		case asked.Rate > 0:
			result, answers, err = openLoop(connection, asked, requests)
		default:
			result, answers, err = closedLoop(connection, asked, requests)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", asked.Method, err)
		}
		result.Answers = len(answers)
		if err := json.NewEncoder(out).Encode(result); err != nil {
			return err
		}
		if err := writeAnswers(out, answers); err != nil {
			return err
		}
	}
}

// closedLoop has callers that each call one time after the other.
func closedLoop(connection *grpc.ClientConn, asked job, requests [][]byte) (measured, []answer, error) {
	answers := kept{room: asked.KeepBytes}
	var next atomic.Int64
	var callers sync.WaitGroup
	times := make([][]time.Duration, asked.Callers)
	failures := make(chan error, asked.Callers)
	begin := time.Now()
	end := begin.Add(time.Duration(asked.Seconds * float64(time.Second)))
	for caller := range asked.Callers {
		callers.Go(func() {
			for now := begin; now.Before(end); {
				n := int(next.Add(1)) - 1
				if n >= len(requests) && !asked.Repeat {
					return
				}
				n %= len(requests)
				var message []byte
				if err := connection.Invoke(context.Background(), asked.Method, requests[n], &message); err != nil {
					failures <- err
					return
				}
				then := time.Now()
				times[caller] = append(times[caller], then.Sub(now))
				now = then
				answers.add(n, message)
			}
		})
	}
	callers.Wait()
	took := time.Since(begin)
	close(failures)
	if err := <-failures; err != nil {
		return measured{}, nil, err
	}
	result, err := summary(slices.Concat(times...), took)
	return result, answers.answers, err
}

// openLoop begins calls at a fixed rate, and measures each from the moment at which it was due: a call that has to wait
// because others are slow counts that wait, and so does one that this program begins too late.
func openLoop(connection *grpc.ClientConn, asked job, requests [][]byte) (measured, []answer, error) {
	answers := kept{room: asked.KeepBytes}
	count := int(asked.Rate * asked.Seconds)
	if !asked.Repeat {
		count = min(count, len(requests))
	}
	interval := time.Duration(float64(time.Second) / asked.Rate)
	times := make([]time.Duration, count)
	failures := make(chan error, count)
	var inFlight atomic.Int64
	var calls sync.WaitGroup
	begin := time.Now()
	for n := range count {
		due := begin.Add(time.Duration(n) * interval)
		time.Sleep(time.Until(due))
		if inFlight.Add(1) > maxInFlight {
			return measured{}, nil, fmt.Errorf("%d calls in flight: the server does not keep up", maxInFlight)
		}
		calls.Go(func() {
			defer inFlight.Add(-1)
			request := n % len(requests)
			var message []byte
			if err := connection.Invoke(context.Background(), asked.Method, requests[request], &message); err != nil {
				failures <- err
				return
			}
			times[n] = time.Since(due)
			answers.add(request, message)
		})
	}
	calls.Wait()
	took := time.Since(begin)
	close(failures)
	if err := <-failures; err != nil {
		return measured{}, nil, err
	}
	result, err := summary(times, took)
	return result, answers.answers, err
}

func summary(times []time.Duration, took time.Duration) (measured, error) {
	if len(times) == 0 {
		return measured{}, errors.New("no call was made")
	}
	slices.Sort(times)
	at := func(part float64) float64 {
		return float64(times[min(len(times)-1, int(float64(len(times))*part))]) / float64(time.Millisecond)
	}
	return measured{Calls: len(times), Seconds: took.Seconds(), P50Ms: at(0.5), P99Ms: at(0.99)}, nil
}

// stream sends all requests over one stream and takes as many answers.
func stream(connection *grpc.ClientConn, asked job, requests [][]byte) (measured, []answer, error) {
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
	answers := make([]answer, 0, len(requests))
	for {
		var message []byte
		if err := call.RecvMsg(&message); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return measured{}, nil, err
		}
		answers = append(answers, answer{len(answers), message})
	}
	return measured{Calls: len(requests), Seconds: time.Since(begin).Seconds()}, answers, nil
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

func writeAnswers(out *bufio.Writer, answers []answer) error {
	for _, one := range answers {
		head := [2]uint32{uint32(one.request), uint32(len(one.message))}
		if err := binary.Write(out, binary.BigEndian, head); err != nil {
			return err
		}
		if _, err := out.Write(one.message); err != nil {
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
