// Package votingpower works out a DAO's circulating voting power and quorum at
// a moment.
//
// # The formula
//
// Circulating voting power is a signed sum of on-chain reads:
//
//	circulating supply = Σ totalSupply() of the tokens that count as supply
//	                   − Σ balanceOf(wallet) of the wallets that do not circulate
//	voting power       = circulating supply
//	                   + Σ weight of the vote escrows
//	                   − Σ tokens locked in them, which the supply holds already
//	                   ± Σ custom terms, each an amount that a contract returns
//	quorum             = fraction × voting power, a fixed amount, or what a contract returns
//
// A [Quorum] that is not fixed may have a least and a greatest value. A [Model] lists the
// tokens, wallets, escrows and custom terms as data, with labels, dates and sources;
// "circulating" means what the model and its Definition say. [Model.Terms]
// expands it into a flat list of calls with signs, and everything else is per term:
// what is read, kept as evidence, summed, and shown in a report. [PERP] is the
// built-in model; [ParseModel] reads any other by the same rules.
//
// # The moment
//
// The query time t picks one block per chain: the first block at or after t,
// or, for a chain that is pinned, a block named by number. All reads of a chain
// are made at its block.
//
// # Evidence
//
// [Collect] gathers [Evidence]: the model, t, each chain's block with its header and the
// header before it, the raw answer to every call, and what speaks for the answers (see
// [chains.Assurance]). Besides it only [Try] does I/O, which reads each term on its own to
// test a model. [Compute] is pure. It derives the terms again
// and refuses evidence that is not exactly what they ask for, so a published
// bundle is recomputed offline by the code that a live run uses.
//
// # What is checked and what is trusted
//
// Compute checks that
//
//   - headers hash to the block hashes, and two adjacent headers prove each block to
//     be the first at or after t;
//   - each block is plausible as one of the public chain (see [chains.Block.Plausible]),
//     unless the chain is marked as a development chain;
//   - the reads are those of the model at t, in order, and of as many words as it says;
//   - tokens and escrows have the model's decimals, and so have contracts of custom terms and
//     of the quorum for which the model gives no decimals;
//   - a balance of zero was read from a token that has a supply;
//   - no more is taken away on a chain than its token's supply.
//
// Evidence alone proves neither that a block belongs to the public chain nor that an
// answer is what the contract returned at that block: for that, Compute relies on the
// nodes that Collect asked. [chains.Dialer] checks the chain by the hash of a known
// block, and can have several endpoints agree on every answer. A node that is a
// [chains.Prover], such as a proof.Node, adds a witness to the evidence, with which
// proof.Run shows every answer to whoever trusts the block's hash; package report does so.
package votingpower
