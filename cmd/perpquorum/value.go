package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
)

// value is what a flag takes that is more than any text: it is checked, and put
// into the options of its command.
type value struct {
	set   func(string) error
	words []string // to choose from, or to complete
	many  bool     // the flag may be repeated
	text  string   // the last one
	err   error    // what is wrong with it; the library reduces it to text
}

// Set implements cli.Generic.
func (v *value) Set(text string) error {
	v.text, v.err = text, v.set(text)
	return v.err
}

// String implements cli.Generic. Flags say themselves what their default is.
func (v *value) String() string { return "" }

// parsed is a value that parse reads.
func parsed[T any](to *T, parse func(string) (T, error), words ...string) *value {
	return &value{words: words, set: func(text string) (err error) {
		*to, err = parse(text)
		return err
	}}
}

// repeated is a value that add puts beside those before it.
func repeated(words []string, add func(string) error) *value {
	return &value{words: words, many: true, set: add}
}

// valueOf returns the value of a flag that takes more than any text.
func valueOf(f cli.Flag) *value {
	if g, ok := f.(*cli.GenericFlag); ok {
		return g.Value.(*value)
	}
	return &value{}
}

// valueFault finds the error of the value that the library reports as text.
func valueFault(c *cli.Context, err error, _ bool) error {
	for _, f := range c.Command.Flags {
		var coded *codedError
		if v := valueOf(f); errors.As(v.err, &coded) {
			err = v.err
		} else if v.err != nil {
			err = fmt.Errorf("--%s %s: %w", f.Names()[0], quote(v.text), v.err)
		}
	}
	return seeHelp(c.Command, misuse(err))
}

func formatFlag(category string, to *string, words ...string) cli.Flag {
	return wordFlag("format", category, "output `FORMAT`: ", to, words...)
}

// wordFlag takes one of a few words, of which the first is the default.
func wordFlag(name, category, usage string, to *string, words ...string) cli.Flag {
	*to = words[0]
	return &cli.GenericFlag{Name: name, Category: category, DefaultText: words[0], Usage: usage + alternatives(words),
		Value: oneOf(to, words)}
}

// oneOf is a value that takes one of a few words.
func oneOf[T ~string](to *T, words []T) *value {
	var texts []string
	for _, word := range words {
		texts = append(texts, string(word))
	}
	return parsed(to, func(text string) (T, error) {
		if !slices.Contains(texts, text) {
			return "", errors.New("want " + alternatives(texts))
		}
		return T(text), nil
	}, texts...)
}

// alternatives lists words, such as "text, csv or json".
func alternatives(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

func anyText(text string) (string, error) { return text, nil }

func parseDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, errors.New("want a positive duration such as 90s or 10m")
	}
	return d, nil
}

// parseHash reads a SHA-256 hash in hex.
func parseHash(text string) (string, error) {
	hash, err := hex.DecodeString(text)
	if err != nil || len(hash) != sha256.Size {
		return "", errors.New("want 64 hex digits")
	}
	return hex.EncodeToString(hash), nil
}

// parseCount reads a number of endpoints.
func parseCount(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, errors.New("want a whole number of 1 or more")
	}
	return n, nil
}

// parseRate reads a number of calls per second.
func parseRate(text string) (float64, error) {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || !(x >= 0) || math.IsInf(x, 0) {
		return 0, errors.New("want a number of calls per second")
	}
	return x, nil
}
