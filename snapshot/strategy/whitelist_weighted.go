package strategy

import (
	"bytes"
	"encoding/json"
	"strings"
)

// parseWhitelistWeighted: the weight of listed addresses, by address in any
// case; where one is listed twice in different case, the later counts.
func parseWhitelistWeighted(params json.RawMessage) (scorer, error) {
	var p struct{ Addresses json.RawMessage }
	if err := decode(params, &p); err != nil {
		return nil, cannot("params: %v", err)
	}
	dec := json.NewDecoder(bytes.NewReader(p.Addresses))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return nil, cannot("params.addresses: want an object of weights by address")
	}
	l := listed{}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, cannot("params.addresses: %v", err)
		}
		var weight json.RawMessage
		if err := dec.Decode(&weight); err != nil {
			return nil, cannot("params.addresses: %v", err)
		}
		l[strings.ToLower(key.(string))] = zero()
		if falsy(weight) {
			continue
		}
		if weight[0] == '"' {
			// A string would be joined to the sum as text rather than added.
			return nil, cannot("params.addresses: the weight of %s is a string, want a number", clip([]byte(key.(string))))
		}
		if l[strings.ToLower(key.(string))], err = parseNumber(weight); err != nil {
			return nil, cannot("params.addresses: the weight of %s: %v", clip([]byte(key.(string))), err)
		}
	}
	return l, nil
}
