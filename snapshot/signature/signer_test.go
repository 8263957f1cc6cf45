package signature_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/signature"
)

// with returns a copy of sig with its last byte, v, replaced.
func with(sig []byte, v byte) []byte { return append(slices.Clone(sig[:64]), v) }

// highS exchanges s for the other one that verifies, which exchanges v too.
func highS(sig []byte) []byte {
	s := new(big.Int).Sub(crypto.S256().Params().N, new(big.Int).SetBytes(sig[32:64]))
	return append(append(slices.Clone(sig[:32]), s.FillBytes(make([]byte, 32))...), 27+28-sig[64])
}

func compact(sig []byte) []byte {
	short := slices.Clone(sig[:64])
	short[32] |= (sig[64] - 27) << 7
	return short
}

func TestRecover(t *testing.T) {
	hash := crypto.Keccak256Hash([]byte("anything"))
	sig := sign(t, voterKey, hash)
	parity := sig[64] - 27
	tests := []struct {
		name, sig string
		want      error // nil: the voter's signature
	}{
		{"v 27 or 28", hexOf(sig), nil},
		{"v 0 or 1", hexOf(with(sig, parity)), nil},
		{"v of EIP-155 counts by its parity", hexOf(with(sig, 37+parity)), nil},
		{"the largest v of either parity", hexOf(with(sig, 255-parity)), nil},
		{"high s", hexOf(highS(sig)), nil},
		{"compact", hexOf(compact(sig)), nil},
		{"upper case", "0x" + strings.ToUpper(hexOf(sig)[2:]), nil},
		{"v 2", hexOf(with(sig, 2)), signature.ErrContractSignature},
		{"v 26", hexOf(with(sig, 26)), signature.ErrContractSignature},
		{"a Safe's, on the chain", "0x", signature.ErrContractSignature},
		{"two owners of a Safe", hexOf(append(slices.Clone(sig), sig...)), signature.ErrContractSignature},
		{"EIP-6492", hexOf(append(sig, bytes.Repeat([]byte{0x64, 0x92}, 16)...)), signature.ErrContractSignature},
		{"Starknet", "123,456", signature.ErrContractSignature},
		{"r and s of 0", "0x" + strings.Repeat("00", 64) + "1b", signature.ErrContractSignature},
		{"r beyond the curve", "0x" + strings.Repeat("ff", 64) + "1b", signature.ErrContractSignature},
		{"no 0x", hexOf(sig)[2:], signature.ErrSignature},
		{"half a byte", hexOf(sig) + "0", signature.ErrSignature},
		{"words", "0xsigned", signature.ErrSignature},
		{"nothing", "", signature.ErrSignature},
	}
	for _, tt := range tests {
		got, err := signature.Recover(hash, tt.sig)
		if !errors.Is(err, tt.want) || err == nil && got.Hex() != voter {
			t.Errorf("%s: %v, error %v; want %s, error %v", tt.name, got, err, voter, tt.want)
		}
	}
}

// unhashedVote is a vote without the signature that would go with its id.
func unhashedVote(metadata string) (*snapshot.Proposal, *snapshot.Vote) {
	p := &snapshot.Proposal{ID: "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPBdG", Space: "made-up.eth"}
	v := &snapshot.Vote{
		ID: "QmPK1s3pNYLi9ERiq3BDxKa4XosgWwFRQUydHUtz4YgpqB", Voter: voter, Created: 1600000000,
		Choice: json.RawMessage(`[3, 1]`), Metadata: json.RawMessage(metadata),
	}
	return p, v
}

// personalVote is a vote that was signed as plain text, under a version.
func personalVote(t *testing.T, version, metadata string) (*snapshot.Proposal, *snapshot.Vote, snapshot.Message) {
	t.Helper()
	p, v := unhashedVote(metadata)
	text := fmt.Sprintf(`{"version":"%s","timestamp":"1600000000","space":"made-up.eth","type":"vote",`+
		`"payload":{"proposal":"%s","choice":[3,1],"metadata":%s}}`, version, p.ID, metadata)
	hash := crypto.Keccak256Hash(fmt.Appendf(nil, "\x19Ethereum Signed Message:\n%d%s", len(text), text))
	return p, v, snapshot.Message{ID: v.ID, Address: voter, Sig: hexOf(sign(t, voterKey, hash)), Version: version}
}

var provenBySignature = signature.Signer{
	Class: signature.Verified, Address: voter, BySignature: true,
	Content: signature.Check{Verdict: signature.NotCheckable, Reason: signature.NotHash},
}

func TestPersonalVotes(t *testing.T) {
	for _, version := range []string{"0.1.0", "0.1.1", "0.1.2", "0.1.3"} {
		for _, metadata := range []string{`{}`, `{"by":"a bot"}`} {
			p, v, m := personalVote(t, version, metadata)
			if got := signature.CheckSigner(p, v, m); got != provenBySignature {
				t.Errorf("%s, metadata %s: %+v", version, metadata, got)
			}
		}
	}
}

// In July 2021 typed votes still had the id of a file.
func TestTypedVotesWithoutHash(t *testing.T) {
	p, v := unhashedVote(`{}`)
	hash := typedHash(t, "Vote",
		"address from,string space,uint64 timestamp,string proposal,uint32[] choice,string metadata", 0, map[string]any{
			"from": voter, "space": p.Space, "timestamp": "1600000000", "proposal": p.ID, "choice": []any{"3", "1"},
			"metadata": "{}",
		})
	m := snapshot.Message{ID: v.ID, Address: voter, Sig: hexOf(sign(t, voterKey, hash))}
	if got := signature.CheckSigner(p, v, m); got != provenBySignature {
		t.Errorf("%+v", got)
	}
	v.Choice = json.RawMessage(`[1,3]`)
	if got := signature.CheckSigner(p, v, m); got.Class != signature.Unchecked || got.Address != "" {
		t.Errorf("with another choice: %+v", got)
	}
}

// A plain text that is not the signed one gives some address, which accuses nobody.
func TestPersonalVotesThatDiffer(t *testing.T) {
	changes := map[string]func(p *snapshot.Proposal, v *snapshot.Vote){
		"choice":   func(_ *snapshot.Proposal, v *snapshot.Vote) { v.Choice = json.RawMessage(`[1,3]`) },
		"time":     func(_ *snapshot.Proposal, v *snapshot.Vote) { v.Created++ },
		"voter":    func(_ *snapshot.Proposal, v *snapshot.Vote) { v.Voter = common.Address{1}.Hex() },
		"proposal": func(p *snapshot.Proposal, _ *snapshot.Vote) { p.ID = "Qm" + strings.Repeat("1", 44) },
		"space":    func(p *snapshot.Proposal, _ *snapshot.Vote) { p.Space = "other.eth" },
	}
	for name, change := range changes {
		p, v, m := personalVote(t, "0.1.3", `{}`)
		change(p, v)
		got := signature.CheckSigner(p, v, m)
		if got.Class != signature.Unchecked || got.Reason != signature.NotRebuilt || got.Address != "" {
			t.Errorf("%s changed: %+v", name, got)
		}
	}
}

func TestSignersOfTypedVotes(t *testing.T) {
	p, v := plainVote(t)
	hash := common.HexToHash(v.ID)
	strangerKey := keyOf("stranger")
	stranger := crypto.PubkeyToAddress(strangerKey.PublicKey).Hex()
	own, foreign := hexOf(sign(t, voterKey, hash)), hexOf(sign(t, strangerKey, hash))
	tests := []struct {
		name    string
		message snapshot.Message
		class   signature.Class
		reason  signature.Reason
		address string
	}{
		{"the voter", snapshot.Message{Address: voter, Sig: own}, signature.Verified, "", voter},
		{"the voter, the hub names another", snapshot.Message{Address: stranger, Sig: own}, signature.Verified, "", voter},
		{"an alias", snapshot.Message{Address: stranger, Sig: foreign}, signature.Alias, "", stranger},
		{"nobody the hub names", snapshot.Message{Address: voter, Sig: foreign}, signature.Contract, "", stranger},
		{"a contract", snapshot.Message{Address: voter, Sig: "0x"}, signature.Contract, "", ""},
		{"no bytes", snapshot.Message{Address: voter, Sig: "signed"}, signature.Unchecked, signature.BadSignature, ""},
		{"no signature", snapshot.Message{Address: voter}, signature.Unchecked, signature.NoSignature, ""},
	}
	for _, tt := range tests {
		tt.message.ID = v.ID
		s := signature.CheckSigner(p, v, tt.message)
		want := signature.Signer{Content: s.Content, Class: tt.class, Reason: tt.reason, Address: tt.address}
		if s != want || s.Content.Verdict != signature.Matches {
			t.Errorf("%s: %+v", tt.name, s)
		}
	}
	other := snapshot.Message{ID: common.Hash{1}.Hex(), Address: voter, Sig: own}
	if s := signature.CheckSigner(p, v, other); s.Reason != signature.NoSignature {
		t.Errorf("the message of another vote: %+v", s)
	}
	v.Choice = json.RawMessage(`1`)
	s := signature.CheckSigner(p, v, snapshot.Message{ID: v.ID, Address: voter, Sig: own})
	if s.Class != signature.Unchecked || s.Reason != signature.RowDiffers || s.Address != voter {
		t.Errorf("a changed choice: %+v", s)
	}
}
