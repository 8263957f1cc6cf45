package report

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// The versions of the bundle file.
const (
	BundleFormat = "perpquorum-bundle/2"
	// BundleFormat1 calls the vote a ballot. A bundle in this format stays in it, and its report
	// in DocumentFormat1, so that its hashes stay the same.
	BundleFormat1 = "perpquorum-bundle/1"
)

// MaxBundleSize bounds the JSON of a bundle, in bytes, after decompression.
const MaxBundleSize = 64 << 20

// ErrBundle is wrapped by ReadBundle for input that is not a bundle of a known
// format at all, so that nothing can be said about what it claims.
var ErrBundle = errors.New("not a readable bundle")

// Bundle is a file with which anyone can recompute a report offline: the
// evidence, and the report that its author claims to follow from it.
type Bundle struct {
	Format string `json:"format"` // BundleFormat or BundleFormat1
	// Generator names the program that wrote the bundle, for display only.
	Generator string `json:"generator,omitempty"`
	// Synthetic says why the evidence is made up; "" for figures of public chains.
	Synthetic string                `json:"synthetic,omitempty"`
	Evidence  *votingpower.Evidence `json:"evidence"`
	// Vote is there for a report on a vote. Its Circulating is Evidence.
	Vote *vote.Evidence `json:"vote,omitempty"`
	// Claim is a Document as JSON.
	Claim json.RawMessage `json:"claim,omitempty"`
}

// bundle1 is a Bundle with the keys of BundleFormat1.
type bundle1 struct {
	Format    string                `json:"format"`
	Generator string                `json:"generator,omitempty"`
	Synthetic string                `json:"synthetic,omitempty"`
	Evidence  *votingpower.Evidence `json:"evidence"`
	Vote      *vote.Evidence        `json:"ballot,omitempty"`
	Claim     json.RawMessage       `json:"claim,omitempty"`
}

// keyed is b, or a view of b, with the keys of its format.
func (b *Bundle) keyed() any {
	if b.Format == BundleFormat1 {
		return (*bundle1)(b)
	}
	return b
}

// digest is the SHA-256 hash, in hex, of all that the bundle says, as compact JSON: what
// `jq -cj 'del(.generator, .claim)'` prints of it.
func (b *Bundle) digest() (string, error) {
	whole := *b
	whole.Generator, whole.Claim = "", nil
	return digest(whole.keyed())
}

// ReadBundle reads a bundle from r, which may be compressed with gzip. It accepts exactly
// what Write writes, spacing and the order of keys aside: unknown, missing and duplicate
// keys, other spellings of a value, and anything behind the end are errors. They wrap
// ErrBundle, or votingpower.ErrEvidence if it is a bundle but its content is not sound.
func ReadBundle(r io.Reader) (*Bundle, error) {
	data, err := readAll(r)
	if err != nil {
		return nil, err
	}
	return parseBundle(data)
}

func parseBundle(data []byte) (*Bundle, error) {
	found, err := values(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	i := slices.IndexFunc(found, func(v value) bool { return v.path == "/format" })
	if i < 0 {
		return nil, fmt.Errorf("%w: it names no format, want %q", ErrBundle, BundleFormat)
	}
	format := found[i].json
	if format != strconv.Quote(BundleFormat) && format != strconv.Quote(BundleFormat1) {
		return nil, fmt.Errorf("%w: format is %s, want %q or %q", ErrBundle, format, BundleFormat, BundleFormat1)
	}
	b, err := decodeBundle(data, found, &Bundle{Format: format[1 : len(format)-1]})
	if err != nil {
		return nil, fmt.Errorf("%w: bundle: %w", votingpower.ErrEvidence, err)
	}
	return b, nil
}

// decodeBundle demands that the bundle has the same values when it is written again. That
// refuses whatever encoding/json is too lenient about: unknown keys, keys in another case,
// other spellings of the same number or time, values that are left out when they are zero.
func decodeBundle(data []byte, found []value, b *Bundle) (*Bundle, error) {
	if err := json.Unmarshal(data, b.keyed()); err != nil {
		return nil, err
	}
	if b.Evidence == nil || b.Claim == nil {
		return nil, errors.New("evidence or claim is missing")
	}
	again, err := json.Marshal(b.keyed())
	if err != nil {
		return nil, err
	}
	want, err := values(again)
	if err != nil {
		return nil, err
	}
	for _, d := range differences(found, want) {
		return nil, fmt.Errorf("%s: found %s, want %s", d.Path, d.Claimed, d.Recomputed)
	}
	return b, nil
}

// readAll reads and decompresses, at most MaxBundleSize bytes.
func readAll(r io.Reader) ([]byte, error) {
	buffered := bufio.NewReader(r)
	r = buffered
	if magic, _ := buffered.Peek(2); string(magic) == "\x1f\x8b" { // an error comes up again below
		gz, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrBundle, err)
		}
		r = gz
	}
	data, err := io.ReadAll(io.LimitReader(r, MaxBundleSize+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	if len(data) > MaxBundleSize {
		return nil, fmt.Errorf("%w: larger than %d MiB", ErrBundle, MaxBundleSize>>20)
	}
	return data, nil
}

// Write writes the bundle to w as compact JSON, compressed with gzip if compress says so. The
// same bundle gives the same bytes. What could not be read again is an error.
func (b *Bundle) Write(w io.Writer, compress bool) error {
	if b.Format == "" || b.Evidence == nil || b.Claim == nil {
		return errors.New("bundle without format, evidence or claim: write the one that Report.Bundle returns")
	}
	data, err := encodeJSON(b.keyed(), "")
	if err != nil {
		return err
	}
	if len(data) > MaxBundleSize {
		return fmt.Errorf("bundle has %d bytes, more than the %d MiB that can be read again", len(data), MaxBundleSize>>20)
	}
	// A hub can answer with text that bundles do not take, such as the same key twice.
	if _, err := parseBundle(data); err != nil {
		return fmt.Errorf("bundle could not be read again: %w", err)
	}
	if !compress {
		_, err = w.Write(data)
		return err
	}
	gz := gzip.NewWriter(w)
	if _, err := gz.Write(data); err != nil {
		return err
	}
	return gz.Close()
}
