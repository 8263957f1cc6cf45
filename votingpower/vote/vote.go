// Package vote checks one Snapshot vote against the chains: who voted with what power,
// what the result is, and whether it reached the quorum.
//
// Collect does all I/O. It reads the proposal and its votes from a hub, and from the chains
// circulating voting power and quorum at the snapshot block, and the power of every voter.
package vote
