package history_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/perpdao/perpquorum/fixtures"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/history"
	"github.com/perpdao/perpquorum/votingpower/report"
)

// The folder holds the built-in example, whose figures are made up.
func ExampleLoad() {
	dir, err := os.MkdirTemp("", "votes")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	b, err := report.ReadBundle(bytes.NewReader(fixtures.ExampleVote))
	if err != nil {
		log.Fatal(err)
	}
	file := filepath.Join(dir, b.Vote.Proposal.ID+".json.gz")
	if err := os.WriteFile(file, fixtures.ExampleVote, 0o600); err != nil {
		log.Fatal(err)
	}

	m := votingpower.PERP()
	h, err := history.Load(context.Background(), m, m.Space, history.Options{Folder: &history.Folder{Dir: dir}})
	if err != nil {
		log.Fatal(err)
	}
	for _, v := range h.Votes {
		fmt.Println(v.End.UTC, v.Verdict, "by", v.Margin)
		fmt.Println(v.Marks)
	}
	// Output:
	// Fri, 26 May 2023 14:39:35 GMT reached by 54677120.9036464210090747001
	// Synthetic figures · Development chain
}
