//go:build !nogeth

package chains_test

import (
	"errors"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/testchain"
)

// TestCallAfter: a wallet that does not exist is asked about a signature after its factory made it, for
// this one eth_call.
func TestCallAfter(t *testing.T) {
	t.Parallel()
	g := testchain.StartGovernance(t, func(*testchain.Governance) []testchain.Step { return nil })
	c, err := chains.Dialer{AllowDev: true}.Dial(t.Context(), 1, g.URL)
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.BlockByNumber(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	call := func(to common.Address, signature string, args ...any) chains.Call {
		call, err := chains.NewCall(to, signature, args...)
		if err != nil {
			t.Fatal(err)
		}
		return call
	}
	owner, err := crypto.ToECDSA(crypto.Keccak256([]byte("SYNTHETIC owner of a wallet")))
	if err != nil {
		t.Fatal(err)
	}
	address := crypto.PubkeyToAddress(owner.PublicKey)
	answers, err := c.CallAt(t.Context(), b, []chains.Call{call(g.Factory, "addressOf(address)", address)})
	if err != nil {
		t.Fatal(err)
	}
	wallet, hash := common.BytesToAddress(answers[0].Data), crypto.Keccak256Hash([]byte("a vote"))
	sig, err := crypto.Sign(hash[:], owner)
	if err != nil {
		t.Fatal(err)
	}
	sig[64] += 27
	factory := call(g.Factory, "make(address)", address)
	valid := call(wallet, "isValidSignature(bytes32,bytes)", hash, sig)
	if _, err := c.CallAt(t.Context(), b, []chains.Call{valid}); !errors.Is(err, chains.ErrNoContract) {
		t.Fatalf("the wallet is there: %v", err)
	}
	other := call(g.Factory, "make(address)", g.Accounts[0].Address)
	forged := call(wallet, "isValidSignature(bytes32,bytes)", crypto.Keccak256Hash([]byte("another")), sig)
	short := call(wallet, "isValidSignature(bytes32,bytes)", hash, sig[:64])
	for name, test := range map[string]struct {
		first, then chains.Call
		want        string // the first four bytes
	}{
		"made":                {factory, valid, "\x16\x26\xba\x7e"},
		"made, another hash":  {factory, forged, "\xff\xff\xff\xff"},
		"made, and reverts":   {factory, short, "\x00\x00\x00\x00"},
		"another wallet made": {other, valid, "\x00\x00\x00\x00"},
		"a factory reverts":   {call(g.Factory, "destroy()"), valid, "\x00\x00\x00\x00"},
		"no factory":          {call(wallet, "make(address)", address), valid, "\x00\x00\x00\x00"},
	} {
		answers, err := c.CallAt(t.Context(), b, []chains.Call{chains.CallAfter(test.first, test.then)})
		if err != nil || len(answers[0].Data) != 32 || string(answers[0].Data[:4]) != test.want {
			t.Errorf("%s: found %v, error %v, want %x", name, answers, err, test.want)
		}
	}
	if _, err := c.CallAt(t.Context(), b, []chains.Call{valid}); !errors.Is(err, chains.ErrNoContract) {
		t.Errorf("the wallet stays: %v", err)
	}
}
