package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/urfave/cli/v2"
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

func versionCommand() *cli.Command {
	return &cli.Command{
		Name: "version", Usage: "print module version, commit and Go version",
		Description: `Prints the version of the module, the commit that the program was built from if
the build recorded it, and the version of Go.`,
		Action: func(c *cli.Context) error {
			b := buildInfo()
			_, err := fmt.Fprintf(c.App.Writer, "perpquorum %s\ncommit     %s\ngo         %s %s/%s\n",
				b.version, b.commit, b.golang, runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
