package votingpower

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/perpdao/perpquorum/chains"
)

// evidenceFile is the JSON form of Evidence.
type evidenceFile struct {
	Model  modelFile                   `json:"model"`
	At     instant                     `json:"at"`
	Chains map[chains.ID]ChainEvidence `json:"chains"`
	Reads  []Read                      `json:"reads"`
}

// MarshalJSON writes evidence in one form: times in UTC, addresses in EIP-55,
// bytes in lower-case hex, chains in the order of their names. It fails if the
// model or a block does not pass its Check.
func (e Evidence) MarshalJSON() ([]byte, error) {
	if e.Model == nil {
		return nil, errors.New("evidence has no model")
	}
	if err := e.Model.Check(); err != nil {
		return nil, fmt.Errorf("evidence: model: %w", err)
	}
	if err := checkInstant(e.At); err != nil {
		return nil, fmt.Errorf("evidence: query time: %w", err)
	}
	return marshal(evidenceFile{newModelFile(e.Model), instant(e.At), e.Chains, e.Reads})
}

// UnmarshalJSON reads what MarshalJSON writes, and refuses keys that are
// unknown, missing or there twice. It does not judge the evidence: Compute does.
func (e *Evidence) UnmarshalJSON(data []byte) error {
	root, err := parseJSON(data)
	if err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	var file evidenceFile
	if model, ok := root.get("model"); ok {
		if err := model.fillModel(&file.Model); err != nil {
			return fmt.Errorf("evidence: %w", err)
		}
	}
	if err := root.fill(reflect.ValueOf(&file).Elem()); err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	m := file.Model.model()
	if err := m.Check(); err != nil {
		return fmt.Errorf("evidence: model: %w", err)
	}
	*e = Evidence{Model: m, At: time.Time(file.At), Chains: file.Chains, Reads: file.Reads}
	return nil
}
