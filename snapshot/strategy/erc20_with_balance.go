package strategy

import "encoding/json"

// erc20WithBalance scores 1 where the balance is strictly greater than
// minBalance (in whole tokens; nothing, null or 0 mean 0), else 0.
type erc20WithBalance struct {
	tokenRead
	minBalance Score
}

func parseERC20WithBalance(params json.RawMessage, at Place) (scorer, error) {
	t, p, err := parseTokenRead(params, at, "balanceOf(address)")
	if err != nil {
		return nil, err
	}
	s := erc20WithBalance{tokenRead: t, minBalance: zero()}
	if !falsy(p.MinBalance) {
		if s.minBalance, err = parseNumber(p.MinBalance); err != nil {
			return nil, cannot("params.minBalance: %v", err)
		}
	}
	return s, nil
}

// score compares doubles, because Snapshot does: a balance that rounds to the bound is not above it.
func (s erc20WithBalance) score(v voter, blocks blocks, answer answers) (Score, error) {
	balance, err := s.tokenRead.score(v, blocks, answer)
	if err != nil || balance.Value <= s.minBalance.Value {
		return zero(), err
	}
	return whole(1), nil
}
