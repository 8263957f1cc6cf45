package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
)

// build says what the program was built from.
type build struct{ version, commit, golang string }

func buildInfo() build {
	b := build{version: "(unknown)", commit: "(unknown)", golang: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if info.Main.Version != "" {
		b.version = info.Main.Version
	}
	modified := false
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			b.commit = setting.Value
		case "vcs.modified":
			modified = setting.Value == "true"
		}
	}
	if modified {
		b.commit += " with local changes"
	}
	return b
}

func versionCommand() *command {
	return &command{
		name: "version", usage: "print module version, commit and Go version",
		description: `Prints the version of the module, the commit that the program was built from if
the build recorded it, and the version of Go.`,
		run: func(_ context.Context, in invocation) error {
			b := buildInfo()
			_, err := fmt.Fprintf(in.stdout, "perpquorum %s\ncommit     %s\ngo         %s %s/%s\n",
				b.version, b.commit, b.golang, runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
