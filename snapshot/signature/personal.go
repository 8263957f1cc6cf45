package signature

import (
	"fmt"
	"strconv"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/perpdao/perpquorum/snapshot"
)

// personalVersions are the versions of votes that were signed as plain text.
var personalVersions = []string{"0.1.3", "0.1.2", "0.1.1", "0.1.0"}

// checkPersonal tries the plain text that clients signed until 2022. There is no
// hash to compare it with, but a signature of another text gives another
// address: one that gives the voter's proves the row.
func (s *Signer) checkPersonal(p *snapshot.Proposal, v *snapshot.Vote, m snapshot.Message) {
	s.Reason = NotRebuilt
	for _, version := range personalVersions {
		for _, metadata := range []string{"{}", stringify(v.Metadata)} {
			signer, err := Recover(personalHash(personalText(version, p, v, metadata)), m.Sig)
			if err == nil && isAddress(v.Voter, signer) {
				s.Class, s.Reason, s.Address, s.Personal = Verified, "", signer.Hex(), true
				return
			}
		}
	}
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
