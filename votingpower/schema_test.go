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

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
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
	Enum        []any              `json:"enum"`
	Pattern     string             `json:"pattern"`
	MinLength   int                `json:"minLength"`
	MaxLength   int                `json:"maxLength"`
	Minimum     float64            `json:"minimum"`
	Maximum     float64            `json:"maximum"`
	MinItems    int                `json:"minItems"`
	MaxItems    int                `json:"maxItems"`
	UniqueItems bool               `json:"uniqueItems"`
	Items       *schema            `json:"items"`
	Required    []string           `json:"required"`
	Properties  map[string]*schema `json:"properties"`
	Additional  *bool              `json:"additionalProperties"`
	If          *schema            `json:"if"`
	Then        *schema            `json:"then"`
	Else        *schema            `json:"else"`
	Not         *schema            `json:"not"`
	AnyOf       []*schema          `json:"anyOf"`
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
	if s.Const != nil && v != s.Const || s.Enum != nil && !slices.Contains(s.Enum, v) {
		return fmt.Errorf("found %v, want %v or %v", v, s.Const, s.Enum)
	}
	if s.AnyOf != nil && !slices.ContainsFunc(s.AnyOf, func(one *schema) bool { return one.validate(root, v) == nil }) {
		return fmt.Errorf("found %v, which is none of %d forms", v, len(s.AnyOf))
	}
	if kind := kindOf(v); s.Type != "" && s.Type != kind {
		return fmt.Errorf("found %s, want %s", kind, s.Type)
	}
	switch v := v.(type) {
	case map[string]any:
		return s.validateObject(root, v)
	case []any:
		return s.validateArray(root, v)
	case string:
		n := utf8.RuneCountInString(v)
		if n < s.MinLength || s.MaxLength > 0 && n > s.MaxLength || !regexp.MustCompile(s.Pattern).MatchString(v) {
			return fmt.Errorf("found %q, want %d to %d characters of %s", v, s.MinLength, s.MaxLength, s.Pattern)
		}
	case float64:
		if v < s.Minimum || v > s.Maximum {
			return fmt.Errorf("found %v, want %v to %v", v, s.Minimum, s.Maximum)
		}
	}
	return nil
}

// kindOf is the name of a JSON value's type in a schema.
func kindOf(v any) string {
	switch v := v.(type) {
	case map[string]any:
		return "object"
	case []any:
		return "array"
	case string:
		return "string"
	case bool:
		return "boolean"
	case float64:
		if v == float64(int(v)) {
			return "integer"
		}
		return "number"
	}
	return "null"
}

func (s *schema) validateArray(root *schema, v []any) error {
	if len(v) < s.MinItems || s.MaxItems > 0 && len(v) > s.MaxItems {
		return fmt.Errorf("found %d items, want %d to %d", len(v), s.MinItems, s.MaxItems)
	}
	for i, item := range v {
		if s.Items != nil {
			if err := s.Items.validate(root, item); err != nil {
				return err
			}
		}
		if s.UniqueItems && slices.ContainsFunc(v[:i], func(other any) bool { return reflect.DeepEqual(item, other) }) {
			return fmt.Errorf("item %v is there twice", item)
		}
	}
	return nil
}

func (s *schema) validateObject(root *schema, v map[string]any) error {
	for _, key := range s.Required {
		if _, ok := v[key]; !ok {
			return fmt.Errorf("key %s is missing", key)
		}
	}
	for key, member := range v {
		property := s.Properties[key]
		if property == nil && s.Additional != nil && !*s.Additional {
			return fmt.Errorf("unknown key %s", key)
		}
		if property == nil {
			continue
		}
		if err := property.validate(root, member); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	if s.Not != nil && s.Not.validate(root, v) == nil {
		return fmt.Errorf("found what must not be: %v", s.Not)
	}
	if s.If == nil {
		return nil
	}
	if s.If.validate(root, v) == nil {
		return s.Then.validate(root, v)
	}
	return s.Else.validate(root, v)
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
		"test": modelFile, "format 2": modelFile2} {
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
		{`perpquorum-model/1`, `perpquorum-model/3`},
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
		schemaRefuses(t, s, modelFile, c.old, c.new)
	}
	for _, c := range []struct{ old, new string }{
		{`perpquorum-model/2`, `perpquorum-model/1`},
		{`"symbol": "S"`, `"symbol": "(built in)"`},
		{`"symbol": "S"`, `"symbol": "ABCDEFGHIJKLM"`},
		{`"name": "n"`, `"name": "` + strings.Repeat("n", 81) + `"`},
		{`"definition": "d"`, `"definition": "` + strings.Repeat("d", 501) + `"`},
		{`"made up"`, `"` + strings.Repeat("m", 301) + `"`},
		{`"label": "t"`, `"label": "` + strings.Repeat("t", 81) + `"`},
		{`"label": "w"`, `"label": "` + strings.Repeat("w", 81) + `"`},
		{`"label": "e"`, `"label": "e", "source": "` + strings.Repeat("s", 301) + `"`},
		{`"network": "1",`, ``},
		{`"network": "1",`, `"network": "ethereum",`},
		{`"network": "1",`, `"network": 1,`},
		{`"params": {"a": [1.50, {"b": "c"}]}`, `"params": []`},
		{`"params": {"a": [1.50, {"b": "c"}]}`, `"params": {}, "weight": 1`},
		{`"name": "ticket"`, `"name": ""`},
		{`{"name": "ticket", "network": "10", "params": {}}`, `"ticket"`},
		{`"strategies": [`, `"strategies": [` + strings.Repeat(`{"name": "ticket", "network": "10", "params": {}},`, 19)},
	} {
		schemaRefuses(t, s, modelFile2, c.old, c.new)
	}
}

// schemaRefuses replaces one text of a good file.
func schemaRefuses(t *testing.T, s *schema, good, old, new string) {
	t.Helper()
	file := strings.Replace(good, old, new, 1)
	if file == good {
		t.Fatalf("the file does not hold %q", old)
	}
	if err := validate(t, s, file); err == nil {
		t.Errorf("%s for %s: the schema finds no fault", new, old)
	}
	if _, err := votingpower.ParseModel(strings.NewReader(file)); err == nil {
		t.Errorf("%s for %s: ParseModel finds no fault", new, old)
	}
}

// The schema knows exactly the keys that a model is written with, and demands
// exactly those that ParseModel demands.
func TestSchemaKeys(t *testing.T) {
	t.Parallel()
	root := loadSchema(t)
	m := votingpower.PERP() // with every key there is
	m.Synthetic, m.Turnout.Winner, m.Format = "s", true, votingpower.ModelFormat
	m.FactsOf, m.ReviewedBy = queryTime, "r"
	m.Strategies = []votingpower.Strategy{{Name: "ticket", Network: "1", Params: json.RawMessage("{}")}}
	m.Excluded[0].From, m.Excluded[0].Until = queryTime, queryTime.AddDate(1, 0, 0)
	read := votingpower.ContractRead{Chain: chains.Ethereum, Contract: common.Address{1},
		Call: "f(bool)(uint256 a,bool b)", Args: []string{"true"}, Word: "a", Decimals: new(uint8), Source: "s"}
	m.Custom = []votingpower.CustomTerm{{Sign: "+", Label: "l", ContractRead: read, From: queryTime,
		Until: queryTime.AddDate(1, 0, 0)}}
	m.Quorum = votingpower.Quorum{Read: &read, Min: votingpower.NewTokens(1), Max: votingpower.NewTokens(2)}
	var doc map[string]any
	if err := json.Unmarshal(marshal(t, m), &doc); err != nil {
		t.Fatal(err)
	}
	first := func(list string) map[string]any { return doc[list].([]any)[0].(map[string]any) }
	for name, object := range map[string]map[string]any{"": doc, "tokens": first("tokens"), "excluded": first("excluded"),
		"escrows": first("escrows"), "strategies": first("strategies"), "terms": first("terms")} {
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
