package report

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// BundleFormat names the version of the bundle file.
const BundleFormat = "perpquorum-bundle/1"

// MaxBundleSize bounds the JSON of a bundle, in bytes, after decompression.
const MaxBundleSize = 64 << 20

// ErrBundle is wrapped by ReadBundle for input that is not a bundle of a known
// format at all, so that nothing can be said about what it claims.
var ErrBundle = errors.New("not a readable bundle")

// Bundle is a file with which anyone can recompute a report offline: the
// evidence, and the report that its author claims to follow from it.
type Bundle struct {
	Format string `json:"format"` // BundleFormat
	// Generator names the program that wrote the bundle, for display only.
	Generator string `json:"generator,omitempty"`
	// Synthetic says why the evidence is made up; "" for figures of public chains.
	Synthetic string                `json:"synthetic,omitempty"`
	Evidence  *votingpower.Evidence `json:"evidence"`
	// Vote is there for a report on a vote. Its Circulating is Evidence.
	Vote *vote.Evidence `json:"ballot,omitempty"`
	// Claim is a Document as JSON.
	Claim json.RawMessage `json:"claim"`
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
	found, err := leaves(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	var header struct {
		Format string `json:"format"`
	}
	if err := json.Unmarshal(data, &header); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	if header.Format != BundleFormat {
		return nil, fmt.Errorf("%w: format is %q, want %q", ErrBundle, header.Format, BundleFormat)
	}
	b, err := decodeBundle(data, found)
	if err != nil {
		return nil, fmt.Errorf("%w: bundle: %w", votingpower.ErrEvidence, err)
	}
	return b, nil
}

func decodeBundle(data []byte, found []leaf) (*Bundle, error) {
	var b Bundle
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&b); err != nil {
		return nil, err
	}
	if b.Evidence == nil {
		return nil, errors.New("evidence is missing")
	}
	if b.Claim == nil {
		return nil, errors.New("claim is missing")
	}
	// Writing it again must give the same leaves. That refuses whatever the decoder
	// is too lenient about: keys in another case, other spellings of the same number or
	// time, values that are left out when they are zero.
	again, err := json.Marshal(&b)
	if err != nil {
		return nil, err
	}
	want, err := leaves(again)
	if err != nil {
		return nil, err
	}
	for _, d := range differences(found, want) {
		return nil, fmt.Errorf("%s: found %s, want %s", d.Path, d.Claimed, d.Recomputed)
	}
	return &b, nil
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

// Write writes the bundle to w as JSON, compressed with gzip if compress says so. The same
// bundle gives the same bytes. What could not be read again is an error.
func (b *Bundle) Write(w io.Writer, compress bool) error {
	if b.Format != BundleFormat || b.Evidence == nil || b.Claim == nil {
		return errors.New("bundle without format, evidence or claim: write the one that Report.Bundle returns")
	}
	data, err := encodeJSON(b, "  ")
	if err != nil {
		return err
	}
	if len(data) > MaxBundleSize {
		return fmt.Errorf("bundle has %d bytes, more than the %d MiB that can be read again", len(data), MaxBundleSize>>20)
	}
	if lines := bytes.Count(data, []byte("\n")); lines > maxLeaves { // a value takes a line or more
		return fmt.Errorf("bundle has %d lines, more than the %d values that can be read again", lines, maxLeaves)
	}
	// A hub can answer with text that bundles do not take, such as a key that stands twice.
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
