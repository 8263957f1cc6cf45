package main

import (
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
	"github.com/xrash/smetrics"
)

// parseArgs reads a command line without the program's name, and puts it into
// the order that the library reads: command, flags, "--", arguments. The library
// takes flags after an argument for arguments, lets the last of two equal flags
// win, and does not count arguments. A command line that asks for help is not
// looked at any further.
func parseArgs(program *cli.Command, args []string) (c *cli.Command, argv []string, help bool, err error) {
	if len(args) > 0 && (args[0] == "help" || isHelp(args[0])) {
		help, args = true, args[1:]
	}
	if len(args) > 0 && (args[0] == "--version" || args[0] == "-version") {
		args = append([]string{"version"}, args[1:]...)
	}
	c, args, err = findCommand(program, args)
	if help = help || asksHelp(args); help || err != nil {
		return c, nil, help, err
	}
	if c.Action == nil {
		return c, nil, help, usagef("no command given")
	}
	flags, arguments, err := sortArgs(program, c, args)
	if err == nil {
		err = checkEnvironment(c)
	}
	if err == nil {
		err = countArguments(c, arguments)
	}
	return c, slices.Concat(strings.Fields(c.HelpName), flags, []string{"--"}, arguments), help, err
}

// findCommand follows the names of a command and its subcommand.
func findCommand(c *cli.Command, args []string) (*cli.Command, []string, error) {
	for len(args) > 0 && len(c.Subcommands) > 0 {
		if strings.HasPrefix(args[0], "-") {
			if c.Action != nil || isHelp(args[0]) {
				break
			}
			flag, _, _ := strings.Cut(args[0], "=")
			if len(owners(c, flag)) == 0 {
				return c, nil, usagef("unknown flag %s", quote(flag))
			}
			err := usagef("flag %s stands before the command", flag)
			return c, nil, hintf(err, "write %s COMMAND %s …", c.HelpName, flag)
		}
		child := c.Command(args[0])
		if child == nil {
			return c, nil, unknownCommand(c, args[0])
		}
		c, args = child, args[1:]
	}
	return c, args, nil
}

// quote repeats an argument in an error, but never a URL: a misplaced endpoint
// URL may hold a key.
func quote(arg string) string {
	if strings.Contains(arg, "://") {
		return "(a URL)"
	}
	return strconv.Quote(cut(arg, 80))
}

func isHelp(arg string) bool { return arg == "-h" || arg == "-help" || arg == "--help" }

// asksHelp looks for a help flag anywhere before "--".
func asksHelp(args []string) bool {
	if end := slices.Index(args, "--"); end >= 0 {
		args = args[:end]
	}
	return slices.ContainsFunc(args, isHelp)
}

// sortArgs separates the flags of c, each with its value, from its arguments.
// "--" ends the flags.
func sortArgs(program, c *cli.Command, args []string) (flags, arguments []string, err error) {
	given := map[string]bool{}
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if arg == "--" {
			return flags, append(arguments, args...), nil
		}
		if arg == "-" || !strings.HasPrefix(arg, "-") {
			arguments = append(arguments, arg)
			continue
		}
		typed, value, inline := strings.Cut(arg, "=")
		name := strings.TrimLeft(typed, "-")
		f := findFlag(c, name)
		switch {
		case f == nil:
			return nil, nil, unknownFlag(program, c, typed)
		case given[f.Names()[0]] && !valueOf(f).many:
			return nil, nil, usagef("flag --%s is given twice", name)
		case !takesValue(f) && !inline:
			value = "true"
		case takesValue(f) && !inline && len(args) > 0 && !strings.HasPrefix(args[0], "--"):
			value, args = args[0], args[1:]
		}
		if value == "" {
			return nil, nil, usagef("flag --%s needs a value", name)
		}
		if err := checkBool(f, "--"+name, value); err != nil {
			return nil, nil, err
		}
		given[f.Names()[0]] = true
		flags = append(flags, "--"+name+"="+value)
	}
	return flags, arguments, nil
}

func findFlag(c *cli.Command, name string) cli.Flag {
	for _, f := range c.Flags {
		if slices.Contains(f.Names(), name) {
			return f
		}
	}
	return nil
}

func takesValue(f cli.Flag) bool { return f.(cli.DocGenerationFlag).TakesValue() }

// checkBool refuses what a flag that is on or off does not take. The library's
// error would repeat the text, which may be a URL.
func checkBool(f cli.Flag, origin, text string) error {
	if _, err := strconv.ParseBool(text); err != nil && !takesValue(f) {
		return usagef("%s %s: want true or false", origin, quote(text))
	}
	return nil
}

func checkEnvironment(c *cli.Command) error {
	for _, f := range c.Flags {
		for _, name := range f.(cli.DocGenerationFlag).GetEnvVars() {
			if text := os.Getenv(name); text != "" {
				if err := checkBool(f, "environment variable "+name, text); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// countArguments compares the arguments with their names.
func countArguments(c *cli.Command, arguments []string) error {
	names := strings.Fields(c.ArgsUsage)
	if n := len(names); n > 0 && strings.HasSuffix(names[n-1], "...") {
		return nil
	}
	switch {
	case len(arguments) > len(names):
		surplus := arguments[len(names)]
		err := usagef("unexpected argument %s", quote(surplus))
		if findFlag(c, "bundle") != nil && (surplus == exampleName || strings.Contains(surplus, ".json")) {
			err = hintf(err, "the name of a bundle follows --bundle")
		}
		return err
	case len(arguments) < len(names):
		if words := strings.Split(names[len(arguments)], "|"); len(words) > 1 {
			return usagef("an argument is missing: want %s", alternatives(words))
		}
		return usagef("%s is missing", names[len(arguments)])
	}
	return nil
}

func unknownCommand(c *cli.Command, name string) error {
	err := usagef("unknown command %s of %s", quote(name), c.HelpName)
	var known []string
	for _, child := range c.Subcommands {
		known = append(known, child.Name)
		if takesFile(child) && strings.ContainsAny(name, "./") && !strings.Contains(name, "://") {
			return hintf(err, "to %s: %s", child.Usage, child.UsageText)
		}
	}
	if near := nearest(name, known); near != "" {
		err = hintf(err, "did you mean %q?", near)
	}
	return err
}

func unknownFlag(program, c *cli.Command, typed string) error {
	name := strings.TrimLeft(typed, "-")
	err := usagef("unknown flag %s of %s", quote(typed), c.HelpName)
	var known []string
	for _, f := range c.Flags {
		known = append(known, f.Names()...)
		if f.Names()[0] == "format" && slices.Contains(valueOf(f).words, name) {
			return hintf(err, "write --format %s", name)
		}
	}
	if names := owners(program, typed); len(names) > 0 {
		return hintf(err, "%s is a flag of %s", typed, strings.Join(names, ", "))
	}
	if near := nearest(name, known); near != "" {
		return hintf(err, "did you mean --%s?", near)
	}
	return err
}

// owners names the commands that have a flag.
func owners(program *cli.Command, typed string) (names []string) {
	for _, c := range program.Subcommands {
		if findFlag(c, strings.TrimLeft(typed, "-")) != nil {
			names = append(names, c.Name)
		}
	}
	return names
}

// nearest returns the known name that was probably meant, or "". The library
// suggests a name in any case.
func nearest(typed string, known []string) (near string) {
	least := 0.85 // by which "evid" is near to "evidence", and "o" to no name
	for _, name := range known {
		if s := smetrics.JaroWinkler(typed, name, 0.7, 4); s > least {
			near, least = name, s
		}
	}
	return near
}
