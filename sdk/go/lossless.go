package taskresults

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"
)

var (
	errorType         = reflect.TypeFor[error]()
	marshalerType     = reflect.TypeFor[json.Marshaler]()
	textMarshalerType = reflect.TypeFor[encoding.TextMarshaler]()
)

// checkLossless refuses a value of which encoding/json would lose something without a word: an error, or a struct
// without exported fields, which become {}, and text that is not UTF-8. What encodes itself knows what it leaves out.
// The value must be one that encoding/json has encoded, and so without cycles.
func checkLossless(value reflect.Value) error {
	if !value.IsValid() || encodesItself(value) {
		return nil
	}
	if value.Kind() != reflect.Interface && value.Type().Implements(errorType) {
		return fmt.Errorf("%s is an error, to be returned as one", value.Type())
	}
	switch value.Kind() {
	case reflect.Interface, reflect.Pointer:
		return checkLossless(value.Elem())
	case reflect.String:
		if !utf8.ValidString(value.String()) {
			return errors.New("not UTF-8")
		}
	case reflect.Slice, reflect.Array:
		return checkElements(value)
	case reflect.Map:
		return checkEntries(value)
	case reflect.Struct:
		return checkStruct(value)
	}
	return nil
}

// encodesItself also holds for a method of the pointer, where there is one: encoding/json sees it then, too.
func encodesItself(value reflect.Value) bool {
	isMarshaler := func(t reflect.Type) bool { return t.Implements(marshalerType) || t.Implements(textMarshalerType) }
	if value.Kind() == reflect.Interface {
		return false
	}
	return isMarshaler(value.Type()) || value.CanAddr() && isMarshaler(reflect.PointerTo(value.Type()))
}

func checkElements(value reflect.Value) error {
	if element := value.Type().Elem(); isNumber(element) && !element.Implements(errorType) {
		return nil
	}
	for i := range value.Len() {
		if err := checkLossless(value.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

func isNumber(t reflect.Type) bool {
	return reflect.Int <= t.Kind() && t.Kind() <= reflect.Float64
}

func checkEntries(value reflect.Value) error {
	for entries := value.MapRange(); entries.Next(); {
		// A key that is text is written as it is, whatever its methods are.
		if key := entries.Key(); key.Kind() == reflect.String && !utf8.ValidString(key.String()) {
			return errors.New("a key is not UTF-8")
		}
		if err := checkLossless(entries.Value()); err != nil {
			return err
		}
	}
	return nil
}

func checkStruct(value reflect.Value) error {
	fields := reflect.VisibleFields(value.Type())
	exported := 0
	for _, field := range fields {
		if !field.IsExported() {
			continue
		}
		exported++
		if field.Tag.Get("json") == "-" || isFlattened(field) {
			continue
		}
		// Fields of an embedded pointer that is nil are left out.
		if inner, err := value.FieldByIndexErr(field.Index); err == nil {
			if err := checkLossless(inner); err != nil {
				return err
			}
		}
	}
	if len(fields) > 0 && exported == 0 {
		return fmt.Errorf("%s has no exported field", value.Type())
	}
	return nil
}

// isFlattened holds for an embedded struct whose fields encoding/json writes as those of the outer one.
func isFlattened(field reflect.StructField) bool {
	if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" || !field.Anonymous {
		return false
	}
	kind := field.Type.Kind()
	return kind == reflect.Struct || kind == reflect.Pointer && field.Type.Elem().Kind() == reflect.Struct
}
