package strategy

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// decode reads a JSON object into the fields of a struct, by keys in exactly
// their spelling: the json tag, or the field's name with a small first letter.
// encoding/json would take "minbalance" for minBalance; Snapshot does not see it.
func decode(raw json.RawMessage, into any) error {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		return err
	}
	fields := reflect.ValueOf(into).Elem()
	for i := range fields.NumField() {
		field := fields.Type().Field(i)
		key := field.Tag.Get("json")
		if key == "" {
			key = strings.ToLower(field.Name[:1]) + field.Name[1:]
		}
		value, ok := object[key]
		if !ok {
			continue
		}
		if err := json.Unmarshal(value, fields.Field(i).Addr().Interface()); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	return nil
}
