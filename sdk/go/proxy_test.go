package taskresults_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	taskresults "github.com/taskresults/taskresults/sdk/go"
)

// A test calls from a process of its own, since Go reads once which proxies the environment names. It is told by these.
const (
	proxied  = "PROXIED_TARGET"
	directly = "PROXIED_DIRECTLY"
)

// callOnce is that process. Whether the call succeeds does not matter.
func callOnce(target string) int {
	client := must(taskresults.NewClient(target, &taskresults.Options{
		NoProxy: os.Getenv(directly) != "",
		Timeout: 5 * time.Second,
	}))
	defer client.Close()
	_, _ = client.Get(context.Background(), "x", nil)
	return 0
}

func TestWhatIsCalledThroughAProxy(t *testing.T) {
	const away = "tasks.invalid:50051"
	for name, test := range map[string]struct {
		target, environment string
		isAsked             bool
	}{
		"a server elsewhere": {away, "NO_PROXY=", true},
		"loopback":           {shared.address, "NO_PROXY=", false},
		"localhost":          {"localhost:1", "NO_PROXY=", false},
		"listed":             {away, "NO_PROXY=.invalid", false},
		"turned off":         {away, directly + "=yes", false},
	} {
		t.Run(name, func(t *testing.T) {
			var mutex sync.Mutex
			var asked []string
			proxy := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
				mutex.Lock()
				defer mutex.Unlock()
				asked = append(asked, request.Host)
				answer.WriteHeader(http.StatusForbidden)
			}))
			defer proxy.Close()
			child := exec.Command(os.Args[0])
			child.Env = append(os.Environ(), "HTTPS_PROXY="+proxy.URL, proxied+"="+test.target, test.environment)
			if said, err := child.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, said)
			}
			mutex.Lock()
			defer mutex.Unlock()
			if len(asked) > 0 != test.isAsked || slices.ContainsFunc(asked, func(host string) bool { return host != away }) {
				t.Errorf("the proxy was asked for %v", asked)
			}
		})
	}
}
