package chains

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Assurance says what speaks for the answers that were read at one block. All of it but
// Witness is the word of whoever read them.
type Assurance struct {
	// Level is the least of the answers that are not proven: Trusted or Bound. It is "" if
	// that was not noted, or if no answer rests on it.
	Level Level `json:"level,omitempty"`
	// Unbound says why Level is Trusted, if an answer rests on it.
	Unbound string `json:"unbound,omitempty"`
	// Agreed is how many endpoints gave these answers, byte for byte.
	Agreed int `json:"agreed,omitzero"`
	// Faults are those that the client met until then.
	Faults []Fault `json:"faults,omitempty"`
	// Witness proves the answers; see package chains/proof.
	Witness Witness `json:"witness,omitempty"`
	// Unproven says why there is no witness although one was asked for.
	Unproven string `json:"unproven,omitempty"`
}

// Bounds of what an assurance says.
const (
	maxEndpoints = 1000
	maxFaults    = 1000
	maxReason    = 600 // bytes of a text
)

// Check demands the form in which an assurance is written. It does not look at the witness.
func (a Assurance) Check() error {
	for i, f := range a.Faults {
		if i > 0 && compareFaults(a.Faults[i-1], f) >= 0 {
			return fmt.Errorf("faults[%d] is out of order, or there twice", i)
		}
		if !slices.Contains([]string{WrongState, WrongProof, IncompleteState, DiffersFromProof}, f.Code) ||
			max(len(f.Endpoint), len(f.Detail)) > maxReason {
			return fmt.Errorf("faults[%d] has an unknown code or a text of more than %d bytes", i, maxReason)
		}
	}
	switch {
	case a.Level != "" && a.Level != Trusted && a.Level != Bound:
		return fmt.Errorf("level is %.40q, want %s or %s; %s follows from a witness alone", a.Level, Trusted, Bound, Proven)
	case a.Agreed < 0 || a.Agreed > maxEndpoints || len(a.Faults) > maxFaults:
		return fmt.Errorf("%d endpoints agreed and %d faults were met, want at most %d and %d",
			a.Agreed, len(a.Faults), maxEndpoints, maxFaults)
	case len(a.Unbound) > maxReason || a.Unbound != "" && a.Level != Trusted:
		return fmt.Errorf("level is %q with a reason not to be bound, or one of more than %d bytes", a.Level, maxReason)
	case len(a.Unproven) > maxReason || a.Unproven != "" && a.Witness != nil:
		return fmt.Errorf("it has a witness and a reason why there is none, or one of more than %d bytes", maxReason)
	}
	return nil
}

// Read makes the calls at block b and says what speaks for the answers. If n is a Prover,
// they are proven as well: a proven answer replaces one that differs, whose endpoint is
// blamed. What is not proven is read again where it came from an endpoint with a fault.
func Read(ctx context.Context, n Node, b Block, calls []Call) ([]Answer, Assurance, error) {
	answers, err := complete(ctx, n, n.CallAt, b, calls)
	if err != nil {
		return nil, Assurance{}, err
	}
	proven, a, err := prove(ctx, n, b, calls, proofTime)
	if err == nil {
		answers, err = settle(ctx, n, n.CallAt, b, calls, answers, proven)
	}
	return answers, assure(n, a, answers), err
}

// Bounds of the wait for proofs of a few calls, for which a node that keeps no old proofs may work
// in vain, and of thousands.
const (
	proofTime     = 45 * time.Second
	bulkProofTime = time.Hour
)

// BulkRead is Read for calls by the thousand: what is proven is read in no other way.
func BulkRead(ctx context.Context, n Node, b Block, calls []Call) ([]Answer, Assurance, error) {
	answers, a, err := prove(ctx, n, b, calls, bulkProofTime)
	if err != nil {
		return nil, a, err
	}
	var places []int
	var rest []Call
	var unread []Answer
	for i, answer := range answers {
		if answer.Data == nil {
			places, rest, unread = append(places, i), append(rest, calls[i]), append(unread, answer)
		}
	}
	read, err := complete(ctx, n, n.BulkCallAt, b, rest)
	if err == nil {
		read, err = settle(ctx, n, n.BulkCallAt, b, rest, read, unread)
	}
	if err != nil {
		return nil, a, err
	}
	for i, place := range places {
		answers[place] = read[i]
	}
	return answers, assure(n, a, answers), nil
}

type reads func(context.Context, Block, []Call) ([]Answer, error)

// complete demands as many answers as calls.
func complete(ctx context.Context, n Node, read reads, b Block, calls []Call) ([]Answer, error) {
	if len(calls) == 0 {
		return nil, nil
	}
	answers, err := read(ctx, b, calls)
	if err == nil && len(answers) != len(calls) {
		id, _ := n.Chain()
		err = fmt.Errorf("%v: made %d calls, found %d answers", id, len(calls), len(answers))
	}
	return answers, err
}

// prove returns what n can prove within patience and half of the time that is left: answers
// without data and level if that is nothing.
func prove(ctx context.Context, n Node, b Block, calls []Call, patience time.Duration) ([]Answer, Assurance, error) {
	p, ok := n.(Prover)
	if !ok || len(calls) == 0 {
		return make([]Answer, len(calls)), Assurance{}, nil
	}
	if end, ok := ctx.Deadline(); ok {
		patience = min(patience, time.Until(end)/2)
	}
	short, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answers, w, err := p.Prove(short, b, calls)
	late := err != nil && short.Err() != nil
	if err == nil || ctx.Err() != nil || !late && !errors.Is(err, ErrNoProofs) {
		return answers, Assurance{Witness: w}, err
	}
	reason := fmt.Sprintf("%v: none came within %v", ErrNoProofs, patience.Round(time.Second))
	if !late {
		id, _ := n.Chain()
		reason = strings.TrimPrefix(err.Error(), fmt.Sprintf("%v block %d: ", id, b.Number()))
	}
	return make([]Answer, len(calls)), Assurance{Unproven: cut(reason)}, nil
}

// settle puts proven answers in the place of those that differ, and reads the others again
// until none is left that came from an endpoint with a fault.
func settle(
	ctx context.Context, n Node, read reads, b Block, calls []Call, answers, proven []Answer,
) ([]Answer, error) {
	for {
		compare(n, answers, proven)
		doubts := slices.DeleteFunc(slices.Clone(answers), func(a Answer) bool { return a.Level == Proven })
		if !doubtful(n, doubts) {
			return answers, nil
		}
		var err error
		if answers, err = complete(ctx, n, read, b, calls); err != nil {
			return nil, err
		}
	}
}

// compare puts proven answers in the place of those that differ, and blames their endpoints.
func compare(n Node, answers, proven []Answer) {
	for i, a := range proven {
		switch {
		case a.Level != Proven:
		case bytes.Equal(a.Data, answers[i].Data):
			answers[i].Level = Proven
		default:
			blame(n, answers[i], a)
			if a.Data != nil { // else the call is proven to fail
				answers[i] = a
			}
		}
	}
}

// Confirm proves answers that were read at block b, if n is a Prover, and reports whether an
// endpoint that gave them has a fault, so that none of its answers should be believed.
func Confirm(ctx context.Context, n Node, b Block, calls []Call, answers []Answer) (Assurance, bool, error) {
	proven, a, err := prove(ctx, n, b, calls, bulkProofTime)
	if err != nil {
		return a, false, err
	}
	compare(n, slices.Clone(answers), proven)
	return assure(n, a, answers), doubtful(n, answers), nil
}

// Plain returns nodes without the ability to prove.
func Plain(nodes map[ID]Node) map[ID]Node {
	plain := map[ID]Node{}
	for id, n := range nodes {
		plain[id] = struct{ Node }{n}
	}
	return plain
}

func blame(n Node, found, proven Answer) {
	for _, label := range found.From {
		n.(Prover).Blame(label, DiffersFromProof, fmt.Errorf("it answered %v, proven is %v", found.Data, proven.Data))
	}
}

// doubtful reports whether an answer came from an endpoint with a fault.
func doubtful(n Node, answers []Answer) bool {
	faults := n.Faults()
	return slices.ContainsFunc(answers, func(a Answer) bool {
		return slices.ContainsFunc(faults, func(f Fault) bool { return slices.Contains(a.From, f.Endpoint) })
	})
}

// assure completes a with what the answers say.
func assure(n Node, a Assurance, answers []Answer) Assurance {
	a.Faults = n.Faults()
	for i, answer := range answers {
		if i == 0 || len(answer.From) < a.Agreed {
			a.Agreed = len(answer.From)
		}
		if answer.Level != Proven && (a.Level == "" || answer.Level.rank() < a.Level.rank()) {
			a.Level = answer.Level
		}
		if answer.Level == Trusted {
			a.Unbound = cmp.Or(a.Unbound, cut(answer.Unbound))
		}
	}
	return a
}

// Join is the assurance of answers that a and b speak for, which were read at one block.
func (a Assurance) Join(b Assurance) Assurance {
	switch {
	case a.Agreed == 0:
		return b
	case b.Agreed == 0:
		return a
	}
	joined := Assurance{
		Level: a.Level, Agreed: min(a.Agreed, b.Agreed), Faults: slices.Concat(a.Faults, b.Faults),
		Unproven: cmp.Or(a.Unproven, b.Unproven), Unbound: cmp.Or(a.Unbound, b.Unbound),
	}
	if a.Level == "" || b.Level != "" && b.Level.rank() < a.Level.rank() {
		joined.Level = b.Level
	}
	slices.SortFunc(joined.Faults, compareFaults)
	joined.Faults = slices.Compact(joined.Faults)
	if joined.Unproven == "" {
		joined.Witness = a.Witness.join(b.Witness)
	}
	return joined
}

// cut shortens a text to what an assurance may say.
func cut(text string) string {
	if len(text) > maxReason {
		text = strings.ToValidUTF8(text[:maxReason-len("…")], "") + "…"
	}
	return text
}
