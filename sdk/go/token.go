package taskresults

import "context"

// bearer is a token that goes with every call.
type bearer string

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}

// RequireTransportSecurity allows plain text, since TLS is often ended by a proxy beside the caller.
func (b bearer) RequireTransportSecurity() bool {
	return false
}
