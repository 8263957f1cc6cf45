package votingpower

import (
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// The versions of the model file.
const (
	ModelFormat = "perpquorum-model/2"
	// ModelFormat1 has longer texts and no strategies. A model in this format stays in it,
	// so that its hash stays the same.
	ModelFormat1 = "perpquorum-model/1"
)

// maxModelFile bounds a model file, in bytes.
const maxModelFile = 1 << 20

//go:embed perp.json
var perpFile string

//go:embed schema.json
var schemaFile string

// PERP returns the built-in model of Perpetual Protocol. It comes from a model file
// like any other; printed as JSON, it is a start for a new one.
func PERP() *Model {
	m, err := ParseModel(strings.NewReader(perpFile))
	if err != nil {
		panic("votingpower: built-in model: " + err.Error()) // embedded: the tests parse the same bytes
	}
	return m
}

// Schema returns a JSON Schema (draft 2020-12) of the model file, for editors. It
// describes the shape of a file; ParseModel also checks checksums, and that no part
// of a model contradicts another.
func Schema() []byte { return []byte(schemaFile) }

// plainModel is a Model without its methods.
type plainModel Model

// ParseModel reads a model file: one JSON object as Schema describes it. It is
// strict, because a mistake in a model is a wrong number. An unknown or duplicate
// key, an address without its EIP-55 checksum, a wallet that is excluded twice and
// anything else that cannot be right is an error, which names its path and line.
func ParseModel(r io.Reader) (*Model, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxModelFile+1))
	if err != nil {
		return nil, fmt.Errorf("model file: %w", err)
	}
	if len(data) > maxModelFile {
		return nil, fmt.Errorf("model file: larger than %d bytes", maxModelFile)
	}
	m := new(Model)
	err = m.decode(data)
	if f, ok := errors.AsType[*fault](err); ok {
		return nil, fmt.Errorf("model file, line %d: %w", f.line(data), f)
	}
	if err != nil {
		return nil, fmt.Errorf("model file: %w", err)
	}
	return m, nil
}

// UnmarshalJSON reads a model as strictly as ParseModel.
func (m *Model) UnmarshalJSON(data []byte) error {
	if err := m.decode(data); err != nil {
		return fmt.Errorf("model: %w", err)
	}
	return nil
}

func (m *Model) decode(data []byte) error {
	if err := checkFormat(data); err != nil {
		return err
	}
	var plain plainModel
	if err := decode(data, &plain, false); err != nil {
		return err
	}
	*m = Model(plain)
	return m.Check()
}

// checkFormat reads the format alone: a file of another version has other keys.
func checkFormat(data []byte) error {
	var file struct {
		Format jsontext.Value `json:"format"`
	}
	_ = json.Unmarshal(data, &file) // decode reports what is wrong with the rest
	if file.Format == nil || slices.Contains(modelFormats(), string(file.Format)) {
		return nil
	}
	msg := fmt.Sprintf("found %s, and this program reads %s", show(file.Format), strings.Join(modelFormats(), " and "))
	return &fault{at: "/format", msg: msg}
}

// modelFormats lists the formats that are read, as JSON.
func modelFormats() []string {
	return []string{strconv.Quote(ModelFormat1), strconv.Quote(ModelFormat)}
}

// MarshalJSON writes the form that ParseModel reads back as the same model. It
// fails if the model does not pass Check.
func (m Model) MarshalJSON() ([]byte, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	m.Format = cmp.Or(m.Format, ModelFormat)
	return encode(plainModel(m))
}
