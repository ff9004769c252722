package taskresults

import (
	"fmt"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// checkTexts refuses a request with a text that is not UTF-8. It could not be sent, which looks like a fault of the
// connection that may pass.
func checkTexts(request proto.Message) error {
	if field := brokenText(request.ProtoReflect()); field != "" {
		return invalid(field, "must be UTF-8")
	}
	return nil
}

// brokenText is the path of a field whose text is not UTF-8, as the contract names it, or empty.
func brokenText(message protoreflect.Message) (path string) {
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		name := string(field.Name())
		switch {
		case field.IsMap():
			path = brokenEntry(name, field, value.Map())
		case field.IsList():
			for i := 0; i < value.List().Len() && path == ""; i++ {
				path = brokenValue(fmt.Sprintf("%s[%d]", name, i), field, value.List().Get(i))
			}
		default:
			path = brokenValue(name, field, value)
		}
		return path == ""
	})
	return path
}

func brokenEntry(name string, field protoreflect.FieldDescriptor, entries protoreflect.Map) (path string) {
	entries.Range(func(key protoreflect.MapKey, value protoreflect.Value) bool {
		path = brokenValue(name, field.MapKey(), key.Value())
		if path == "" {
			path = brokenValue(name, field.MapValue(), value)
		}
		return path == ""
	})
	return path
}

func brokenValue(path string, field protoreflect.FieldDescriptor, value protoreflect.Value) string {
	switch field.Kind() {
	case protoreflect.StringKind:
		if !utf8.ValidString(value.String()) {
			return path
		}
	case protoreflect.MessageKind:
		if inner := brokenText(value.Message()); inner != "" {
			return path + "." + inner
		}
	}
	return ""
}
