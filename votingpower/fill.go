package votingpower

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// fill stores v in dst, which it demands to fit exactly: every key of an object
// is a json tag of the struct, spelled the same, and every tag without
// omitempty or omitzero is there. An optional text is left out, not empty. An
// empty array gives a nil slice.
func (v value) fill(dst reflect.Value) error {
	switch target := dst.Addr().Interface().(type) {
	case encoding.TextUnmarshaler:
		var text string
		if err := v.fill(reflect.ValueOf(&text).Elem()); err != nil {
			return err
		}
		if err := target.UnmarshalText([]byte(text)); err != nil {
			return v.fault("%v", err)
		}
		return nil
	case json.Unmarshaler:
		return v.fillWhole(target)
	}
	switch dst.Kind() {
	case reflect.Struct:
		return v.fillStruct(dst)
	case reflect.Slice:
		return v.fillSlice(dst)
	case reflect.Map:
		return v.fillMap(dst)
	}
	want := map[reflect.Kind]string{reflect.String: "string", reflect.Bool: "boolean"}[dst.Kind()]
	if want == "" {
		want = "number"
	}
	if v.kind() != want {
		return v.fault("found %s, want a %s", v.show(), want)
	}
	if err := json.Unmarshal(v.raw, dst.Addr().Interface()); err != nil {
		return v.fault("found %s, want a whole number from 0 to %d", v.raw, uint64(1)<<dst.Type().Bits()-1)
	}
	return nil
}

func (v value) fillStruct(dst reflect.Value) error {
	if v.kind() != "object" {
		return v.fault("found %s, want an object", v.show())
	}
	known := make([]string, dst.NumField())
	optional := make([]bool, dst.NumField())
	for i := range known {
		var options string
		known[i], options, _ = strings.Cut(dst.Type().Field(i).Tag.Get("json"), ",")
		optional[i] = options != ""
	}
	for i, item := range v.items {
		at := slices.Index(known, v.keys[i])
		if at < 0 {
			return item.fault("unknown key, want one of %s", strings.Join(known, ", "))
		}
		if optional[at] && string(item.raw) == `""` {
			return item.fault("is empty: leave the key out")
		}
		if err := item.fill(dst.Field(at)); err != nil {
			return err
		}
	}
	for i, key := range known {
		if !optional[i] && !slices.Contains(v.keys, key) {
			return v.fault("the key %q is missing", key)
		}
	}
	return nil
}

func (v value) fillSlice(dst reflect.Value) error {
	if v.kind() != "array" {
		return v.fault("found %s, want an array", v.show())
	}
	if len(v.items) == 0 {
		return nil
	}
	dst.Set(reflect.MakeSlice(dst.Type(), len(v.items), len(v.items)))
	for i, item := range v.items {
		if err := item.fill(dst.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

// fillMap reads an object whose keys are texts of the map's key type. Two
// spellings of one key are a duplicate.
func (v value) fillMap(dst reflect.Value) error {
	if v.kind() != "object" {
		return v.fault("found %s, want an object", v.show())
	}
	dst.Set(reflect.MakeMap(dst.Type()))
	for i, text := range v.keys {
		key, elem := reflect.New(dst.Type().Key()), reflect.New(dst.Type().Elem())
		if err := key.Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)); err != nil {
			return v.items[i].fault("%v", err)
		}
		if dst.MapIndex(key.Elem()).IsValid() {
			return v.items[i].fault("this key is there twice, in another spelling")
		}
		if err := v.items[i].fill(elem.Elem()); err != nil {
			return err
		}
		dst.SetMapIndex(key.Elem(), elem.Elem())
	}
	return nil
}

// fillWhole reads a value by its own UnmarshalJSON. Whatever that lets pass
// (encoding/json ignores the case of keys), only the spelling that the type
// itself writes is taken.
func (v value) fillWhole(target json.Unmarshaler) error {
	if err := target.UnmarshalJSON(v.raw); err != nil {
		return v.fault("%v", err)
	}
	written, err := json.Marshal(target)
	if err != nil {
		return v.fault("%v", err)
	}
	want, err := parseJSON(written)
	if err != nil {
		return v.fault("%v", err)
	}
	return v.same(want)
}
