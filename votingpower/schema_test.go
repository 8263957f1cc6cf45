package votingpower_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/perpdao/perpquorum/votingpower"
)

// schema is the part of JSON Schema that the model's schema uses. A keyword
// that is not here fails the test instead of being ignored.
type schema struct {
	Schema      string             `json:"$schema"`
	Title       string             `json:"title"`
	Description string             `json:"description"`
	Ref         string             `json:"$ref"`
	Defs        map[string]*schema `json:"$defs"`
	Type        string             `json:"type"`
	Const       any                `json:"const"`
	Pattern     string             `json:"pattern"`
	MinLength   int                `json:"minLength"`
	MaxLength   int                `json:"maxLength"`
	Minimum     float64            `json:"minimum"`
	Maximum     float64            `json:"maximum"`
	MinItems    int                `json:"minItems"`
	UniqueItems bool               `json:"uniqueItems"`
	Items       *schema            `json:"items"`
	Required    []string           `json:"required"`
	Properties  map[string]*schema `json:"properties"`
	Additional  *bool              `json:"additionalProperties"`
}

func loadSchema(t *testing.T) *schema {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(string(votingpower.Schema())))
	dec.DisallowUnknownFields()
	var s schema
	if err := dec.Decode(&s); err != nil {
		t.Fatal(err)
	}
	if s.Schema != "https://json-schema.org/draft/2020-12/schema" {
		t.Errorf("found $schema %q", s.Schema)
	}
	return &s
}

// resolve follows $ref, which stands beside nothing but a description.
func (s *schema) resolve(root *schema) *schema {
	if s.Ref == "" {
		return s
	}
	def := root.Defs[strings.TrimPrefix(s.Ref, "#/$defs/")]
	if def == nil {
		panic("no definition for " + s.Ref)
	}
	return def
}

func (s *schema) validate(root *schema, v any) error {
	s = s.resolve(root)
	if s.Const != nil && v != s.Const {
		return fmt.Errorf("found %v, want %v", v, s.Const)
	}
	switch v := v.(type) {
	case map[string]any:
		return s.validateObject(root, v)
	case []any:
		if s.Type != "array" || len(v) < s.MinItems {
			return fmt.Errorf("found an array of %d, want %s", len(v), s.Type)
		}
		for i, item := range v {
			if err := s.Items.validate(root, item); err != nil {
				return err
			}
			if s.UniqueItems && slices.ContainsFunc(v[:i], func(other any) bool { return reflect.DeepEqual(item, other) }) {
				return fmt.Errorf("item %v is there twice", item)
			}
		}
	case string:
		n := utf8.RuneCountInString(v)
		if s.Const == nil && s.Type != "string" || n < s.MinLength || s.MaxLength > 0 && n > s.MaxLength ||
			!regexp.MustCompile(s.Pattern).MatchString(v) {
			return fmt.Errorf("found %q, want %s %s", v, s.Type, s.Pattern)
		}
	case float64:
		if s.Type != "integer" || v < s.Minimum || v > s.Maximum || v != float64(int(v)) {
			return fmt.Errorf("found %v, want %s", v, s.Type)
		}
	case bool:
		if s.Type != "boolean" {
			return fmt.Errorf("found %v, want %s", v, s.Type)
		}
	default:
		return fmt.Errorf("found %v, want %s", v, s.Type)
	}
	return nil
}

func (s *schema) validateObject(root *schema, v map[string]any) error {
	if s.Type != "object" {
		return fmt.Errorf("found an object, want %s", s.Type)
	}
	for _, key := range s.Required {
		if _, ok := v[key]; !ok {
			return fmt.Errorf("key %s is missing", key)
		}
	}
	for key, member := range v {
		property := s.Properties[key]
		if property == nil {
			return fmt.Errorf("unknown key %s", key)
		}
		if err := property.validate(root, member); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	return nil
}

func validate(t *testing.T, s *schema, file string) error {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(file), &v); err != nil {
		t.Fatal(err)
	}
	return s.validate(s, v)
}

func TestSchemaAccepts(t *testing.T) {
	t.Parallel()
	s := loadSchema(t)
	made, err := os.ReadFile("testdata/madeup.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]string{"PERP": string(marshal(t, votingpower.PERP())), "made up": string(made),
		"test": modelFile} {
		if err := validate(t, s, file); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What the schema refuses, ParseModel refuses: an editor never complains about
// a good file.
func TestSchemaRefuses(t *testing.T) {
	t.Parallel()
	s := loadSchema(t)
	for _, c := range []struct{ old, new string }{
		{`"name": "n"`, `"name": "n", "note": 1`},
		{`"name": "n",`, ``},
		{`"name": "n"`, `"name": ""`},
		{`"name": "n"`, `"name": 1`},
		{`"d"`, `"` + strings.Repeat("d", 1001) + `"`},
		{`perpquorum-model/1`, `perpquorum-model/2`},
		{`"decimals": 6`, `"decimals": 37`},
		{`"decimals": 6`, `"decimals": -1`},
		{`"decimals": 6`, `"decimals": 6.5`},
		{`"decimals": 6`, `"decimals": "6"`},
		{`"network": "ethereum"`, `"network": "mainnet"`},
		{`"network": "ethereum"`, `"network": "0"`},
		{`"10%"`, `"-10%"`},
		{`"10%"`, `"1/10%"`},
		{`"10%"`, `0.1`},
		{`["For"]`, `["For", "For"]`},
		{`["For"]`, `[""]`},
		{`, "supply": true`, ``},
		{`"supply": true`, `"supply": "true"`},
		{`"supply": true`, `"supply": true, "note": ""`},
		{`0x4444444444444444444444444444444444444444`, `0x444444444444444444444444444444444444444`},
		{`"from": "2023-02-01"`, `"from": "February"`},
		{`"2023-02-01T00:00:00Z"`, `"2023-02-01T00:00:00+01:00"`},
		{`"2023-02-01T00:00:00Z"`, `null`},
		{`"weight()"`, `"weight(uint256)"`},
		{`, "locked": "locked()"`, ``},
	} {
		file := strings.Replace(modelFile, c.old, c.new, 1)
		if file == modelFile {
			t.Fatalf("the file does not hold %q", c.old)
		}
		if err := validate(t, s, file); err == nil {
			t.Errorf("%s for %s: the schema finds no fault", c.new, c.old)
		}
		if _, err := votingpower.ParseModel(strings.NewReader(file)); err == nil {
			t.Errorf("%s for %s: ParseModel finds no fault", c.new, c.old)
		}
	}
}

// The schema knows exactly the keys that a model is written with, and demands
// exactly those that ParseModel demands.
func TestSchemaKeys(t *testing.T) {
	t.Parallel()
	root := loadSchema(t)
	m := votingpower.PERP() // with every key there is
	m.Synthetic, m.Turnout = "s", []string{"For"}
	m.Excluded[0].From, m.Excluded[0].Until = queryTime, queryTime.AddDate(1, 0, 0)
	var doc map[string]any
	if err := json.Unmarshal(marshal(t, m), &doc); err != nil {
		t.Fatal(err)
	}
	first := func(list string) map[string]any { return doc[list].([]any)[0].(map[string]any) }
	for name, object := range map[string]map[string]any{"": doc, "tokens": first("tokens"), "excluded": first("excluded"),
		"escrows": first("escrows")} {
		s := root
		if name != "" {
			s = root.Properties[name].resolve(root).Items.resolve(root)
		}
		written, known := slices.Sorted(maps.Keys(object)), slices.Sorted(maps.Keys(s.Properties))
		if !slices.Equal(written, known) {
			t.Errorf("%q is written with %v, the schema knows %v", name, written, known)
		}
		if s.Additional == nil || *s.Additional {
			t.Errorf("%q: the schema lets unknown keys pass", name)
		}
		for key, old := range object {
			delete(object, key)
			_, err := votingpower.ParseModel(strings.NewReader(string(marshal(t, doc))))
			demanded := err != nil && strings.Contains(err.Error(), fmt.Sprintf("the key %q is missing", key))
			if demanded != slices.Contains(s.Required, key) {
				t.Errorf("%q: key %s is demanded by ParseModel: %t, by the schema: %t", name, key, demanded, !demanded)
			}
			object[key] = old
		}
	}
}

// A schema returned to one caller is not changed by another.
func TestSchemaCopy(t *testing.T) {
	t.Parallel()
	votingpower.Schema()[0] = 'x'
	if votingpower.Schema()[0] != '{' {
		t.Error("two calls share their bytes")
	}
}
