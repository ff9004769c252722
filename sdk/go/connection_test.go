package taskresults_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"

	taskresults "github.com/taskresults/taskresults/sdk/go"
	pb "github.com/taskresults/taskresults/sdk/go/gen/taskresults/v1"
)

func TestTokenGoesWithEveryCall(t *testing.T) {
	t.Setenv("TASKRESULTS_TOKEN", "secret")
	server := ownServer(t)
	allowed := clientOf(t, server, &taskresults.Options{Token: "secret"})
	result := must(allowed.Run(t.Context(), taskresults.TaskSpec{Path: "app.tasks.add"}, "worker-a", returning(3), nil))
	must(allowed.Wait(t.Context(), result.ID))

	refused := clientOf(t, server, &taskresults.Options{Token: "wrong"})
	_, getErr := refused.Get(t.Context(), result.ID, nil)
	_, waitErr := refused.Wait(t.Context(), result.ID)
	var watchErr error
	for _, watchErr = range refused.Watch(t.Context(), result.ID) {
	}
	for _, err := range []error{getErr, waitErr, watchErr} {
		if !errors.Is(err, taskresults.ErrUnauthenticated) {
			t.Errorf("the error is %v", err)
		}
	}
}

func TestATokenForReadingOnly(t *testing.T) {
	t.Setenv("TASKRESULTS_TOKEN", "secret")
	t.Setenv("TASKRESULTS_READ_TOKEN", "read")
	client := clientOf(t, ownServer(t), &taskresults.Options{Token: "read"})
	_, err := client.Create(t.Context(), taskresults.TaskSpec{Path: "app.tasks.add"})
	if !errors.Is(err, taskresults.ErrPermissionDenied) {
		t.Errorf("the error is %v", err)
	}
}

func TestTokensThatCannotBeSentAreRefusedAndNeverQuoted(t *testing.T) {
	for _, end := range []string{"\n", "\r\n", "\x00", "é", "\xff"} {
		_, err := taskresults.NewClient("127.0.0.1:1", &taskresults.Options{Token: "secret" + end})
		var failure *taskresults.Error
		if !errors.As(err, &failure) || failure.Reason != taskresults.ErrInvalidField ||
			!slices.Equal(failure.Fields, []string{"token"}) {
			t.Errorf("%q: the error is %v", end, err)
			continue
		}
		if told := fmt.Sprintf("%+v", failure); strings.Contains(told, "secret") || !strings.Contains(told, "token") {
			t.Errorf("%q: the error tells %s", end, told)
		}
	}
}

func TestTLS(t *testing.T) {
	// httptest has a certificate for 127.0.0.1.
	authority := httptest.NewUnstartedServer(nil)
	authority.StartTLS()
	defer authority.Close()
	listener := must(tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: authority.TLS.Certificates,
		NextProtos:   []string{"h2"},
	}))
	defer listener.Close()
	go forward(listener, shared.address)

	roots := x509.NewCertPool()
	roots.AddCert(authority.Certificate())
	address := listener.Addr().String()
	trusting := must(taskresults.NewClient(address, &taskresults.Options{TLS: &tls.Config{RootCAs: roots}}))
	defer trusting.Close()
	must(trusting.Create(t.Context(), taskresults.TaskSpec{Path: "app.tasks.add"}))

	options := &taskresults.Options{TLS: &tls.Config{}, Timeout: time.Second}
	other := must(taskresults.NewClient(address, options))
	defer other.Close()
	if _, err := other.Get(t.Context(), "mail-1", nil); !errors.Is(err, taskresults.ErrUnavailable) {
		t.Errorf("a certificate of nobody's was trusted: %v", err)
	}
}

// forward passes on what it takes from the listener, until that is closed.
func forward(listener net.Listener, address string) {
	for {
		near, err := listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", address)
		if err != nil {
			return
		}
		go func() {
			_, _ = io.Copy(far, near)
			_ = far.Close()
		}()
		go func() {
			_, _ = io.Copy(near, far)
			_ = near.Close()
		}()
	}
}

func TestConnServesTheGeneratedStubs(t *testing.T) {
	client := sharedClient(t)
	stub := pb.NewTaskResultServiceClient(client.Conn())
	if _, err := stub.ListTaskResults(t.Context(), &pb.ListTaskResultsRequest{PageSize: 1}); err != nil {
		t.Error(err)
	}
}

func TestAnIteratorThatBeginsAfterCloseOpensNothing(t *testing.T) {
	var opened atomic.Int64
	client := clientOf(t, shared, &taskresults.Options{DialOptions: []grpc.DialOption{streams(&opened)}})
	result := enqueued(t, client)
	ctx := t.Context()
	iterators := map[string]iter.Seq2[*taskresults.TaskResult, error]{
		"a watch":             client.Watch(ctx, result.ID),
		"a watch of a handle": result.Watch(ctx),
		"a list":              client.List(ctx, taskresults.Query{}),
	}
	_ = client.Close()
	for name, iterator := range iterators {
		var yielded []error
		for _, err := range iterator {
			yielded = append(yielded, err)
		}
		if len(yielded) != 1 || !errors.Is(yielded[0], taskresults.ErrClosed) || opened.Load() != 0 {
			t.Errorf("%s opened %d streams, and yielded %v", name, opened.Load(), yielded)
		}
	}
}

func TestCloseEndsWhatIsUnderWayAndLeavesNothingRunning(t *testing.T) {
	before := runtime.NumGoroutine()
	client := must(taskresults.NewClient(shared.address, nil))
	id := enqueued(t, client).ID
	var watching atomic.Bool
	ended := make(chan error)
	go func() {
		_, err := client.Wait(context.Background(), id)
		ended <- err
	}()
	go func() {
		var last error
		for _, last = range client.Watch(context.Background(), id) {
			watching.Store(true)
		}
		ended <- last
	}()
	until(t, "the watch is open", watching.Load)
	if err := errors.Join(client.Close(), client.Close()); err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := <-ended; !errors.Is(err, taskresults.ErrClosed) || !errors.Is(err, taskresults.ErrCancelled) {
			t.Errorf("the error is %v", err)
		}
	}
	if _, err := client.Get(t.Context(), id, nil); !errors.Is(err, taskresults.ErrClosed) {
		t.Errorf("the error is %v", err)
	}
	until(t, "nothing is running", func() bool { return runtime.NumGoroutine() <= before })
}
