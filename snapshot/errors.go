package snapshot

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/perpdao/perpquorum/chains/keyurl"
)

// What a caller may branch on, with errors.Is. An error of this package wraps
// at most one of them; a cancelled or expired context is wrapped as it is.
var (
	// ErrNotFound: the hub answered that it has no such proposal or space.
	ErrNotFound = errors.New("not found on the hub")
	// ErrRefused: the hub understood the request and will refuse it each time:
	// a limit, an unknown field, an address that is not a GraphQL API, bad TLS.
	ErrRefused = errors.New("refused by the hub")
	// ErrAuth: the hub does not accept the API key, or wants one.
	ErrAuth = errors.New("not authorized by the hub")
	// ErrRateLimit: the hub asks to wait longer than the context or
	// [Client].MaxWait allows, or keeps asking.
	ErrRateLimit = errors.New("rate limit of the hub")
	// ErrUnavailable: the hub failed, and failed again when asked again.
	ErrUnavailable = errors.New("hub unavailable")
	// ErrProtocol: the answer is not one that a Snapshot hub gives: no JSON, a
	// null or missing field, a negative figure, somebody else's proposal.
	ErrProtocol = errors.New("unexpected answer of the hub")
	// ErrVotesIncomplete: the votes of a final proposal do not add up to the
	// number the hub counted. See [IncompleteError].
	ErrVotesIncomplete = errors.New("votes incomplete")
	// ErrEndpoint: Client.Endpoint is not an http or https URL.
	ErrEndpoint = errors.New("not a hub endpoint")
)

// HubError is a request that failed. Its text names the host of the hub, never
// its URL or an API key.
type HubError struct {
	Op     string // what was asked, such as "votes of proposal 0x…"
	Host   string // host of the endpoint
	Status int    // HTTP status of the last answer; 0 if there was none
	Detail string // what was found, what to do; text of the hub is cut and cleaned
	Tries  int    // requests made
	Err    error  // one of the sentinels of this package, or the context's error

	transient bool          // asking again may help
	wait      time.Duration // how long the hub asks to wait
}

func (e *HubError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %v", e.Op, e.Err)
	if e.Host != "" {
		fmt.Fprintf(&b, " (%s)", e.Host)
	}
	if e.Detail != "" {
		fmt.Fprintf(&b, ": %s", e.Detail)
	}
	if e.Tries > 1 {
		fmt.Fprintf(&b, "; gave up after %d tries", e.Tries)
	}
	return b.String()
}

func (e *HubError) Unwrap() error { return e.Err }

// FieldError is a field of an answer that no hub should give. It wraps
// [ErrProtocol]. Such a field is never read as zero.
type FieldError struct {
	Object string // such as "proposal 0x…" or "vote 3"
	Field  string // GraphQL name
	Found  string // such as "null", "nothing", "-1"
	Want   string // such as "a number of at least 0"
}

func (e *FieldError) Error() string {
	return fmt.Sprintf("%v: %s: %s is %s, want %s", ErrProtocol, e.Object, e.Field, e.Found, e.Want)
}

func (e *FieldError) Unwrap() error { return ErrProtocol }

// IncompleteError reports how the votes read differ from the final proposal they
// belong to, after a second read gave no better result. [Client.Votes] returns
// the list together with it. It wraps [ErrVotesIncomplete].
type IncompleteError struct {
	Proposal string
	Rows     int  // rows read
	Counted  int  // [Proposal].Votes
	Changed  bool // the hub recounted the votes while they were read
}

func (e *IncompleteError) Error() string {
	if e.Changed {
		return fmt.Sprintf("%v: the hub keeps changing the scores of the final proposal %s while its votes are read; "+
			"try again later", ErrVotesIncomplete, e.Proposal)
	}
	return fmt.Sprintf("%v: the hub lists %d votes of the final proposal %s and counted %d",
		ErrVotesIncomplete, e.Rows, e.Proposal, e.Counted)
}

func (e *IncompleteError) Unwrap() error { return ErrVotesIncomplete }

// maxText is how many characters of foreign text an error repeats.
const maxText = 160

// quote is clean with quotation marks.
func quote(s string) string { return strconv.QuoteToGraphic(clean(s)) }

// clean replaces runs of white space, control and unprintable characters of
// foreign text by single spaces, and cuts it.
func clean(s string) string {
	if len(s) > 8*maxText { // bound the work on a body of megabytes
		s = s[:8*maxText]
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	words := strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) })
	return keyurl.Cut(strings.Join(words, " "), maxText)
}
