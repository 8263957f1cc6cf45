package signature

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/perpdao/perpquorum/snapshot"
)

// checkUnhashed checks a vote whose id is not the hash of what was signed, as until
// 2022: the messages that the row gives are tried instead. A signature of another
// message gives another address, so one that gives the voter's proves the row.
func (s *Signer) checkUnhashed(p *snapshot.Proposal, v *snapshot.Vote, m snapshot.Message) {
	s.Reason = NotRebuilt
	for _, hash := range unhashedMessages(p, v) {
		signer, err := Recover(hash, m.Sig)
		if err == nil && isAddress(v.Voter, signer) {
			s.Class, s.Reason, s.Address, s.BySignature = Verified, "", signer.Hex(), true
			return
		}
	}
}

// unhashedMessages are the plain texts of personal_sign, and the first typed
// messages, which the hub took from July 2021 and gave hashes as ids in August.
func unhashedMessages(p *snapshot.Proposal, v *snapshot.Vote) (hashes []common.Hash) {
	for _, version := range []string{"0.1.3", "0.1.2", "0.1.1", "0.1.0"} {
		for _, metadata := range []string{"{}", stringify(v.Metadata)} {
			hashes = append(hashes, personalHash(personalText(version, p, v, metadata)))
		}
	}
	r := voteReadings(p, v)
	for i := range voteForms {
		if !strings.HasSuffix(voteForms[i].name, "choice,string metadata)") {
			continue
		}
		for message := range r.messages(&voteForms[i]) {
			hashes = append(hashes, domains()[0].hash(message.hash))
		}
	}
	return hashes
}

// personalText is the message of a vote in the order of snapshot.js's client.ts.
func personalText(version string, p *snapshot.Proposal, v *snapshot.Vote, metadata string) string {
	return fmt.Sprintf(`{"version":%s,"timestamp":"%d","space":%s,"type":"vote",`+
		`"payload":{"proposal":%s,"choice":%s,"metadata":%s}}`,
		quote(version), v.Created, quote(p.Space), quote(p.ID), stringify(v.Choice), metadata)
}

// personalHash is what personal_sign signs (EIP-191).
func personalHash(text string) common.Hash {
	return crypto.Keccak256Hash([]byte("\x19Ethereum Signed Message:\n"+strconv.Itoa(len(text))), []byte(text))
}
