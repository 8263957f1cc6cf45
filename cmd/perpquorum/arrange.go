package main

import (
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
)

// commandLine is a command line in the one order that the flag library reads:
// command, flags, "--", arguments.
type commandLine struct {
	argv    []string
	command *cli.Command // nil: the program itself
	help    bool         // asks for help about command, and for nothing else
}

// arrange reads a command line, args[0] being the program's name. The flag
// library itself would take flags behind an argument for arguments, let the
// last of two equal flags win, and print help to standard output about the
// rest; here these are errors.
func arrange(app *cli.App, args []string) (line commandLine, err error) {
	rest := args[min(1, len(args)):]
	if len(rest) > 0 && (rest[0] == "help" || isHelp(rest[0])) {
		line.help, rest = true, rest[1:]
	}
	if len(rest) > 0 && (rest[0] == "--version" || rest[0] == "-version") {
		rest = append([]string{"version"}, rest[1:]...)
	}
	if len(rest) == 0 {
		if !line.help {
			err = hintf(usagef("no command given"), "see perpquorum --help")
		}
		return line, err
	}
	path, command, rest, err := descend(app, rest)
	if err != nil {
		return line, err
	}
	line.command = command
	if line.help = line.help || asksHelp(rest); line.help {
		return line, nil
	}
	flags, arguments, err := sortArguments(command, path, rest)
	if err != nil {
		return line, err
	}
	line.argv = append(path, flags...)
	if len(arguments) > 0 {
		line.argv = append(append(line.argv, "--"), arguments...)
	}
	return line, nil
}

// descend follows command and subcommand names.
func descend(app *cli.App, rest []string) (path []string, command *cli.Command, tail []string, err error) {
	path = []string{app.Name}
	for within := app.Commands; len(within) > 0; within = command.Subcommands {
		where := strings.Join(path, " ")
		if len(rest) == 0 {
			break
		}
		if strings.HasPrefix(rest[0], "-") {
			if command != nil {
				break
			}
			flag := strings.Trim(quote(flagName(rest[0])), `"`)
			return nil, nil, nil, hintf(usagef("flag %s stands before the command", flag), "write %s COMMAND %s …", where, flag)
		}
		i := slices.IndexFunc(within, func(c *cli.Command) bool { return c.HasName(rest[0]) })
		if i < 0 {
			return nil, nil, nil, unknownCommand(within, where, rest[0])
		}
		command, rest = within[i], rest[1:]
		path = append(path, command.Name)
	}
	return path, command, rest, nil
}

func unknownCommand(within []*cli.Command, where, name string) error {
	err := usagef("unknown command %s of %s", quote(name), where)
	var known []string
	for _, c := range within {
		known = append(known, c.Names()...)
	}
	// The library suggests whatever is nearest, however far that is, and
	// nothing in quotes where no name shares a letter.
	near := strings.ToLower(cli.SuggestCommand(within, name))
	if !slices.ContainsFunc(known, func(name string) bool { return strings.Contains(near, strconv.Quote(name)) }) {
		return hintf(err, "see %s --help", where)
	}
	return hintf(err, "%s see %s --help", near, where)
}

// flagName cuts the value off --flag=value.
func flagName(arg string) string {
	name, _, _ := strings.Cut(arg, "=")
	return name
}

// quote repeats an argument in an error, but never a URL: a misplaced endpoint
// URL may hold a key.
func quote(arg string) string {
	if strings.ContainsAny(arg, ":/@") && strings.Contains(arg, "/") {
		return "(a URL or path)"
	}
	return strconv.Quote(arg)
}

func isHelp(arg string) bool { return arg == "-h" || arg == "-help" || arg == "--help" }

// asksHelp looks for a help flag anywhere before "--".
func asksHelp(rest []string) bool {
	if end := slices.Index(rest, "--"); end >= 0 {
		rest = rest[:end]
	}
	return slices.ContainsFunc(rest, isHelp)
}

// sortArguments separates the flags of a command, with their values, from its
// arguments. Both may come in any order; "--" ends the flags.
func sortArguments(command *cli.Command, path, rest []string) (flags, arguments []string, err error) {
	where := strings.Join(path, " ")
	seen := map[string]bool{}
	for len(rest) > 0 {
		arg := rest[0]
		rest = rest[1:]
		if arg == "--" {
			return flags, append(arguments, rest...), nil
		}
		if arg == "-" || !strings.HasPrefix(arg, "-") {
			arguments = append(arguments, arg)
			continue
		}
		_, value, inline := strings.Cut(arg, "=")
		name := strings.TrimLeft(flagName(arg), "-")
		f := findFlag(command, name)
		if f == nil {
			return nil, nil, unknownFlag(command, where, name)
		}
		if seen[f.Names()[0]] && !repeatable(f) {
			return nil, nil, usagef("flag --%s is given twice", name)
		}
		seen[f.Names()[0]] = true
		flags = append(flags, arg)
		if takesValue(f) && !inline && len(rest) > 0 && !strings.HasPrefix(rest[0], "--") {
			value, flags, rest = rest[0], append(flags, rest[0]), rest[1:]
		}
		if takesValue(f) && value == "" {
			return nil, nil, hintf(usagef("flag --%s needs a value", name), "see %s --help", where)
		}
	}
	return flags, arguments, nil
}

func findFlag(command *cli.Command, name string) cli.Flag {
	for _, f := range command.Flags {
		if slices.Contains(f.Names(), name) {
			return f
		}
	}
	return nil
}

func unknownFlag(command *cli.Command, where, name string) error {
	err := usagef("unknown flag %s of %s", quote("--"+name), where)
	if near := cli.SuggestFlag(command.Flags, name, true); near != "" {
		return hintf(err, "did you mean %s? see %s --help", near, where)
	}
	return hintf(err, "see %s --help", where)
}

func takesValue(f cli.Flag) bool {
	d, ok := f.(cli.DocGenerationFlag)
	return ok && d.TakesValue()
}

func repeatable(f cli.Flag) bool {
	d, ok := f.(cli.DocGenerationSliceFlag)
	return ok && d.IsSliceFlag()
}

// arguments returns the arguments of a command that takes exactly want of them.
func arguments(c *cli.Context, names ...string) ([]string, error) {
	got := c.Args().Slice()
	switch {
	case len(got) > len(names):
		return nil, hintf(usagef("unexpected argument %s", quote(got[len(names)])), "see %s --help", c.Command.HelpName)
	case len(got) < len(names):
		return nil, hintf(usagef("%s is missing", names[len(got)]), "see %s --help", c.Command.HelpName)
	}
	return got, nil
}
