package main

import (
	"fmt"
	"slices"
	"strings"
)

// enumFlag is the value of a flag that takes one of a few words. The first is
// the default.
type enumFlag struct {
	values []string
	chosen string
}

// Set implements flag.Value.
func (f *enumFlag) Set(s string) error {
	if !slices.Contains(f.values, s) {
		return fmt.Errorf("want %s", orList(f.values))
	}
	f.chosen = s
	return nil
}

// String implements flag.Value.
func (f *enumFlag) String() string {
	if f.chosen == "" && len(f.values) > 0 {
		return f.values[0]
	}
	return f.chosen
}

func orList(values []string) string {
	if len(values) < 2 {
		return strings.Join(values, "")
	}
	last := len(values) - 1
	return strings.Join(values[:last], ", ") + " or " + values[last]
}
