// Package vote checks one Snapshot vote against the chains: what its result is, with what
// power everybody voted, and whether it reached the quorum.
//
// Collect does all I/O and returns Evidence: the proposal and its votes as the hub has them,
// circulating voting power and quorum at the snapshot block, and the power of every voter.
// Check is pure. It derives everything from the evidence, so that a published bundle is
// judged offline by the code that a live run uses.
//
// # What is checked
//
//   - The evidence: block hashes, the rule by which each block was chosen, and that the chains
//     were asked what the proposal and its votes ask. Evidence that contradicts itself is an
//     error, and not judged.
//   - The proposal: its id is the hash of what its author signed (package signature), where that can
//     be rebuilt. Its snapshot block must be older than the vote, within [ClockSlack].
//   - The result: the votes are recounted by Snapshot's rules (package tally), and every score
//     is compared. Scores are doubles on the hub; they agree within its rounding.
//   - The voters: each one's power is recomputed from the chains (package strategy) and compared.
//   - The turnout: the exact sum of what was recomputed for the votes that count. Where a part
//     of that could not be recomputed, it is the hub's double, and a finding says so.
//   - The list of votes: its number, the voting period, voters with two votes.
//
// Everything that was noticed is a Finding with a level and a stable code.
//
// # Verdict
//
// A vote that can still change, or that was read at a block that can still be replaced, is not
// final. Otherwise any failure among the findings makes the verdict "disagrees". Otherwise the
// quorum is reached or not: it is reached when the turnout is at least as much, exactly.
//
// # What is trusted
//
// The hub is trusted for the votes themselves: signatures are not checked here. It is trusted for
// what the proposal's id does not bind: the quorum, since June 2022 also the strategies and the
// network, and everything of a proposal that it says was edited. The nodes are trusted as in
// package votingpower.
package vote
