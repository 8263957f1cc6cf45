package main

import (
	"fmt"
	"slices"
	"strings"
)

// choice is the value of a flag that takes one of a few words. The first is
// the default.
type choice struct {
	values []string
	chosen string
}

// Set implements flag.Value.
func (c *choice) Set(s string) error {
	if !slices.Contains(c.values, s) {
		return fmt.Errorf("want %s", orList(c.values))
	}
	c.chosen = s
	return nil
}

// String implements flag.Value.
func (c *choice) String() string {
	if c.chosen == "" && len(c.values) > 0 {
		return c.values[0]
	}
	return c.chosen
}

func orList(values []string) string {
	if len(values) < 2 {
		return strings.Join(values, "")
	}
	last := len(values) - 1
	return strings.Join(values[:last], ", ") + " or " + values[last]
}
