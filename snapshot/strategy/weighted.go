package strategy

import "encoding/json"

// parseWeighted: another strategy's score times weight; nothing and null mean 1.
// The inner strategy runs where the outer one does: its own network is ignored.
func parseWeighted(params json.RawMessage, at Place) (scorer, error) {
	var p struct {
		Strategy nested
		Weight   json.RawMessage
	}
	if err := decode(params, &p); err != nil {
		return nil, cannot("params: %v", err)
	}
	inner, err := parse(p.Strategy.spec(), at)
	if err != nil {
		return nil, err
	}
	if absent(p.Weight) {
		return inner, nil
	}
	return multiplied(inner, p.Weight, "weight")
}

// nested is a strategy inside another's parameters. Its network may be a number
// or a string, and the hub does not fill a missing one.
type nested struct {
	Name    string
	Network json.RawMessage
	Params  json.RawMessage
}

// UnmarshalJSON implements json.Unmarshaler.
func (n *nested) UnmarshalJSON(raw []byte) error {
	type plain nested // without this method
	return decode(raw, (*plain)(n))
}

func (n nested) spec() Spec { return Spec{Name: n.Name, Params: n.Params} }

// network returns the decimal text of the network, or "" where there is none.
func (n nested) network() string {
	if absent(n.Network) {
		return ""
	}
	var text string
	if json.Unmarshal(n.Network, &text) == nil {
		return text
	}
	return string(n.Network)
}
