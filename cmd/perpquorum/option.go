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
)

// option is a flag of a command, bound to where its value goes.
type option struct {
	name     string
	category string
	usage    string   // has the word for its value in backquotes; an option without one takes no value
	initial  string   // what the help says about its default
	env      string   // the variable that it is read from where it is not given
	values   []string // to choose from, or to complete
	many     bool     // may be repeated
	secret   bool     // its value may hold a key, and is never repeated
	set      func(string) error
}

// word stands for the flag's value in the help; it is "" if it takes none.
func (f option) word() string {
	if parts := strings.Split(f.usage, "`"); len(parts) > 1 {
		return parts[1]
	}
	return ""
}

// label is the flag with its word, as the help shows it.
func (f option) label() string { return strings.TrimSpace("--" + f.name + " " + f.word()) }

// text is the usage with the default and the variable.
func (f option) text() string {
	text := strings.ReplaceAll(f.usage, "`", "")
	if f.initial != "" {
		text += fmt.Sprintf(" (default: %s)", f.initial)
	}
	if f.env != "" {
		text += fmt.Sprintf(" (environment: %s)", f.env)
	}
	return text
}

// give sets the flag; origin names it, or the variable that the value comes from.
func (f option) give(origin, value string) error {
	err := f.set(value)
	var coded *codedError
	switch {
	case err == nil || errors.As(err, &coded):
		return err
	case f.secret:
		return usagef("%s: %w", origin, err)
	}
	return usagef("%s %s: %w", origin, quote(value), err)
}

func setText(to *string) func(string) error {
	return func(value string) error {
		*to = value
		return nil
	}
}

// setHash takes a SHA-256 hash in hex.
func setHash(to *string) func(string) error {
	return func(value string) error {
		hash, err := hex.DecodeString(value)
		if err != nil || len(hash) != sha256.Size {
			return errors.New("want 64 hex digits")
		}
		*to = hex.EncodeToString(hash)
		return nil
	}
}

func setBool(to *bool) func(string) error {
	return func(value string) (err error) {
		if *to, err = strconv.ParseBool(value); err != nil {
			return errors.New("want true or false")
		}
		return nil
	}
}

func setDuration(to *time.Duration) func(string) error {
	return func(value string) error {
		d, err := time.ParseDuration(value)
		if err != nil || d <= 0 {
			return errors.New("want a positive duration such as 90s or 10m")
		}
		*to = d
		return nil
	}
}

func setTime(to *time.Time) func(string) error {
	return func(value string) (err error) {
		*to, err = parseTime(value)
		return err
	}
}

// enumFlag takes one of a few words, of which the first is the default.
func formatFlag(category string, to *string, values ...string) option {
	*to = values[0]
	return option{
		name: "format", category: category, initial: values[0], values: values,
		usage: "output `FORMAT`: " + orList(values),
		set: func(value string) error {
			if !slices.Contains(values, value) {
				return errors.New("want " + orList(values))
			}
			*to = value
			return nil
		},
	}
}

func orList(values []string) string {
	last := len(values) - 1
	return strings.Join(values[:last], ", ") + " or " + values[last]
}

// setCount takes a number of endpoints.
func setCount(to *int) func(string) error {
	return func(value string) error {
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 {
			return errors.New("want a whole number of 1 or more")
		}
		*to = n
		return nil
	}
}

// setRate takes a number of calls per second.
func setRate(to *float64) func(string) error {
	return func(value string) error {
		x, err := strconv.ParseFloat(value, 64)
		if err != nil || !(x >= 0) || math.IsInf(x, 0) {
			return errors.New("want a number of calls per second")
		}
		*to = x
		return nil
	}
}
