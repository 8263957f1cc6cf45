package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

func TestProgress(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		plain bool
		want  string
	}{
		"a line that is wiped": {false, "\r\x1b[Kperpquorum: reading 3 values …\r\x1b[K"},
		"plain lines":          {true, "perpquorum: reading 3 values\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			p := &progress{w: &out, plain: test.plain, width: func() int { return 80 }}
			p.say("reading %d values", 3)
			p.clear()
			p.clear()
			if out.String() != test.want {
				t.Errorf("found %q, want %q", out.String(), test.want)
			}
		})
	}
}

// TestProgressWidths: the line is the longest form that leaves the last column free.
func TestProgressWidths(t *testing.T) {
	t.Parallel()
	const reading = "perpquorum: reading the voters' power"
	tests := map[string]struct {
		columns int
		do      func(p *progress)
		want    string
	}{
		"80": {80, readingVotes, reading + ": votes 3,000/6,300; reads 1,200/18,900 6%"},
		"60": {60, readingVotes, "perpquorum: votes 3,000/6,300; reads 1,200/18,900 6%"},
		"41": {41, readingVotes, "votes 3,000/6,300; reads 1,200/18,900 6%"},
		"40": {40, readingVotes, "votes 3,000/6,300; reads 1,200/18,900"},
		"24": {24, readingVotes, "reads 1,200/18,900 6%"},
		"8":  {8, readingVotes, "6%"},
		"1":  {1, readingVotes, ""},
		"votes alone": {80, func(p *progress) { p.say("reading"); p.say("votes 1/2") },
			"perpquorum: reading: votes 1/2"},
		"no counts":          {80, func(p *progress) { p.say("reading the voters' power") }, reading + " …"},
		"no counts, narrow":  {20, func(p *progress) { p.say("reading the voters' power") }, "reading the voters'"},
		"no room, and a cut": {2, func(p *progress) { p.say("reading") }, "r"},
	}
	for name, test := range tests {
		var out bytes.Buffer
		p := &progress{w: &out, width: func() int { return test.columns }}
		test.do(p)
		lines := strings.Split(out.String(), "\r\x1b[K")
		if got := lines[len(lines)-1]; got != test.want {
			t.Errorf("%s: found %q, want %q", name, got, test.want)
		}
	}
}

func readingVotes(p *progress) {
	p.say("reading the voters' power")
	p.say("votes 3,000/6,300")
	p.read(0, 18900)
	p.read(1200, 0)
}

// TestProgressOffTerminal gives it what is not a terminal.
func TestProgressOffTerminal(t *testing.T) {
	t.Parallel()
	file, err := os.Create(t.TempDir() + "/stderr")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	p := newProgress(file)
	p.say("anything")
	p.read(0, 1)
	p.clear()
	p.tell("a look at %s", "it\x1b")
	if text, err := os.ReadFile(file.Name()); err != nil || string(text) != "perpquorum: a look at it\n" {
		t.Errorf("found %q, %v", text, err)
	}
}
