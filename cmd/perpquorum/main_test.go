package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// TestGuarded: a failure of the program itself is one line and exit code 1, without a stack.
func TestGuarded(t *testing.T) {
	err := guarded(func() error { panic("odd") })
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
