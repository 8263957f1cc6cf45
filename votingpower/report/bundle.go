package report

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"

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

// MaxBundleSize bounds the JSON of a bundle, in bytes, after decompression. A vote of 100,000
// voters who rank 60 choices takes a quarter of it.
const MaxBundleSize = 256 << 20

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
//
// It takes at most ten times the size of the JSON plus 100 MB of memory, whatever is in it.
func ReadBundle(r io.Reader) (*Bundle, error) {
	r, err := decompressed(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	var data bytes.Buffer
	limited := &io.LimitedReader{R: r, N: MaxBundleSize + 1}
	found, err := readFingerprint(io.TeeReader(limited, &data))
	switch {
	case limited.N == 0:
		return nil, fmt.Errorf("%w: larger than %d MiB", ErrBundle, MaxBundleSize>>20)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrBundle, err)
	case found.format == "":
		return nil, fmt.Errorf("%w: it names no format, want %q", ErrBundle, BundleFormat)
	case found.format != BundleFormat && found.format != BundleFormat1:
		return nil, fmt.Errorf("%w: format is %.80q, want %q or %q", ErrBundle, found.format, BundleFormat, BundleFormat1)
	}
	b := &Bundle{Format: found.format}
	if err := b.decode(data.Bytes(), found); err != nil {
		return nil, fmt.Errorf("%w: bundle: %w", votingpower.ErrEvidence, err)
	}
	return b, nil
}

// decompressed reads plain text, and text that is compressed with gzip.
func decompressed(r io.Reader) (io.Reader, error) {
	buffered := bufio.NewReader(r)
	if magic, _ := buffered.Peek(2); string(magic) != "\x1f\x8b" { // an error comes up again later
		return buffered, nil
	}
	return gzip.NewReader(buffered)
}

// decode demands that the bundle says the same when it is written again. That refuses
// whatever encoding/json is too lenient about: unknown keys, keys in another case, other
// spellings of the same number or time, values that are left out when they are zero.
func (b *Bundle) decode(data []byte, found fingerprint) error {
	atFirst := jsonv1.ReportErrorsWithLegacySemantics(false) // encoding/json goes on behind an error
	if err := jsonv2.Unmarshal(data, b.keyed(), jsonv1.DefaultOptionsV1(), atFirst); err != nil {
		return err
	}
	if b.Evidence == nil || b.Claim == nil {
		return errors.New("evidence or claim is missing")
	}
	again, err := b.fingerprint()
	if err != nil || again.sum == found.sum {
		return err
	}
	var text bytes.Buffer
	if err := writeJSON(&text, b.keyed()); err != nil {
		return err
	}
	return firstDifference(data, text.Bytes())
}

// fingerprint is that of the bundle's JSON. An error says why that could not be read again.
func (b *Bundle) fingerprint() (fingerprint, error) {
	text, writer := io.Pipe()
	go func() { writer.CloseWithError(writeJSON(writer, b.keyed())) }()
	f, err := readFingerprint(text)
	text.CloseWithError(err) // so that the writer ends, too
	return f, err
}

// firstDifference says where two JSON texts differ first, with their keys in order.
func firstDifference(found, want []byte) error {
	inOrder := func(text []byte) (*jsontext.Decoder, error) {
		v := jsontext.Value(text).Clone()
		err := v.Format(jsontext.ReorderRawObjects(true))
		return jsontext.NewDecoder(bytes.NewBuffer(v)), err
	}
	a, err := inOrder(found)
	if err != nil {
		return err
	}
	b, err := inOrder(want)
	if err != nil {
		return err
	}
	for {
		got, err := a.ReadToken()
		want, wantErr := b.ReadToken()
		if err := errors.Join(err, wantErr); err != nil {
			return err
		}
		if got.Kind() != want.Kind() || got.String() != want.String() {
			return fmt.Errorf("%.300s: found %.80q, want %.80q", a.StackPointer(), got.String(), want.String())
		}
	}
}

// Write writes the bundle to w as compact JSON, compressed with gzip if compress says so. The same
// bundle gives the same bytes. What could not be read again is an error, and nothing is written.
func (b *Bundle) Write(w io.Writer, compress bool) error {
	if b.Format == "" || b.Evidence == nil || b.Claim == nil {
		return errors.New("bundle without format, evidence or claim: write the one that Report.Bundle returns")
	}
	// A hub can answer with text that bundles do not take, such as the same key twice.
	if _, err := b.fingerprint(); err != nil {
		return fmt.Errorf("bundle could not be read again: %w", err)
	}
	if !compress {
		return b.writeLine(w)
	}
	gz := gzip.NewWriter(w)
	if err := b.writeLine(gz); err != nil {
		return err
	}
	return gz.Close()
}

func (b *Bundle) writeLine(w io.Writer) error {
	err := writeJSON(w, b.keyed())
	if err == nil {
		_, err = io.WriteString(w, "\n")
	}
	return err
}
