package taskresults_test

import (
	"path/filepath"
	"strings"
	"testing"

	taskresults "github.com/taskresults/taskresults/sdk/go"
)

func TestAServerOnAUnixSocket(t *testing.T) {
	server := ownServer(t, "--host", "unix:"+filepath.Join(t.TempDir(), "test.sock"))
	path := strings.TrimPrefix(server.address, "unix:")
	for _, target := range []string{"unix:" + path, "unix://" + path} {
		client := must(taskresults.NewClient(target, nil))
		result := must(client.Run(t.Context(), taskresults.TaskSpec{Path: "app.tasks.add"}, "worker-a", returning(3), nil))
		if waited := must(client.Wait(t.Context(), result.ID)); waited.Status != taskresults.Successful {
			t.Errorf("over %s the result is %+v", target, waited)
		}
		_ = client.Close()
	}
}
