//go:build race

package chains_test

// raced says that the race detector is on, under which some rows of the matrix
// take ten times as long: they are tried in fewer variants then.
const raced = true
