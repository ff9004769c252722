package taskresults

import (
	"bytes"
	"encoding"
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
	text, err := marshal(value)
	// encoding/json leaves it to an own MarshalJSON to write UTF-8, and writes deeper nesting than it reads.
	if err == nil && !(json.Valid(text) && utf8.Valid(text)) {
		err = errors.New("not JSON in UTF-8, nested at most 10,000 levels deep")
	}
	if err != nil {
		return "", notEncodable(what, err)
	}
	return string(text), nil
}

func marshal(value any) ([]byte, error) {
	switch value := value.(type) {
	case json.RawMessage:
		if len(value) > 0 {
			return value, nil
		}
	case json.Marshaler, encoding.TextMarshaler:
	case error:
		// Most have no exported field, and would be kept as {}.
		return nil, fmt.Errorf("%T is an error, to be returned as one", value)
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), nil
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
