package strategy

import "encoding/json"

// constant gives every voter the same score, Starknet voters included.
type constant struct{ value Score }

// parseTicket: value for everyone; nothing, null and 0 mean 1.
func parseTicket(params json.RawMessage) (scorer, error) {
	var p struct{ Value json.RawMessage }
	if err := decode(params, &p); err != nil {
		return nil, cannot("params: %v", err)
	}
	if falsy(p.Value) {
		return constant{whole(1)}, nil
	}
	var text string
	if json.Unmarshal(p.Value, &text) == nil {
		// A string would be joined to the sum as text rather than added.
		return nil, cannot("params.value: found a string, want a number")
	}
	value, err := parseNumber(p.Value)
	if err != nil {
		return nil, cannot("params.value: %v", err)
	}
	return constant{value}, nil
}

func (constant) places() []Place                               { return nil }
func (constant) calls(voter, blocks) ([]read, error)           { return nil, nil }
func (c constant) score(voter, blocks, answers) (Score, error) { return c.value, nil }
