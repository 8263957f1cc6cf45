package report

import (
	"math/big"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// describe makes the document.
func (r *Report) describe() (*Document, error) {
	e := r.bundle.Evidence
	d := &Document{
		Format: DocumentFormat, Verdict: vote.Measured, Findings: r.findings(), At: NewMoment(e.At), Terms: []Term{},
		VotingPower: amount(r.result.VotingPower, e.Model),
		Quorum:      describeQuorum(r.result),
		Model: Model{
			Name: e.Model.Name, Symbol: e.Model.Symbol, Decimals: e.Model.Decimals, Definition: e.Model.Definition,
			Synthetic: e.Model.Synthetic, Network: e.Model.Network.String(), Space: e.Model.Space, Sources: e.Model.Sources,
		},
	}
	if d.Model.ReviewedBy = e.Model.ReviewedBy; !e.Model.FactsOf.IsZero() {
		d.Model.FactsOf = e.Model.FactsOf.UTC().Format(time.DateOnly)
	}
	var err error
	if d.Model.SHA256, err = digest(e.Model); err != nil {
		return nil, err
	}
	d.Model.BuiltIn = builtIn(d.Model.SHA256)
	for _, id := range e.Model.Chains() {
		d.Chains = append(d.Chains, r.describeChain(id))
	}
	if slices.ContainsFunc(r.result.Lines, func(l votingpower.Line) bool { return l.Group == votingpower.GroupSupply }) {
		supply := amount(r.result.CirculatingSupply, e.Model)
		d.CirculatingSupply = &supply
	}
	for _, line := range r.result.Lines {
		d.Terms = append(d.Terms, describeTerm(line, e.Model))
	}
	if r.outcome != nil {
		d.Verdict, d.Vote = r.outcome.Verdict, r.describeVote()
	}
	return d, r.hash(d)
}

// hash sets the hashes by which the document names its bundle.
func (r *Report) hash(d *Document) (err error) {
	if r.bundle.Format != BundleFormat1 {
		d.Bundle, err = r.bundle.digest()
		return err
	}
	d.Format = DocumentFormat1
	if d.Evidence, err = digest(r.bundle.Evidence); err == nil && d.Vote != nil {
		d.Vote.Ballot, err = digest(r.bundle.Vote)
	}
	return err
}

// findings are those of the vote, or of the measurement, after what the bundle says of itself.
func (r *Report) findings() (found []vote.Finding) {
	if why := r.bundle.Synthetic; why != "" {
		found = []vote.Finding{{Level: vote.Warning, Code: vote.SyntheticFigures, Title: vote.SyntheticFigures.Title(),
			Detail: quoted(why, 200)}}
	}
	if r.outcome != nil {
		return append(found, r.outcome.Findings...)
	}
	return append(found, vote.Marks(r.result)...)
}

func (r *Report) describeChain(id chains.ID) Chain {
	e := r.bundle.Evidence
	evidence := e.Chains[id]
	b := evidence.Block
	c := Chain{
		Chain: id.String(), ID: uint64(id), Name: chainName(id),
		Number: b.Number(), Hash: b.Hash.Hex(), Time: NewMoment(b.Time()),
		First: b.Proves(e.At) == nil, Pinned: b.Pinned,
		Unfinalized: b.Unfinalized, Development: evidence.Development, FinalByAge: b.FinalByAge,
		ServedBy: []string{}, Assurance: r.chains[id],
	}
	if !c.Development && !r.synthetic() {
		c.Explorer = explorer(id, "block", new(big.Int).SetUint64(b.Number()).String())
	}
	for _, read := range e.Reads {
		if read.Chain == id {
			c.Reads++
			c.ServedBy = endpoints(c.ServedBy, read.From)
		}
	}
	return c
}

// endpoints adds the endpoints that served a read to a list, each once and in order: where
// several of them agreed, the label names them all.
func endpoints(list []string, label string) []string {
	for name := range strings.SplitSeq(label, ", ") {
		if i, found := slices.BinarySearch(list, name); name != "" && !found {
			list = slices.Insert(list, i, name)
		}
	}
	return list
}

func (r *Report) synthetic() bool {
	return r.bundle.Synthetic != "" || r.bundle.Evidence.Model.Synthetic != ""
}

func describeTerm(line votingpower.Line, m *votingpower.Model) Term {
	t := Term{
		Group: line.Group, Sign: "+", Label: line.Label, Chain: line.Chain.String(),
		Contract: line.Call.To.Hex(), Signature: line.Call.Signature, Amount: amount(line.Amount, m),
	}
	if line.Sign < 0 {
		t.Sign = "-"
	}
	if strings.HasSuffix(line.Call.Signature, "(address)") && len(line.Call.Data) == 4+32 {
		t.Account = common.BytesToAddress(line.Call.Data[4+12:]).Hex()
	}
	return t
}

func describeQuorum(r *votingpower.Result) Quorum {
	m := r.Evidence.Model
	q := Quorum{BaseUnits: votingpower.Decimal(r.Quorum), Tokens: votingpower.Decimal(m.InTokens(r.Quorum))}
	if fraction := m.Quorum.Fraction; fraction != nil {
		q.Fraction = fraction.RatString()
		q.Percent = votingpower.Decimal(new(big.Rat).Mul(fraction, big.NewRat(100, 1)))
	}
	if !m.Quorum.Plain() {
		q.Rule = r.QuorumRule
	}
	if r.QuorumRead != nil {
		read := describeTerm(*r.QuorumRead, m)
		read.Sign = ""
		q.Read = &read
	}
	return q
}

// NewMoment writes a time as the document does.
func NewMoment(t time.Time) Moment {
	return Moment{Unix: t.Unix(), UnixMilli: t.UnixMilli(), UTC: t.UTC().Format(http.TimeFormat)}
}

// chainName is the name of a chain in the forum's posts.
func chainName(id chains.ID) string {
	if site, ok := explorers[id]; ok {
		return site.name
	}
	return "Chain " + id.String()
}

// explorers are block explorers, by the names of their chains.
var explorers = map[chains.ID]struct{ name, host string }{
	chains.Ethereum: {"Mainnet", "etherscan.io"}, chains.Optimism: {"Optimism", "optimistic.etherscan.io"},
	42161: {"Arbitrum", "arbiscan.io"}, 8453: {"Base", "basescan.org"}, 56: {"BNB Smart Chain", "bscscan.com"},
	100: {"Gnosis Chain", "gnosisscan.io"}, 137: {"Polygon", "polygonscan.com"},
}

// ExplorerBlock reads the URL of a block's page on the explorer of a chain.
func ExplorerBlock(url string) (id chains.ID, number string, ok bool) {
	for id, site := range explorers {
		if rest, ok := strings.CutPrefix(url, "https://"+site.host+"/block/"); ok {
			number, _, _ = strings.Cut(strings.ReplaceAll(rest, "#", "/"), "/")
			return id, number, true
		}
	}
	return 0, "", false
}

// explorer returns a page of the chain's block explorer, or "" if none is
// known. Kind is "block" or "address".
func explorer(id chains.ID, kind, what string) string {
	if site, ok := explorers[id]; ok {
		return "https://" + site.host + "/" + kind + "/" + what
	}
	return ""
}
