package main

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// endings are those of files, with the format that each stands for.
var endings = map[string]string{
	".txt": "text", ".md": "markdown", ".json": "json", ".csv": "csv", ".html": "html", ".svg": "svg",
	".png": "png",
}

// addOutput gives a command that prints the flag -o, and --json where it has that format.
func addOutput(c *cli.Command) {
	const category = "Output"
	file, json, action := "", false, c.Action
	output := &cli.PathFlag{Name: "output", Aliases: []string{"o"}, Category: category, Destination: &file,
		Usage: "write to `FILE` instead of standard output; an existing file is replaced"}
	flags := []cli.Flag{output}
	if findFlag(c, "format") != nil {
		output.Usage += ", and the ending decides the format where --format does not"
		flags = append(flags, &cli.BoolFlag{Name: "json", Category: category, Destination: &json,
			Usage: "the same as --format json"})
	}
	// They stand behind the other flags of the category.
	at := len(c.Flags)
	for i, f := range c.Flags {
		if f.(cli.CategorizableFlag).GetCategory() == category {
			at = i + 1
		}
	}
	c.Flags = slices.Insert(slices.Clone(c.Flags), at, flags...)
	c.Action = func(ctx *cli.Context) error {
		if err := setFormat(ctx, file, json); err != nil {
			return err
		}
		if file == "" {
			return action(ctx)
		}
		return printTo(ctx, file, action)
	}
}

// setFormat chooses the format by --json, or by the ending of a file.
func setFormat(ctx *cli.Context, file string, json bool) error {
	format := findFlag(ctx.Command, "format")
	switch {
	case format == nil:
		return nil
	case json && ctx.IsSet("format") && valueOf(format).text != "json":
		return usagef("--json and --format %s exclude each other", valueOf(format).text)
	case json:
		return ctx.Set("format", "json")
	case file == "" || ctx.IsSet("format"):
		return nil
	}
	if name, ok := endings[filepath.Ext(file)]; ok && slices.Contains(valueOf(format).words, name) {
		return ctx.Set("format", name)
	}
	var known []string
	for ending, name := range endings {
		if slices.Contains(valueOf(format).words, name) {
			known = append(known, ending)
		}
	}
	slices.Sort(known)
	err := usagef("-o %s: its ending names no format here, want one of %s, or --format",
		quote(file), strings.Join(known, ", "))
	if slices.Contains(valueOf(format).words, file) {
		err = hintf(err, "write --format %s; -o is for the name of a file", file)
	}
	return err
}

// printTo runs a command that writes what it prints to a file, whole or not at all: where there
// is something to print, a verdict included.
func printTo(ctx *cli.Context, file string, action cli.ActionFunc) error {
	if _, err := outputFile(file); err != nil {
		return err
	}
	if what := namedToo(ctx, file); what != "" {
		return usagef("-o and %s name the same file", what)
	}
	var printed bytes.Buffer
	stdout := ctx.App.Writer
	ctx.App.Writer = &printed
	err := action(ctx)
	ctx.App.Writer = stdout
	if verdict := verdictError(0); err != nil && !errors.As(err, &verdict) {
		return err
	}
	writing := writeWhole(file, func(w io.Writer) error {
		_, err := printed.WriteTo(w)
		return err
	})
	if writing != nil {
		return writing
	}
	return err
}

// namedToo says what else of a command names a file: a flag or an argument; "" if nothing does.
func namedToo(ctx *cli.Context, file string) string {
	for _, name := range []string{"evidence", "model", "bundle", "endpoints", "file"} {
		flag := findFlag(ctx.Command, name)
		if flag != nil && sameFile(file, cmp.Or(ctx.Path(name), valueOf(flag).text)) {
			return "--" + name
		}
	}
	for _, arg := range ctx.Args().Slice() {
		if sameFile(file, arg) {
			return "an argument"
		}
	}
	return ""
}

// sameFile reports whether two names are of one file, which need not be there.
func sameFile(a, b string) bool {
	if a == "" || b == "" {
		return false
	}
	first, errA := os.Stat(a)
	second, errB := os.Stat(b)
	if errA == nil && errB == nil {
		return os.SameFile(first, second)
	}
	return fullPath(a) == fullPath(b)
}

// fullPath is the path of a file that need not be there, without links in its directory.
func fullPath(name string) string {
	if dir, err := filepath.EvalSymlinks(filepath.Dir(name)); err == nil {
		name = filepath.Join(dir, filepath.Base(name))
	}
	if full, err := filepath.Abs(name); err == nil {
		return full
	}
	return name
}
