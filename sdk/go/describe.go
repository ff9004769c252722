package taskresults

import (
	"fmt"
	"strings"
	"unicode/utf8"

	pb "github.com/taskresults/taskresults/sdk/go/gen/taskresults/v1"
)

const (
	// What a server keeps of an error, unless it is set otherwise. Longer texts are cut here, so that the report itself is
	// not too large to be sent.
	maxClassPathLength = 1000
	maxMessageBytes    = 64 << 10
	maxTracebackBytes  = 256 << 10

	// maxKeptTracebackBytes is the most that a server can be set to keep of a traceback.
	maxKeptTracebackBytes = 1 << 20

	// maxChainLines bounds the traceback of an error that wraps very many, or itself.
	maxChainLines = 100

	cutMark = "\n[cut: %d more bytes]"
)

// sendError sends what is kept of an error, and again without its traceback when that was too large: a failure must not
// get lost.
func sendError(err error, send func(*pb.TaskError) (*State, error)) (*State, error) {
	described := describe(err)
	state, sendErr := send(described)
	if isTooLarge(sendErr) && described.GetTraceback() != "" {
		described.Traceback = ""
		return send(described)
	}
	return state, sendErr
}

// describe makes of an error what is kept of it. It must not fail, whatever the methods of the error do.
func describe(err error) *pb.TaskError {
	described, ok := err.(*TaskError)
	if !ok || described == nil {
		described = &TaskError{Message: textOf(err), Traceback: chainOf(err)}
	}
	classPath := described.ExceptionClassPath
	if classPath == "" {
		classPath = fmt.Sprintf("%T", err)
	}
	traceback := mended(described.Traceback)
	if len(traceback) > maxKeptTracebackBytes {
		traceback = cut(traceback, maxTracebackBytes)
	}
	return &pb.TaskError{
		ExceptionClassPath: beginning(mended(classPath), maxClassPathLength),
		Message:            cut(mended(described.Message), maxMessageBytes),
		Traceback:          traceback,
	}
}

// textOf is the error's own text. A nil pointer that is an error often panics when it is asked for one.
func textOf(err error) (text string) {
	defer func() {
		if thrown := recover(); thrown != nil {
			text = "its Error method panicked: " + printed(thrown)
		}
	}()
	return err.Error()
}

// printed is the text of what a panic threw, which may panic itself when it is printed.
func printed(thrown any) (text string) {
	defer func() {
		if recover() != nil {
			text = fmt.Sprintf("a %T", thrown)
		}
	}()
	return fmt.Sprint(thrown)
}

// chainOf has a line for each error that err is made of, those that one wraps below it.
func chainOf(err error) string {
	var c chain
	c.add(err, "")
	return c.lines.String()
}

type chain struct {
	lines strings.Builder
	count int
}

func (c *chain) add(err error, indent string) {
	if err == nil || c.count > maxChainLines {
		return
	}
	c.count++
	if c.count > maxChainLines {
		c.lines.WriteString("[more errors are left out]\n")
		return
	}
	fmt.Fprintf(&c.lines, "%s%T: %s\n", indent, err, cut(textOf(err), maxMessageBytes))
	for _, wrapped := range wrappedBy(err) {
		c.add(wrapped, indent+"  ")
	}
}

// wrappedBy is what an error wraps, or nothing if it panics when it is asked.
func wrappedBy(err error) (wrapped []error) {
	defer func() {
		if recover() != nil {
			wrapped = nil
		}
	}()
	switch wrapper := err.(type) {
	case interface{ Unwrap() error }:
		return []error{wrapper.Unwrap()}
	case interface{ Unwrap() []error }:
		return wrapper.Unwrap()
	default:
		return nil
	}
}

// mended is text that can be sent: UTF-8.
func mended(text string) string {
	return strings.ToValidUTF8(text, "\uFFFD")
}

// cut is the text itself when it has at most max bytes. Otherwise it is its beginning, and a line that says how much is
// gone, together at most max bytes.
func cut(text string, max int) string {
	if len(text) <= max {
		return text
	}
	end := max - len(fmt.Sprintf(cutMark, len(text)))
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + fmt.Sprintf(cutMark, len(text)-end)
}

// beginning is the first characters of a text.
func beginning(text string, characters int) string {
	count := 0
	for end := range text {
		if count == characters {
			return text[:end]
		}
		count++
	}
	return text
}
