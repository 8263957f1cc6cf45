package main

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
)

// commandLine is a command line in the one order that the flag library reads:
// command, flags, "--", arguments.
type commandLine struct {
	argv    []string
	command *cli.Command // nil: the program itself
	help    bool         // asks for help about command, and for nothing else
}

// parseArgs reads a command line, args[0] being the program's name. The flag
// library itself takes flags behind an argument for arguments, lets the last of
// two equal flags win, and prints help to standard output about the rest; here
// these are errors.
func parseArgs(app *cli.App, args []string) (line commandLine, err error) {
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
	path, command, rest, err := findCommand(app, rest)
	if err != nil {
		return line, err
	}
	line.command = command
	if line.help = line.help || asksHelp(rest); line.help {
		return line, nil
	}
	where := strings.Join(path, " ")
	flags, arguments, err := sortArguments(app, command, where, rest)
	if err == nil {
		err = countArguments(command, arguments)
	}
	if err == nil {
		err = checkEnvironment(command)
	}
	if err != nil {
		return line, hintf(err, "see %s --help", where)
	}
	line.argv = append(path, flags...)
	if len(arguments) > 0 {
		line.argv = append(append(line.argv, "--"), arguments...)
	}
	return line, nil
}

// findCommand follows the names of a command and its subcommand.
func findCommand(app *cli.App, rest []string) (path []string, command *cli.Command, tail []string, err error) {
	path = []string{app.Name}
	for within := app.Commands; len(within) > 0 && len(rest) > 0; within = command.Subcommands {
		where := strings.Join(path, " ")
		if strings.HasPrefix(rest[0], "-") {
			if command != nil {
				break
			}
			flag := strings.Trim(quote(flagName(rest[0])), `"`)
			err := usagef("flag %s stands before the command", flag)
			return nil, nil, nil, hintf(err, "write %s COMMAND %s …", where, flag)
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

// flagName cuts the value off --flag=value.
func flagName(arg string) string {
	name, _, _ := strings.Cut(arg, "=")
	return name
}

// quote repeats an argument in an error, but never a URL: a misplaced endpoint
// URL may hold a key.
func quote(arg string) string {
	if strings.Contains(arg, "://") {
		return "(a URL)"
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
func sortArguments(app *cli.App, command *cli.Command, where string, rest []string) (
	flags, arguments []string, err error,
) {
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
			return nil, nil, unknownFlag(app, command, where, flagName(arg))
		}
		if seen[name] && !repeatable(f) {
			return nil, nil, usagef("flag --%s is given twice", name)
		}
		seen[name] = true
		flags = append(flags, arg)
		if takesValue(f) && !inline && len(rest) > 0 && !strings.HasPrefix(rest[0], "--") {
			value, flags, rest = rest[0], append(flags, rest[0]), rest[1:]
		}
		if takesValue(f) && value == "" {
			return nil, nil, usagef("flag --%s needs a value", name)
		}
		if want := wants(f, value); want != "" && (inline || takesValue(f)) {
			return nil, nil, usagef("invalid value %s for flag --%s: want %s", quote(value), name, want)
		}
	}
	return flags, arguments, nil
}

// countArguments compares the arguments with the names in ArgsUsage. A last
// name that ends in "..." stands for any number of arguments.
func countArguments(command *cli.Command, arguments []string) error {
	names := strings.Fields(command.ArgsUsage)
	if n := len(names); n > 0 && strings.HasSuffix(names[n-1], "...") {
		return nil
	}
	switch {
	case len(arguments) > len(names):
		return usagef("unexpected argument %s", quote(arguments[len(names)]))
	case len(arguments) < len(names):
		return usagef("%s is missing", names[len(arguments)])
	}
	return nil
}

func findFlag(command *cli.Command, name string) cli.Flag {
	for _, f := range command.Flags {
		if slices.Contains(f.Names(), name) {
			return f
		}
	}
	return nil
}

// wants says what a flag takes, or "" if that is what it was given.
func wants(f cli.Flag, value string) (want string) {
	var err error
	switch f := f.(type) {
	case *cli.BoolFlag:
		want = "true or false"
		_, err = strconv.ParseBool(value)
	case *cli.DurationFlag:
		want = "a duration such as 90s or 10m"
		_, err = time.ParseDuration(value)
	case *cli.IntFlag:
		want = "a whole number"
		_, err = strconv.Atoi(value)
	case *cli.Float64Flag:
		want = "a number"
		_, err = strconv.ParseFloat(value, 64)
	case *cli.GenericFlag:
		want = orList(f.Value.(*enumFlag).values)
		err = f.Value.Set(value)
	}
	if err == nil {
		return ""
	}
	return want
}

// checkEnvironment refuses a variable that does not hold what its flag takes.
func checkEnvironment(command *cli.Command) error {
	for _, f := range command.Flags {
		b, ok := f.(*cli.BoolFlag)
		if !ok {
			continue
		}
		for _, name := range b.EnvVars {
			if value := os.Getenv(name); value != "" && wants(f, value) != "" {
				return usagef("environment variable %s is %s, want %s", name, quote(value), wants(f, value))
			}
		}
	}
	return nil
}

func takesValue(f cli.Flag) bool {
	d, ok := f.(cli.DocGenerationFlag)
	return ok && d.TakesValue()
}

func repeatable(f cli.Flag) bool {
	d, ok := f.(cli.DocGenerationSliceFlag)
	return ok && d.IsSliceFlag()
}
