package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth bounds the nesting of a bundle's JSON. It has about ten levels, but an encrypted
// choice may turn out to be anything, up to the 100 levels that the hub's database stores,
// and one voter must not keep others from the evidence.
const maxDepth = 128

// maxKeys bounds the keys of one object. A list of voters with their weights has the most.
const maxKeys = 1 << 18

// maxText bounds a text, in bytes, but not one of raw JSON: texts are copied when they are read
// and written again.
const maxText = 8 << 20

// What values of a bundle take in memory, in bytes, and how much they may take together: a
// bundle of honest votes takes about its own size. Raw JSON, such as a choice, takes no more.
const (
	objectMemory = 256
	listMemory   = 48
	textMemory   = 48
	numberMemory = 16
	nullMemory   = 1024 // it may stand for any object
	spareMemory  = 32 << 20
	maxGrowth    = 3
)

// fingerprint is what a JSON text says: texts that differ in spacing, in the spelling of
// strings and in the order of keys alone have the same.
type fingerprint struct {
	sum    [sha256.Size]byte
	format string // the value of the key "format"
	memory int64  // that the values take, in bytes
	size   int64  // of the text, in bytes
	text   []byte // the scalar that was read last
}

// open is an object or list whose end has not been read.
type open struct {
	list    hash.Hash           // of a list: what it holds
	members [][sha256.Size]byte // of an object: each key with its value
	key     string              // of the next member
	raw     bool                // its values are kept as text
}

// readFingerprint reads exactly one JSON text. Duplicate keys, text that is not UTF-8,
// anything behind the end, and what is out of bounds are errors.
func readFingerprint(r io.Reader) (f fingerprint, err error) {
	dec := jsontext.NewDecoder(r)
	stack := []*open{{list: sha256.New()}}
	for {
		isKey := nextIsKey(dec)
		token, err := dec.ReadToken()
		switch {
		case errors.Is(err, io.EOF):
			return f, fmt.Errorf("JSON: %w", io.ErrUnexpectedEOF)
		case err != nil:
			return f, fmt.Errorf("JSON: %w", err)
		case dec.StackDepth() > maxDepth:
			return f, fmt.Errorf("JSON: nested more than %d levels deep", maxDepth)
		case dec.InputOffset() > MaxBundleSize:
			return f, fmt.Errorf("JSON: larger than %d MiB", MaxBundleSize>>20)
		case token.Kind() == '"' && !stack[len(stack)-1].raw && len(token.String()) > maxText:
			return f, fmt.Errorf("JSON: a text of more than %d MiB", maxText>>20)
		case isKey && len(stack[len(stack)-1].members) == maxKeys:
			return f, fmt.Errorf("JSON: an object of more than %d keys", maxKeys)
		case isKey:
			stack[len(stack)-1].key = token.String()
			continue
		}
		stack = f.take(stack, token)
		if dec.StackDepth() == 0 {
			break
		}
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return f, errors.New("JSON: more data behind the end")
	}
	stack[0].list.Sum(f.sum[:0])
	if f.size = dec.InputOffset(); f.memory > maxGrowth*f.size+spareMemory {
		return f, fmt.Errorf("JSON: its %d bytes would take %d MB of memory", f.size, f.memory>>20)
	}
	return f, nil
}

func nextIsKey(dec *jsontext.Decoder) bool {
	container, length := dec.StackIndex(dec.StackDepth())
	return container == '{' && length%2 == 0 && dec.PeekKind() != '}'
}

// take takes a token that is not a key.
func (f *fingerprint) take(stack []*open, token jsontext.Token) []*open {
	last := len(stack) - 1
	top := stack[last]
	switch kind := token.Kind(); kind {
	case '{', '[':
		next := &open{raw: top.raw || isRaw(top.key)}
		if kind == '[' {
			next.list = sha256.New()
		}
		f.use(next.raw, map[bool]int64{true: listMemory, false: objectMemory}[kind == '['])
		return append(stack, next)
	case '}', ']':
		stack[last-1].add(top.sum())
		return stack[:last]
	case '"':
		if last == 1 && top.key == "format" {
			f.format = token.String()
		}
		f.use(top.raw, textMemory)
		f.text = append(append(f.text[:0], '"'), token.String()...)
		top.add(f.text)
	default:
		f.use(top.raw, map[bool]int64{true: nullMemory, false: numberMemory}[kind == 'n'])
		f.text = append(f.text[:0], token.String()...)
		top.add(f.text)
	}
	return stack
}

// use counts memory, but not of raw JSON.
func (f *fingerprint) use(raw bool, bytes int64) {
	if !raw {
		f.memory += bytes
	}
}

// isRaw reports whether the value of a key is kept as text.
func isRaw(key string) bool {
	return slices.Contains([]string{"choice", "params", "plugins", "metadata", "claim"}, key)
}

// add adds a value: a scalar, or the sum of an object or a list.
func (o *open) add(value []byte) {
	var size [8]byte
	if o.list != nil {
		binary.BigEndian.PutUint64(size[:], uint64(len(value)))
		o.list.Write(size[:])
		o.list.Write(value)
		return
	}
	binary.BigEndian.PutUint64(size[:], uint64(len(o.key)))
	o.members = append(o.members, sha256.Sum256(slices.Concat(size[:], []byte(o.key), value)))
}

// sum is the hash of an object or a list, with a mark of which it is.
func (o *open) sum() []byte {
	if o.list != nil {
		return o.list.Sum([]byte{'['})
	}
	slices.SortFunc(o.members, func(a, b [sha256.Size]byte) int { return bytes.Compare(a[:], b[:]) })
	all := sha256.New()
	for _, m := range o.members {
		all.Write(m[:])
	}
	return all.Sum([]byte{'{'})
}
