package main

import (
	"bytes"
	"os"
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
			p := &progress{w: &out, plain: test.plain}
			p.say("reading %d values", 3)
			p.clear()
			p.clear()
			if out.String() != test.want {
				t.Errorf("found %q, want %q", out.String(), test.want)
			}
		})
	}
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
	p.clear()
	if info, err := file.Stat(); err != nil || info.Size() > 0 {
		t.Errorf("found %d bytes, %v", info.Size(), err)
	}
}
