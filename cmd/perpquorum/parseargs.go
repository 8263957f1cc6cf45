package main

import (
	"os"
	"slices"
	"strconv"
	"strings"
)

// parseArgs reads a command line without the program's name, and sets the flags
// of its command. Flags and arguments may come in any order. A command line that
// asks for help is not looked at any further.
func parseArgs(program *command, args []string) (c *command, in invocation, help bool, err error) {
	if len(args) > 0 && (args[0] == "help" || isHelp(args[0])) {
		help, args = true, args[1:]
	}
	if len(args) > 0 && (args[0] == "--version" || args[0] == "-version") {
		args = append([]string{"version"}, args[1:]...)
	}
	c, args, err = findCommand(program, args)
	if help = help || asksHelp(args); help || err != nil {
		return c, in, help, err
	}
	if c.run == nil {
		return c, in, help, hintf(usagef("no command given"), "see %s --help", c.title)
	}
	if err = in.read(program, c, args); err == nil {
		err = in.readEnvironment(c)
	}
	if err == nil {
		err = countArguments(c, in.arguments)
	}
	if err != nil {
		err = hintf(err, "see %s --help", c.title)
	}
	return c, in, help, err
}

// findCommand follows the names of a command and its subcommand.
func findCommand(c *command, args []string) (*command, []string, error) {
	for len(args) > 0 && len(c.commands) > 0 {
		if strings.HasPrefix(args[0], "-") {
			if c.run != nil || isHelp(args[0]) {
				break
			}
			flag := strings.Trim(quote(flagName(args[0])), `"`)
			err := usagef("flag %s stands before the command", flag)
			return c, nil, hintf(err, "write %s COMMAND %s …", c.title, flag)
		}
		child := c.find(args[0])
		if child == nil {
			return c, nil, unknownCommand(c, args[0])
		}
		c, args = child, args[1:]
	}
	return c, args, nil
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
func asksHelp(args []string) bool {
	if end := slices.Index(args, "--"); end >= 0 {
		args = args[:end]
	}
	return slices.ContainsFunc(args, isHelp)
}

// read sets the flags of c and keeps its arguments. "--" ends the flags.
func (in *invocation) read(program, c *command, args []string) error {
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if arg == "--" {
			in.arguments = append(in.arguments, args...)
			return nil
		}
		if arg == "-" || !strings.HasPrefix(arg, "-") {
			in.arguments = append(in.arguments, arg)
			continue
		}
		_, value, inline := strings.Cut(arg, "=")
		f := c.flag(strings.TrimLeft(flagName(arg), "-"))
		switch {
		case f == nil:
			return unknownFlag(program, c, flagName(arg))
		case in.has(f.name) && !f.many:
			return usagef("flag --%s is given twice", f.name)
		case f.word() == "" && !inline:
			value = "true"
		case f.word() != "" && !inline && len(args) > 0 && !strings.HasPrefix(args[0], "--"):
			value, args = args[0], args[1:]
		}
		if value == "" {
			return usagef("flag --%s needs a value", f.name)
		}
		in.given = append(in.given, f.name)
		if err := f.give("--"+f.name, value); err != nil {
			return err
		}
	}
	return nil
}

// readEnvironment sets the flags that are not given from their variables.
func (in *invocation) readEnvironment(c *command) error {
	for _, f := range c.flags {
		if value := os.Getenv(f.env); f.env != "" && value != "" && !in.has(f.name) {
			if err := f.give("environment variable "+f.env, value); err != nil {
				return err
			}
		}
	}
	return nil
}

// countArguments compares the arguments with their names.
func countArguments(c *command, arguments []string) error {
	names := strings.Fields(c.arguments)
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

func unknownCommand(c *command, name string) error {
	err := usagef("unknown command %s of %s", quote(name), c.title)
	var known []string
	for _, child := range c.commands {
		known = append(known, child.name)
	}
	if near := nearest(name, known); near != "" {
		err = hintf(err, "did you mean %q?", near)
	}
	return hintf(err, "see %s --help", c.title)
}

func unknownFlag(program, c *command, typed string) error {
	name := strings.TrimLeft(typed, "-")
	err := usagef("unknown flag %s of %s", quote(typed), c.title)
	var known, owners []string
	for _, f := range c.flags {
		known = append(known, f.name)
	}
	for _, other := range program.commands {
		if other.flag(name) != nil {
			owners = append(owners, other.name)
		}
	}
	if len(owners) > 0 {
		return hintf(err, "--%s is a flag of %s", name, strings.Join(owners, ", "))
	}
	if near := nearest(name, known); near != "" {
		return hintf(err, "did you mean --%s?", near)
	}
	return err
}
