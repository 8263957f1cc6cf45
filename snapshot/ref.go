package snapshot

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// ErrProposalRef marks text that names no proposal of a Snapshot hub.
var ErrProposalRef = errors.New("not a Snapshot proposal")

const wantRef = "want an id (" + idForms + ") or a URL that ends in one"

// idForms names the three forms of ids.
const idForms = "0x and 64 hex digits, Qm…, or bafkrei…"

// ProposalRef names a proposal.
type ProposalRef struct {
	ID    string // "0x" and 64 lower-case hex digits, a CIDv0 ("Qm…"), or a CIDv1 ("bafkrei…")
	Space string // the space that the URL names; "" if it names none
}

// ParseProposalRef reads a proposal's id, or any URL that ends in one:
//
//	0xb2a5…                                             an id (32 bytes, hex)
//	QmWbpC…                                             an id from before 2023 (CIDv0)
//	bafkrei…                                            an id of 2022 (CIDv1)
//	https://snapshot.org/#/vote-perp.eth/proposal/0x…   the older site
//	https://snapshot.box/#/s:vote-perp.eth/proposal/0x… the newer site
//	https://vote.example.org/#/proposal/0x…             a DAO's own domain
//
// A trailing slash, a query and a tab of the proposal's page (votes,
// discussion, execution) after the id are ignored. Errors wrap [ErrProposalRef], and
// repeat no URL: it may be that of an endpoint, with a key.
func ParseProposalRef(s string) (ProposalRef, error) {
	s = strings.TrimSpace(s)
	path, fragment, _ := strings.Cut(s, "#")
	if _, rest, ok := strings.Cut(path, "://"); ok {
		path = rest
	}
	if _, rest, ok := strings.Cut(path, "/"); ok {
		path = rest // what comes first is the host, never a space
	}
	inPath, errPath := refInPath(path)
	inFragment, errFragment := refInPath(fragment)
	switch {
	case errPath == nil && errFragment == nil && inPath.ID != inFragment.ID:
		return ProposalRef{}, fmt.Errorf("%w: %s names two proposals, %s and %s",
			ErrProposalRef, name(s), inPath.ID, inFragment.ID)
	case errFragment == nil:
		return inFragment, nil
	case errPath == nil:
		return inPath, nil
	case s == "":
		return ProposalRef{}, fmt.Errorf("%w: found nothing, %s", ErrProposalRef, wantRef)
	}
	if fragment != "" {
		errPath = errFragment
	}
	return ProposalRef{}, fmt.Errorf("%w: %s: %w; %s", ErrProposalRef, name(s), errPath, wantRef)
}

// name repeats a word, but nothing that may be a URL.
func name(s string) string {
	if strings.ContainsAny(s, `/\:?#@`) {
		return "the URL given"
	}
	return quote(s)
}

// refInPath finds the proposal in one half of a URL, the part before or after
// its "#"; the single-page sites keep the whole path after it.
func refInPath(path string) (ProposalRef, error) {
	path, _, _ = strings.Cut(path, "?")
	segments := strings.Split(strings.TrimRight(path, "/"), "/")
	last := len(segments) - 1
	switch segments[last] {
	case "votes", "discussion", "execution": // tabs of the proposal's page
		last--
	}
	if last < 0 {
		return ProposalRef{}, errors.New("found no id")
	}
	id, ok := proposalID(segments[last])
	if !ok {
		return ProposalRef{}, badID(segments[last])
	}
	ref := ProposalRef{ID: id}
	if last >= 2 && segments[last-1] == "proposal" {
		ref.Space = spaceID(segments[last-2])
	}
	return ref, nil
}

// spaceID reads the segment that names a space: "vote-perp.eth", with the
// prefix "s:" (or "s-tn:" for the test network) on the newer site. It returns
// "" for anything else, such as the "" or "#" before a custom domain's path.
func spaceID(segment string) string {
	name, err := url.PathUnescape(segment)
	if err != nil {
		return ""
	}
	for _, prefix := range []string{"s:", "s-tn:"} {
		name = strings.TrimPrefix(name, prefix)
	}
	if !strings.Contains(name, ".") || strings.ContainsFunc(name, notInSpaceID) {
		return ""
	}
	return name
}

// notInSpaceID reports the characters that tell a host with port, a scheme or
// junk from a space's id, which is an ENS name and may be in any script.
func notInSpaceID(r rune) bool {
	return r <= ' ' || r == 0x7f || strings.ContainsRune(`/:\"'<>?#%@`, r)
}

// proposalID returns the id in the hub's spelling.
func proposalID(s string) (string, bool) {
	switch {
	case len(s) == 66 && strings.HasPrefix(s, "0x") && isHex(s[2:]):
		return strings.ToLower(s), true
	case isCIDv0(s), isCIDv1(s):
		return s, true
	}
	return "", false
}

// badID says what is wrong with text in the place of an id, without repeating it.
func badID(s string) error {
	switch {
	case strings.HasPrefix(s, "0x") && isHex(s[2:]):
		return fmt.Errorf("found %d hex digits, an id has 64", len(s)-2)
	case strings.HasPrefix(s, "0x"):
		return errors.New("what follows 0x is not hexadecimal")
	case strings.HasPrefix(s, "Qm"):
		return fmt.Errorf("found %d characters, a Qm… id has 46 of base58", len(s))
	case strings.HasPrefix(s, "bafkrei"):
		return fmt.Errorf("found %d characters, a bafkrei… id has 59 of a–z and 2–7", len(s))
	}
	return errors.New("found no id")
}

func isHex(s string) bool { return strings.Trim(s, "0123456789abcdefABCDEF") == "" }

// isCIDv0 reports whether s is a version 0 IPFS content id: a base58 sha2-256
// multihash, which always begins with "Qm".
func isCIDv0(s string) bool {
	const base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	return len(s) == 46 && strings.HasPrefix(s, "Qm") && strings.Trim(s, base58) == ""
}

// isCIDv1 reports whether s is a version 1 IPFS content id of a file's bytes: a sha2-256
// hash in base32, which always begins with "bafkrei".
func isCIDv1(s string) bool {
	return len(s) == 59 && strings.HasPrefix(s, "bafkrei") && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz234567") == ""
}
