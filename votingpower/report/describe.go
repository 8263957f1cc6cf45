package report

import (
	"math/big"
	"net/http"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/votingpower"
)

// describe turns the result into a document.
func (r *Report) describe() (*Document, error) {
	e := r.bundle.Evidence
	d := &Document{
		Format:   DocumentFormat,
		Verdict:  Measured,
		Findings: []Finding{},
		At:       moment(e.At),
		Terms:    []Term{},
	}
	var err error
	if d.Model, err = describeModel(e.Model); err != nil {
		return nil, err
	}
	if d.Evidence, err = digest(e); err != nil {
		return nil, err
	}
	for _, id := range e.Model.Chains() {
		d.Chains = append(d.Chains, r.describeChain(id))
	}
	for _, line := range r.result.Lines {
		d.Terms = append(d.Terms, describeTerm(line, e.Model.Decimals))
	}
	d.CirculatingSupply = amount(r.result.CirculatingSupply, e.Model.Decimals)
	d.VotingPower = amount(r.result.VotingPower, e.Model.Decimals)
	d.Quorum = describeQuorum(r.result.Quorum, e.Model)
	all := checks()
	if r.vote != nil {
		if d.Vote, err = r.vote.document(e.Model); err != nil {
			return nil, err
		}
		all = append(all, voteChecks()...)
	}
	for _, check := range all {
		d.Findings = append(d.Findings, check(r, d)...)
	}
	d.Verdict = r.judge(d.Findings)
	return d, nil
}

func describeModel(m *votingpower.Model) (Model, error) {
	d := Model{
		Name: m.Name, Symbol: m.Symbol, Decimals: m.Decimals, Definition: m.Definition,
		Synthetic: m.Synthetic, Network: m.Network.String(), Space: m.Space, Sources: m.Sources,
	}
	var err error
	d.SHA256, err = digest(m)
	return d, err
}

func (r *Report) describeChain(id chains.ID) Chain {
	e := r.bundle.Evidence
	evidence := e.Chains[id]
	b := evidence.Block
	c := Chain{
		Chain: id.String(), ID: uint64(id), Name: chainName(id),
		Number: b.Number(), Hash: b.Hash.Hex(), Time: moment(b.Time()),
		First: b.Proves(e.At) == nil, Pinned: b.Pinned,
		Unfinalized: b.Unfinalized, Development: evidence.Development,
		ServedBy: []string{},
	}
	if !c.Development && !r.synthetic() {
		c.Explorer = explorer(id, "block", new(big.Int).SetUint64(b.Number()).String())
	}
	for _, read := range e.Reads {
		if read.Chain != id {
			continue
		}
		c.Reads++
		if read.From != "" && !slices.Contains(c.ServedBy, read.From) {
			c.ServedBy = append(c.ServedBy, read.From)
		}
	}
	slices.Sort(c.ServedBy)
	return c
}

func (r *Report) synthetic() bool {
	return r.bundle.Synthetic != "" || r.bundle.Evidence.Model.Synthetic != ""
}

func describeTerm(line votingpower.Line, decimals uint8) Term {
	t := Term{
		Group: line.Group, Sign: "+", Label: line.Label, Chain: line.Chain.String(),
		Contract: line.Call.To.Hex(), Signature: line.Call.Signature, Amount: amount(line.Amount, decimals),
	}
	if line.Sign < 0 {
		t.Sign = "-"
	}
	if line.Call.Signature == "balanceOf(address)" && len(line.Call.Data) == 4+32 {
		t.Account = common.BytesToAddress(line.Call.Data[4+12:]).Hex()
	}
	return t
}

func describeQuorum(quorum *big.Rat, m *votingpower.Model) Quorum {
	percent := new(big.Rat).Mul(m.Quorum, big.NewRat(100, 1))
	return Quorum{
		Fraction:  m.Quorum.RatString(),
		Percent:   exact(percent),
		BaseUnits: exact(quorum),
		Tokens:    exact(tokens(quorum, m.Decimals)),
	}
}

// NewMoment writes a time as the document does.
func NewMoment(t time.Time) Moment { return moment(t) }

func moment(t time.Time) Moment {
	return Moment{Unix: t.Unix(), UnixMilli: t.UnixMilli(), UTC: t.UTC().Format(http.TimeFormat)}
}

// chainName is the name of a chain in the forum's posts.
func chainName(id chains.ID) string {
	switch id {
	case chains.Ethereum:
		return "Mainnet"
	case chains.Optimism:
		return "Optimism"
	}
	return "Chain " + id.String()
}

// explorer returns a page of the chain's block explorer, or "" if none is
// known. Kind is "block" or "address".
func explorer(id chains.ID, kind, what string) string {
	switch id {
	case chains.Ethereum:
		return "https://etherscan.io/" + kind + "/" + what
	case chains.Optimism:
		return "https://optimistic.etherscan.io/" + kind + "/" + what
	}
	return ""
}
