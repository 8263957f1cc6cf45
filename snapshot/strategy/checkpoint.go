package strategy

import (
	"encoding/json"
	"fmt"
	"math/big"

	"github.com/perpdao/perpquorum/chains"
)

// checkpoint reads balanceOfAt(voter, n) in the newest state, because Snapshot does so. Where the
// contract never changes old checkpoints, every state after them gives the same.
type checkpoint struct {
	oneCall          // its place is the newest block
	at      Place    // n is the number of the block here, where id is nil
	id      *big.Int // the token's own number of a checkpoint
}

const balanceOfAt = "balanceOfAt(address,uint256)"

// parseCheckpoint parses ve-balance-of-at, and erc20-balance-of-at if numbered is set.
func parseCheckpoint(numbered bool) parser {
	return func(params json.RawMessage, at site) (scorer, error) {
		var p tokenParams
		if err := decode(params, &p); err != nil {
			return nil, err
		}
		s := checkpoint{at: at.Place}
		if at.Place = (Place{Chain: at.Chain}); numbered {
			var err error
			if s.id, err = integer(p.SnapshotID); err != nil || s.id.Sign() < 0 || s.id.BitLen() > 256 {
				return nil, fmt.Errorf("params.snapshotId: found %s, want the number of a checkpoint", clip(p.SnapshotID))
			}
		}
		at.query.doubt = "Snapshot reads the latest checkpoint at the moment of its own count"
		var err error
		s.oneCall, err = p.reading(at, balanceOfAt, new(big.Int))
		return s, err
	}
}

func (s checkpoint) places() []Place { return []Place{s.at, s.source.Place} }

func (s checkpoint) basis() (sources []Source, plain bool) { return []Source{s.source}, false }

// read is the call for a choice of blocks.
func (s checkpoint) read(in *inputs) oneCall {
	n := s.id
	if n == nil {
		n = new(big.Int).SetUint64(in.blocks[s.at].Number())
	}
	read := s.oneCall
	read.call = func(v voter) (chains.Call, error) { return chains.NewCall(s.source.Contract, balanceOfAt, v.evm, n) }
	return read
}

func (s checkpoint) calls(v voter, in *inputs) ([]read, error) { return s.read(in).calls(v, in) }
func (s checkpoint) score(v voter, in *inputs) (Score, error)  { return s.read(in).score(v, in) }
