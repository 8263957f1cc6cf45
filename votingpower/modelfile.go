package votingpower

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
)

// ModelFormat names the version of the model file that this package reads.
const ModelFormat = "perpquorum-model/1"

// maxModelFile bounds a model file, in bytes.
const maxModelFile = 1 << 20

//go:embed perp.json
var perpFile string

//go:embed schema.json
var schemaFile string

// PERP returns the built-in model of Perpetual Protocol. It is a file like any
// other, and printed by encoding/json it is a start for a new one.
func PERP() *Model {
	m, err := ParseModel(strings.NewReader(perpFile))
	if err != nil {
		panic("votingpower: built-in model: " + err.Error()) // embedded: the tests parse the same bytes
	}
	return m
}

// Schema returns a JSON Schema (draft 2020-12) of the model file, for editors.
// It knows the shape of a file; ParseModel also knows checksums, and what
// parts of a model contradict each other.
func Schema() []byte { return []byte(schemaFile) }

// modelFile is the JSON form of Model: the keys, their order and what may be left out.
type modelFile struct {
	Format     string       `json:"format"`
	Name       string       `json:"name"`
	Symbol     string       `json:"symbol"`
	Decimals   uint8        `json:"decimals"`
	Definition string       `json:"definition"`
	Synthetic  string       `json:"synthetic,omitempty"`
	Network    chains.ID    `json:"network"`
	Space      string       `json:"space,omitempty"`
	Quorum     fraction     `json:"quorum"`
	Turnout    []string     `json:"turnout,omitempty"`
	Tokens     []tokenFile  `json:"tokens"`
	Excluded   []walletFile `json:"excluded,omitempty"`
	Escrows    []escrowFile `json:"escrows,omitempty"`
	Sources    []string     `json:"sources,omitempty"`
}

type tokenFile struct {
	Chain   chains.ID `json:"chain"`
	Address eip55     `json:"address"`
	Label   string    `json:"label"`
	Supply  bool      `json:"supply"`
	Source  string    `json:"source,omitempty"`
}

type walletFile struct {
	Chain   chains.ID `json:"chain"`
	Address eip55     `json:"address"`
	Label   string    `json:"label"`
	From    date      `json:"from,omitzero"`
	Until   date      `json:"until,omitzero"`
	Source  string    `json:"source,omitempty"`
}

type escrowFile struct {
	Chain   chains.ID `json:"chain"`
	Address eip55     `json:"address"`
	Label   string    `json:"label"`
	Weight  string    `json:"weight"`
	Locked  string    `json:"locked"`
	Source  string    `json:"source,omitempty"`
}

// ParseModel reads a model file: one JSON object as Schema describes it. It is
// strict, because a mistake in a model is a wrong number: a key that is
// unknown or there twice, an address without its EIP-55 checksum, a wallet that
// is excluded twice and whatever else cannot be right is an error, which names
// the place by path and line.
func ParseModel(r io.Reader) (*Model, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxModelFile+1))
	if err != nil {
		return nil, fmt.Errorf("model file: %w", err)
	}
	if len(data) > maxModelFile {
		return nil, fmt.Errorf("model file: larger than %d bytes", maxModelFile)
	}
	root, m, err := decodeModel(data)
	if f, ok := errors.AsType[*fault](err); ok {
		offset := f.offset
		if offset < 0 {
			offset = root.find(f.path)
		}
		return nil, fmt.Errorf("model file, line %d: %w", 1+strings.Count(string(data[:min(offset, len(data))]), "\n"), f)
	}
	if err != nil {
		return nil, fmt.Errorf("model file: %w", err)
	}
	return m, nil
}

func decodeModel(data []byte) (root value, m *Model, err error) {
	if root, err = parseJSON(data); err != nil {
		return root, nil, err
	}
	var file modelFile
	if err = root.fillModel(&file); err != nil {
		return root, nil, err
	}
	m = file.model()
	return root, m, m.Check()
}

// fillModel looks at the format first: a file of another version has other keys.
func (v value) fillModel(file *modelFile) error {
	format, ok := v.get("format")
	if found := string(format.raw); ok && found != strconv.Quote(ModelFormat) {
		return format.fault("found %s, and this program reads %q only", format.show(), ModelFormat)
	}
	return v.fill(reflect.ValueOf(file).Elem())
}

func (file *modelFile) model() *Model {
	m := &Model{
		Name: file.Name, Symbol: file.Symbol, Decimals: file.Decimals, Definition: file.Definition, Synthetic: file.Synthetic,
		Network: file.Network, Space: file.Space, Quorum: file.Quorum.rat, Turnout: file.Turnout, Sources: file.Sources,
	}
	for _, t := range file.Tokens {
		m.Tokens = append(m.Tokens, Token{t.Chain, common.Address(t.Address), t.Label, t.Supply, t.Source})
	}
	for _, w := range file.Excluded {
		m.Excluded = append(m.Excluded, Wallet{w.Chain, common.Address(w.Address), w.Label, time.Time(w.From), time.Time(w.Until), w.Source})
	}
	for _, e := range file.Escrows {
		m.Escrows = append(m.Escrows, Escrow{e.Chain, common.Address(e.Address), e.Label, e.Weight, e.Locked, e.Source})
	}
	return m
}

func newModelFile(m *Model) modelFile {
	file := modelFile{
		Format: ModelFormat, Name: m.Name, Symbol: m.Symbol, Decimals: m.Decimals, Definition: m.Definition, Synthetic: m.Synthetic,
		Network: m.Network, Space: m.Space, Quorum: fraction{new(big.Rat).Set(m.Quorum)}, Turnout: m.Turnout, Sources: m.Sources,
	}
	for _, t := range m.Tokens {
		file.Tokens = append(file.Tokens, tokenFile{t.Chain, eip55(t.Address), t.Label, t.Supply, t.Source})
	}
	for _, w := range m.Excluded {
		file.Excluded = append(file.Excluded, walletFile{w.Chain, eip55(w.Address), w.Label, date(w.From), date(w.Until), w.Source})
	}
	for _, e := range m.Escrows {
		file.Escrows = append(file.Escrows, escrowFile{e.Chain, eip55(e.Address), e.Label, e.Weight, e.Locked, e.Source})
	}
	return file
}

// MarshalJSON writes the form that ParseModel reads back as the same model. It
// fails if the model does not pass Check.
func (m Model) MarshalJSON() ([]byte, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	return marshal(newModelFile(&m))
}

// marshal is json.Marshal without the escapes for HTML, so that "&" in a label
// stays readable for a caller who turns them off.
func marshal(v any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}

// UnmarshalJSON reads a model as strictly as ParseModel.
func (m *Model) UnmarshalJSON(data []byte) error {
	_, parsed, err := decodeModel(data)
	if err != nil {
		return fmt.Errorf("model: %w", err)
	}
	*m = *parsed
	return nil
}
