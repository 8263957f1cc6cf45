//go:build !race

package chains_test

// raced: see the file for the race detector.
const raced = false
