package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/urfave/cli/v2"

	"github.com/perpdao/perpquorum/votingpower/report"
)

// build says what the program was built from, and is the JSON of the command version.
type build struct {
	Format  string `json:"format"`
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Go      string `json:"go"`
	System  string `json:"system"` // such as "linux/amd64"
}

func buildInfo() build {
	b := build{"perpquorum-version/1", "(unknown)", "(unknown)", runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if info.Main.Version != "" {
		b.Version = info.Main.Version
	}
	modified := false
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			b.Commit = setting.Value
		case "vcs.modified":
			modified = setting.Value == "true"
		}
	}
	if modified {
		b.Commit += " with local changes"
	}
	return b
}

func versionCommand() *cli.Command {
	format := ""
	return &cli.Command{
		Name: "version", Usage: "print module version, commit and Go version",
		Description: `Prints the version of the module, the commit that the program was built from if
the build recorded it, and the version of Go.`,
		Flags: []cli.Flag{formatFlag("Output", &format, "text", "json")},
		Action: func(c *cli.Context) error {
			b := buildInfo()
			return printAs(c.App.Writer, format, b,
				fmt.Sprintf("perpquorum %s\ncommit     %s\ngo         %s %s\n", b.Version, b.Commit, b.Go, b.System))
		},
	}
}

// printAs prints data as JSON, or else the text that says the same, with lines of at most 80 columns.
func printAs(w io.Writer, format string, data any, text string) error {
	if format == "json" {
		return report.WriteJSON(w, data)
	}
	_, err := io.WriteString(w, report.Wrap(text, 6))
	return err
}
