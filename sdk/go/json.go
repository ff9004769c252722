package taskresults

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
)

// null is the JSON of nil.
const null = "null"

// encode makes JSON of a value as encoding/json does, but leaves <, > and & as they are. A json.RawMessage is kept byte
// for byte. what names the value in the error.
func encode(what string, value any) (string, error) {
	if raw, ok := value.(json.RawMessage); ok && len(raw) > 0 {
		if !json.Valid(raw) || !utf8.Valid(raw) {
			return "", notEncodable(what, errors.New("not JSON in UTF-8"))
		}
		return string(raw), nil
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return "", notEncodable(what, err)
	}
	return string(bytes.TrimSuffix(text.Bytes(), []byte("\n"))), nil
}

// decode stores JSON in what v points to, as json.Unmarshal does. Numbers come into an interface as json.Number, which
// holds them as they are written, however many digits they have.
func decode(text json.RawMessage, v any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return decoder.Decode(v)
}

func notEncodable(what string, cause error) *Error {
	return &Error{
		Reason:  ErrNotEncodable,
		Code:    codes.InvalidArgument,
		Message: fmt.Sprintf("the %s cannot be JSON: %v", what, cause),
		cause:   cause,
	}
}
