package report

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/perpdao/perpquorum/fixtures"
)

func TestChoices(t *testing.T) {
	bundle, err := ReadBundle(bytes.NewReader(fixtures.ExampleVote))
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(bundle)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, row := range r.choices() {
		got = append(got, fmt.Sprint(row.Choice, " ", row.Votes, " ", row.Share, " ", row.Invalid))
	}
	want := []string{"Yes 12 45.3% false", "No 4 4.2% false", "Abstain 4 24.9% false", " 4 25.5% true"}
	if !slices.Equal(got, want) {
		t.Errorf("choices %q, want %q", got, want)
	}
}
