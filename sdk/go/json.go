package taskresults

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
)

// null is the JSON of nil.
const null = "null"

// encode makes JSON of a value as encoding/json does, but leaves <, > and & as they are. A json.RawMessage is kept byte
// for byte. What encoding/json would lose in silence is refused. what names the value in the error.
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
	if raw, ok := value.(json.RawMessage); ok && len(raw) > 0 {
		return raw, nil
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	if err := checkLossless(reflect.ValueOf(value)); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), nil
}

// decode stores JSON in what v points to, as json.Unmarshal does. Numbers come into an interface as json.Number, which
// holds them as they are written, however many digits they have. what names the JSON in the error.
func decode(what string, text json.RawMessage, v any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(v); err != nil {
		return &Error{
			Reason:  ErrNotDecodable,
			Code:    codes.FailedPrecondition,
			Message: fmt.Sprintf("the %s cannot be read: %v", what, err),
			cause:   err,
		}
	}
	return nil
}

func notEncodable(what string, cause error) *Error {
	return &Error{
		Reason:  ErrNotEncodable,
		Code:    codes.InvalidArgument,
		Message: fmt.Sprintf("the %s cannot be JSON: %v", what, cause),
		cause:   cause,
	}
}
