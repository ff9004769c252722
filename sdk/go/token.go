package taskresults

import (
	"context"
	"strings"
)

// bearer is a token that goes with every call.
type bearer string

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}

// RequireTransportSecurity allows plain text, since TLS is often ended by a proxy next to the caller.
func (b bearer) RequireTransportSecurity() bool {
	return false
}

// canBeSent is false for what HTTP forbids, such as the line end of a file that the token was read from. It would look
// like a fault that may pass.
func (b bearer) canBeSent() bool {
	return !strings.ContainsFunc(string(b), func(r rune) bool { return r < ' ' || r > '~' })
}
