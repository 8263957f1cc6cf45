package strategy

import (
	"encoding/json"
	"fmt"

	"github.com/perpdao/perpquorum/chains"
)

// maxArguments bounds the arguments of contract-call in bytes: they are encoded for each voter.
const maxArguments = 4 << 10

// parseContractCall reads one function of one contract; in string arguments every
// %{address} stands for the voter's checksummed address.
func parseContractCall(params json.RawMessage, at site) (scorer, error) {
	var p struct {
		Address   string            `json:"address"`
		MethodABI json.RawMessage   `json:"methodABI"`
		Args      []json.RawMessage `json:"args"`
		Output    json.RawMessage   `json:"output"`
		Decimals  json.RawMessage   `json:"decimals"`
	}
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	contract, err := contractAddress(p.Address)
	if err != nil {
		return nil, fmt.Errorf("params.address: %w", err)
	}
	decimals, err := parseDecimals(p.Decimals)
	if err != nil {
		return nil, err
	}
	m, err := parseMethod(p.MethodABI)
	if err != nil {
		return nil, err
	}
	if p.Args == nil {
		p.Args = []json.RawMessage{json.RawMessage(ownAddress)}
	}
	if err := m.checkArguments(p.Args); err != nil {
		return nil, fmt.Errorf("params.args: %w", err)
	}
	amount, err := m.chooseOutput(p.Output)
	if err != nil {
		return nil, err
	}
	call := func(v voter) (chains.Call, error) {
		data, err := m.pack(p.Args, v)
		return chains.Call{To: contract, Data: data, Signature: m.signature}, err
	}
	_, err = call(voter{}) // finds arguments of the wrong type before anything is read
	own := len(p.Args) == 1 && string(p.Args[0]) == ownAddress && len(m.Outputs) == 1
	source := Source{Place: at.Place, Contract: contract, Function: m.signature, Own: own, Decimals: decimals}
	return oneCall{source: source, call: call, amount: amount}, err
}
