package signature_test

import (
	"encoding/json"
	"fmt"

	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/signature"
)

// A vote, its signature, and the same vote with another choice.
func Example() {
	proposal := &snapshot.Proposal{
		ID:    "0x5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c",
		Space: "made-up.eth", Type: "single-choice", Choices: []string{"Yes", "No", "Later"},
	}
	vote := &snapshot.Vote{
		ID:    "0x8400005a477d2d2486907016ef07ad4efb774f1771e6d13e5bc756c59b269698",
		Voter: "0x346A101F78995BDFf86254e9fb01F27213311B76", Created: 1700000001,
		Choice: json.RawMessage(`2`), App: "snapshot-v2", Metadata: json.RawMessage(`{}`),
	}
	message := snapshot.Message{
		ID: vote.ID, Address: vote.Voter,
		Sig: "0x493d3514ac136cabd356392c8b670fcf0741d4e035fbc4cf414fbde8542fde1d" +
			"6fbeb95060681a2e5065409e5ce36df572488a190bd89f0077a22659a53d02541b",
	}
	signer := signature.CheckSigner(proposal, vote, message)
	fmt.Println(signer.Content.Verdict, signer.Content.Binds())
	fmt.Println(signer.Class, signer.Address)

	vote.Choice = json.RawMessage(`1`)
	check := signature.CheckVote(proposal, vote)
	fmt.Printf("%s: %s was signed as %s\n", check.Verdict, check.Field, check.Signed)
	// Output:
	// matches [from space timestamp proposal choice reason app metadata]
	// signed by the voter 0x346A101F78995BDFf86254e9fb01F27213311B76
	// differs: choice was signed as 2
}
