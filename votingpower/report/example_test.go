package report_test

import (
	"bytes"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/perpdao/perpquorum/fixtures"
	"github.com/perpdao/perpquorum/votingpower/report"
)

// Recompute somebody's report from the bundle they published, offline.
func ExampleVerify() {
	bundle, err := report.ReadBundle(bytes.NewReader(fixtures.Example))
	if err != nil {
		log.Fatal(err) // not a bundle, or one that contradicts itself
	}
	r, differences, err := report.Verify(bundle, time.Now())
	if err != nil {
		log.Fatal(err) // the evidence contradicts itself
	}
	for _, d := range differences {
		fmt.Println(d)
	}
	d := r.Document()
	fmt.Println(len(differences), "differences")
	fmt.Println("quorum:", d.Quorum.Tokens, d.Model.Symbol)
	for _, f := range d.Findings {
		fmt.Println(f.Level, f.Title)
	}
	// Output:
	// 0 differences
	// quorum: 7992084.4410227887027914309 PERP
	// warning Synthetic figures
	// warning Development chain
	// info Evidence recomputed
}

// Print a report in the form of the forum's posts; here without the warnings, which come first.
func ExampleReport_Render() {
	bundle, err := report.ReadBundle(bytes.NewReader(fixtures.Example))
	if err != nil {
		log.Fatal(err)
	}
	r, err := report.New(bundle)
	if err != nil {
		log.Fatal(err)
	}
	var post strings.Builder
	if err := r.Render(&post, report.Text); err != nil {
		log.Fatal(err)
	}
	fmt.Print(post.String()[strings.Index(post.String(), "Query timestamp:"):])
	// Output:
	// Query timestamp:
	// - Fri, 19 May 2023 13:39:35 GMT
	// - UTC timestamp: 1684503575000
	// - Mainnet block number: 419
	// - Mainnet timestamp: 1684503575
	// - Mainnet UTC: Fri, 19 May 2023 13:39:35 GMT
	// - Mainnet reads: proven under a development chain's block hash
	//     0x11dc2049b5d867d2c8a3a83387d7b7c0de8cd423adca0671f52aeb445f7b4434
	// - Optimism block number: 465
	// - Optimism timestamp: 1684503581
	// - Optimism UTC: Fri, 19 May 2023 13:39:41 GMT
	// - Optimism reads: proven under a development chain's block hash
	//     0xbe626df05e49090863392eaa089f0010f0eccc3dea3bcc91ffb2563e192a4460
	// - Circulating Supply: 66,961,876.961
	// - Circulating Voting Power: 79,920,844.41
	// - Quorum (10%): 7,992,084.441
	//
	// Bundle SHA-256: 10fe34b64664ececb6365bfd421cbe45c500f653cffa449d5dfb6b9d7c0ac4a0
}

// Check a vote again, offline, from its published bundle.
func ExampleVerify_vote() {
	bundle, err := report.ReadBundle(bytes.NewReader(fixtures.ExampleVote))
	if err != nil {
		log.Fatal(err)
	}
	r, differences, err := report.Verify(bundle, time.Now()) // recounts, and recomputes every voter's power
	if err != nil {
		log.Fatal(err)
	}
	d := r.Document()
	fmt.Println(len(differences), "differences; verdict:", d.Verdict)
	fmt.Println("turnout:", d.Vote.Turnout.Tokens, "from the", d.Vote.Turnout.Source)
	fmt.Println("quorum: ", d.Quorum.Tokens)
	for _, f := range d.Findings {
		fmt.Println(f.Level, f.Title)
	}
	// Output:
	// 0 differences; verdict: reached
	// turnout: 62669205.344669209711866131 from the chains
	// quorum:  7992084.4410227887027914309
	// warning Synthetic figures
	// warning Development chain
	// info Block pinned
	// info Evidence recomputed
	// info Snapshot block matches
	// info Proposal id not checked
	// info Vote final
	// info Votes complete
	// info Scores agree
	// info Voting power agrees
	// warning Quorum on the hub differs
}
