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
//   - The votes: the id of each is the hash of what its voter signed, where that can be rebuilt from
//     the hub's row. An id that no known form of message explains is a failure, and so is the
//     signature of an address that is neither the voter's nor an alias that the hub lists, unless
//     a contract of the voter may confirm it. What cannot be checked accuses nobody.
//   - The result: the votes are recounted by Snapshot's rules (package tally), and every score
//     is compared. Scores are doubles on the hub; they agree within its rounding.
//   - The voters: each one's power is recomputed from the chains (package strategy) and compared.
//   - The strategies: what each reads, what it gives to the turnout, and whether that is
//     established. They are compared with the ones that the model, or whoever reads the vote, pins.
//   - The turnout: the exact sum of what was recomputed for the votes that count. Where a part
//     of that could not be recomputed, it is the hub's double, and a finding says so.
//   - The list of votes: its number, the voting period, voters with two votes, rows that are no
//     votes. The power of such a row is not known, so the quorum is then not called missed.
//
// Everything that was noticed is a Finding with a level and a stable code.
//
// # Established power
//
// The hub names the strategies of a proposal, and nothing else binds them. So power counts as
// established only where it is recomputed by pinned strategies, or is the plain sum of what
// voters have in contracts of the model, with the model's decimals and at the blocks of the
// circulating voting power: balanceOf(address), getVotes(address) or getCurrentVotes(address) of
// a token or an escrow, for the voter alone, and balanceOfX(address) of an escrow whose weight is
// totalSupplyX(). Each contract counts once. A factor, another function of such a contract, a
// ticket, a list, another contract, and whatever only the hub knows are not established. Nor are
// tokens of wallets that the model excludes, and of its escrows: they do not circulate.
//
// For the built-in model of Perpetual Protocol that is PERP on Ethereum and on Optimism, and
// balanceOfWeighted(address) or balanceOf(address) of vePERP, alone or joined by multichain.
//
// # Verdict
//
// A vote that can still change, or that was read at a block that can still be replaced, is not
// final. Otherwise any failure among the findings makes the verdict "disagrees". Otherwise the
// quorum is reached if established power alone is at least as much, exactly; it is not reached
// if all power together is less; and else it is "not established", which says nothing against
// anybody. That is also the verdict where whoever reads the vote is strict, and something could
// not be checked.
//
// # What is trusted
//
// The hub is trusted for the list of votes: signatures, where they were read, show who cast a vote and
// for what, not that no vote is missing, nor when one was cast. It is trusted for aliases, and for what
// the proposal's id does not bind: the quorum, since June 2022 also the strategies and the
// network, and everything of a proposal that it says was edited. The nodes are trusted as in
// package votingpower, for the power of voters as well, except where package report proves what
// they answered.
package vote
