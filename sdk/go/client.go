package taskresults

import (
	"context"
	"crypto/tls"
	"errors"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	pb "github.com/taskresults/taskresults/sdk/go/gen/taskresults/v1"
)

const (
	defaultTimeout   = 10 * time.Second
	defaultHeartbeat = 15 * time.Second
	minHeartbeat     = time.Second
	maxHeartbeat     = 60 * time.Second

	// A whole result may be larger than the 4 MiB that gRPC takes by default.
	maxReceivedBytes = 64 << 20
)

// ErrClosed is wrapped by the errors of calls, waits and watches that Close has ended.
var ErrClosed = errors.New("the client is closed")

// Options of NewClient. The zero value, or nil, fits a server on this machine.
type Options struct {
	// Token is sent with every call as "authorization: Bearer …". Empty: none is sent.
	Token string
	// TLS encrypts the connection; &tls.Config{} trusts what the system trusts. Nil: plain text.
	TLS *tls.Config
	// NoProxy calls the server directly, whatever HTTPS_PROXY names. Without it, loopback and what NO_PROXY lists still
	// are.
	NoProxy bool
	// Timeout bounds each call, retries included, whose context has no deadline; above 24 days it is 24 days. 0: 10 s.
	Timeout time.Duration
	// Heartbeat is how long a watch may be silent before the server sends a heartbeat, 1 s to 60 s. A stream that is
	// silent for three times as long counts as dead and is opened again. 0: 15 s.
	Heartbeat time.Duration
	// DialOptions are added to those of the SDK: interceptors, a stats handler, another size limit.
	DialOptions []grpc.DialOption
}

// Client speaks to one taskresults service over one connection, which is made at the first call and made anew when it
// is lost. It is safe for use by several goroutines. Close it when it is no longer needed.
type Client struct {
	connection *grpc.ClientConn
	results    pb.TaskResultServiceClient
	lifecycle  pb.TaskLifecycleServiceClient
	timeout    time.Duration
	heartbeat  time.Duration
	life       context.Context
	end        context.CancelFunc
}

// NewClient makes a client for the service at target, for example "127.0.0.1:50051" or any other name that gRPC
// resolves. It does not connect yet, so a server that is out of reach shows at the first call.
func NewClient(target string, options *Options) (*Client, error) {
	if options == nil {
		options = &Options{}
	}
	timeout := orDefault(options.Timeout, defaultTimeout)
	if timeout < 0 {
		return nil, invalid("timeout", "must not be negative")
	}
	heartbeat := orDefault(options.Heartbeat, defaultHeartbeat)
	if heartbeat < minHeartbeat || heartbeat > maxHeartbeat {
		return nil, invalid("heartbeat", "must be 1 s to 60 s")
	}
	transport := insecure.NewCredentials()
	if options.TLS != nil {
		transport = credentials.NewTLS(options.TLS)
	}
	dialOptions := []grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		// The SDK repeats calls itself, until their deadline; gRPC's own retries end after five attempts.
		grpc.WithDisableRetry(),
		grpc.WithDisableServiceConfig(),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxReceivedBytes)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 20 * time.Second, Timeout: 10 * time.Second}),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: minPause, Multiplier: 1.6, Jitter: 0.2, MaxDelay: maxPause},
			MinConnectTimeout: defaultTimeout,
		}),
	}
	if options.NoProxy {
		dialOptions = append(dialOptions, grpc.WithNoProxy())
	}
	if token := bearer(options.Token); !token.canBeSent() {
		return nil, invalid("token", "must be printable ASCII")
	} else if token != "" {
		dialOptions = append(dialOptions, grpc.WithPerRPCCredentials(token))
	}
	connection, err := grpc.NewClient(target, append(dialOptions, options.DialOptions...)...)
	if err != nil {
		return nil, invalid("target", err.Error())
	}
	life, end := context.WithCancel(context.Background())
	return &Client{
		connection: connection,
		results:    pb.NewTaskResultServiceClient(connection),
		lifecycle:  pb.NewTaskLifecycleServiceClient(connection),
		timeout:    min(timeout, maxTimeout),
		heartbeat:  heartbeat,
		life:       life,
		end:        end,
	}, nil
}

// Close ends the calls, waits and watches under way, whose errors then wrap ErrClosed, and closes the connection. A
// closed client cannot be used again; closing it again does nothing.
func (c *Client) Close() error {
	if c.life.Err() != nil {
		return nil
	}
	c.end()
	return c.connection.Close()
}

// Conn is the client's connection, for the generated stubs: whatever the contract offers beyond this package, such as
// RecordTransitions or a watch by filter.
func (c *Client) Conn() grpc.ClientConnInterface {
	return c.connection
}

// within derives a context that ends with the client, too.
func (c *Client) within(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(c.life, func() { cancel(ErrClosed) })
	if c.life.Err() != nil {
		cancel(ErrClosed)
	}
	return ctx, func() {
		stop()
		cancel(nil)
	}
}

func orDefault(value, otherwise time.Duration) time.Duration {
	if value == 0 {
		return otherwise
	}
	return value
}
