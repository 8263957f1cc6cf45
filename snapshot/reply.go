package snapshot

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// DecodeProposal reads a proposal from a reply of a hub, such as a saved file:
// {"data":{"proposal":{…}}} or a part of it. Fields that decide nothing may be
// missing: author, created, flagged, ipfs, link, privacy, state, title and
// updated. The rest of what its author signed (body, discussion, labels, plugins
// and app) is read if all that was signed is there.
//
// It returns [ErrNotFound] for null, [ErrRefused] for a reply with errors, and a
// [FieldError] for a proposal that is not whole.
func DecodeProposal(reply []byte) (*Proposal, error) {
	raw, err := unwrap(reply, "proposal")
	if err != nil {
		return nil, err
	}
	if isNull(raw) {
		return nil, fmt.Errorf("proposal: %w", ErrNotFound)
	}
	f := newFields("proposal", raw)
	if !f.has("author", "created", "privacy", "title", "updated") {
		delete(f.raw, "plugins")
	}
	f.fill(`null`, "ipfs", "link", "privacy", "state", "updated", "flagged")
	f.fill(`""`, "author", "title")
	f.fill(`0`, "created")
	return decodeProposal(f)
}

// maxSaved bounds the rows of a saved reply, several times the largest vote there was.
const maxSaved = 1 << 20

// DecodeVotes reads votes from a reply of a hub, such as a saved file:
// {"data":{"votes":[…]}}, a part of it, or one vote after the other. Of a vote,
// ipfs and vp_state may be missing; reason, app and metadata are read if all
// three are there.
//
// The error joins a [FieldError] for each row that is not a vote, of a hundred at
// most; the votes of the other rows come with it. Nothing shows whether the votes are complete.
func DecodeVotes(reply []byte) ([]Vote, error) {
	rows, err := values(reply)
	switch {
	case err != nil:
		return nil, err
	case len(rows) == 0:
		return nil, noValue(1, "nothing")
	case len(rows) == 1:
		raw, err := unwrap(rows[0], "votes")
		if err != nil {
			return nil, err
		}
		if list, ok := listOf(maxSaved)(raw); ok {
			rows = list
		}
	}
	votes, odd := decodeRows("votes", rows, func(f *fields) (*Vote, error) {
		f.fill(`null`, "ipfs")
		f.fill(`""`, "vp_state")
		return decodeVote(f)
	})
	return votes, errors.Join(odd...)
}

// values splits text into JSON values that follow one another.
func values(text []byte) (values []json.RawMessage, err error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	for {
		var value json.RawMessage
		switch err := dec.Decode(&value); {
		case err == io.EOF:
			return values, nil
		case err != nil:
			return nil, noValue(len(values)+1, err.Error())
		}
		values = append(values, value)
	}
}

func noValue(number int, found string) error {
	return &FieldError{Object: "reply", Field: fmt.Sprintf("value %d", number), Found: found, Want: "JSON"}
}

// unwrap takes what is called name out of {"data":{name:…}} or {name:…}, and
// returns anything else as it is.
func unwrap(reply json.RawMessage, name string) (json.RawMessage, error) {
	for _, key := range []string{"data", name} {
		object, ok := parseObject(reply)
		if !ok {
			return reply, nil
		}
		if failed := object["errors"]; len(failed) > 0 && !isNull(failed) {
			return nil, fmt.Errorf("%s: %w: %s", name, ErrRefused, clean(string(failed)))
		}
		if inner, ok := object[key]; ok {
			reply = inner
		}
	}
	return reply, nil
}
