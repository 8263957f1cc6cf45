package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/votingpower/report"
)

// TestGuarded: a failure of the program itself is one line and exit code 1, without a stack, also
// in what works side by side.
func TestGuarded(t *testing.T) {
	err := guarded(func() error {
		_, err := chains.SideBySide(t.Context(), []int{1, 2}, func(_ context.Context, n int) (int, error) {
			if n == 2 {
				panic("odd")
			}
			return n, nil
		})
		return err
	})
	var out bytes.Buffer
	printError(&out, err)
	want := "perpquorum: error: the program failed: odd\nperpquorum: hint: this is a bug"
	got := out.String()
	if exitCode(err) != exitTrouble || !strings.HasPrefix(got, want) || strings.Contains(got, "goroutine") {
		t.Errorf("exit code %d: %s", exitCode(err), got)
	}
}

// TestInTime: a computation is left behind when the time is up, and may fail or panic.
func TestInTime(t *testing.T) {
	if n, err := inTime(t.Context(), func() (int, error) { return 7, nil }); n != 7 || err != nil {
		t.Errorf("found %d, %v", n, err)
	}
	_, err := inTime(t.Context(), func() (int, error) { panic("odd") })
	if err == nil || !strings.Contains(err.Error(), "odd") {
		t.Errorf("found %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	stop := make(chan struct{})
	defer close(stop)
	n, err := inTime(ctx, func() (int, error) {
		<-stop
		return 7, nil
	})
	if n != 0 || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("found %d, %v", n, err)
	}
}

// TestDescribeDifferences: a claim that differs everywhere does not fill the terminal.
func TestDescribeDifferences(t *testing.T) {
	lines := strings.Split(describeDifferences(make([]report.Difference, 150)), "\n")
	first, last := lines[0], lines[len(lines)-1]
	if len(lines) != 102 || first != "150 differences between claim and evidence" || last != "and 50 more" {
		t.Errorf("%d lines, from %q to %q", len(lines), first, last)
	}
}
