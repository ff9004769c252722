package taskresults_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	taskresults "github.com/taskresults/taskresults/sdk/go"
)

// supervisor starts a server, tells its pid, and ends it with the signal that is written to it: with KILL when its
// input ends, which it also does when the test is killed.
const supervisor = `"$@" & echo $!; exec >&- 2>&-; read -r signal; kill -s "${signal:-KILL}" $!; wait $!`

var listening = regexp.MustCompile(`listening on (\S+) `)

// server is a real one, in a process of its own.
type server struct {
	address string
	pid     int
	folder  string
	process *exec.Cmd
	input   io.WriteCloser
}

// main is the compiled server.
var main = filepath.Join("..", "..", "dist", "main.js")

// shared serves all tests that do nothing to the server itself.
var shared *server

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if target, ok := os.LookupEnv(proxied); ok {
		return callOnce(target)
	}
	if other, ok := os.LookupEnv("TASKRESULTS_MAIN"); ok {
		main = other
		// The server reports settings that it does not know.
		_ = os.Unsetenv("TASKRESULTS_MAIN")
	}
	folder := must(os.MkdirTemp("", "taskresults-go-"))
	defer os.RemoveAll(folder)
	shared = must(launch(folder, 0))
	defer shared.end("TERM")
	return m.Run()
}

// launch starts a server that keeps its results in the folder. Port 0: any free one.
func launch(folder string, port int, flags ...string) (*server, error) {
	database := "sqlite:" + filepath.Join(folder, "results.sqlite")
	arguments := []string{"-c", supervisor, "sh", "node", main, "serve", "--log-level", "warn"}
	arguments = append(arguments, "--port", strconv.Itoa(port), "--database-url", database)
	process := exec.Command("sh", append(arguments, flags...)...)
	process.Stderr = os.Stderr
	output, err := process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	input, err := process.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := process.Start(); err != nil {
		return nil, err
	}
	s := &server{folder: folder, process: process, input: input}
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if s.pid == 0 {
			s.pid = must(strconv.Atoi(lines.Text()))
		}
		if found := listening.FindStringSubmatch(lines.Text()); found != nil {
			s.address = found[1]
			return s, nil
		}
	}
	s.end("KILL")
	return nil, errors.New("the server did not start")
}

// end sends a signal and waits until the server is gone.
func (s *server) end(signal string) {
	_, _ = fmt.Fprintln(s.input, signal)
	_ = s.process.Wait()
}

// ownServer is one that the test may do anything to.
func ownServer(t *testing.T, flags ...string) *server {
	t.Helper()
	s := must(launch(t.TempDir(), 0, flags...))
	t.Cleanup(func() { s.end("KILL") })
	return s
}

// start starts an ended server again, on its port and with its results.
func (s *server) start(t *testing.T) {
	t.Helper()
	port := must(strconv.Atoi(s.address[strings.LastIndex(s.address, ":")+1:]))
	*s = *must(launch(s.folder, port))
}

// freeze stops the process: connections stay open, but nothing answers.
func (s *server) freeze(t *testing.T) {
	t.Helper()
	s.signal(t, syscall.SIGSTOP)
}

func (s *server) thaw(t *testing.T) {
	t.Helper()
	s.signal(t, syscall.SIGCONT)
}

func (s *server) signal(t *testing.T, signal syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(s.pid, signal); err != nil {
		t.Fatal(err)
	}
}

// sharedClient is a client of the shared server.
func sharedClient(t *testing.T) *taskresults.Client {
	t.Helper()
	return clientOf(t, shared, nil)
}

func clientOf(t *testing.T, s *server, options *taskresults.Options) *taskresults.Client {
	t.Helper()
	client := must(taskresults.NewClient(s.address, options))
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// enqueued is a new result.
func enqueued(t *testing.T, client *taskresults.Client) *taskresults.TaskResult {
	t.Helper()
	return must(client.Create(t.Context(), taskresults.TaskSpec{Path: "app.tasks.add"}))
}

// attempt names one of whichever result has the id.
func attempt(id string, number int) taskresults.Attempt {
	return taskresults.Attempt{ID: id, Number: number}
}

// until waits for a condition, which must come true within two minutes.
func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for !condition() {
		if time.Now().After(deadline) {
			t.Errorf("not within two minutes: %s", what)
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// must is the value of a call that has to succeed.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
