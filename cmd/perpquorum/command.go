package main

import (
	"context"
	"io"
	"slices"
	"strings"
)

// command is one command of the program: what the help says about it, and what
// it runs. Its flags are bound to the options that run reads.
type command struct {
	title       string // the words with which it is called; see newProgram
	name        string // the last of them
	usage       string // one line
	synopsis    string // how it is called, where arguments and flags do not say it
	arguments   string // their names; one that ends in "..." stands for any number of arguments
	description string
	flags       []option
	commands    []*command
	run         func(context.Context, invocation) error // nil: it needs a subcommand
}

// invocation is one call of a command.
type invocation struct {
	arguments []string
	given     []string // names of the flags on the command line
	stdin     io.Reader
	stdout    io.Writer // memory, so that writing to it does not fail
	progress  *progress
}

func (in invocation) has(flag string) bool { return slices.Contains(in.given, flag) }

// newProgram returns the program as the command that all others belong to.
func newProgram() *command {
	program := &command{
		name:  "perpquorum",
		usage: "circulating voting power and quorum of a DAO at a moment",
		synopsis: `perpquorum COMMAND [flags] [arguments]
perpquorum COMMAND --help`,
		description: programHelp,
	}
	program.commands = []*command{
		reportCommand(),
		checkCommand(),
		verifyCommand(),
		powerCommand(),
		blockCommand(),
		doctorCommand(),
		modelCommand(),
		versionCommand(),
		completionCommand(program),
		manCommand(program),
	}
	program.setTitles("")
	return program
}

func (c *command) setTitles(parent string) {
	c.title = strings.TrimSpace(parent + " " + c.name)
	for _, child := range c.commands {
		child.setTitles(c.title)
	}
}

// all lists the command and those below it, parents first.
func (c *command) all() []*command {
	list := []*command{c}
	for _, child := range c.commands {
		list = append(list, child.all()...)
	}
	return list
}

func (c *command) find(name string) *command {
	for _, child := range c.commands {
		if child.name == name {
			return child
		}
	}
	return nil
}

func (c *command) flag(name string) *option {
	for i := range c.flags {
		if c.flags[i].name == name {
			return &c.flags[i]
		}
	}
	return nil
}

const programHelp = `Reads token supply, excluded wallets and vote-escrow contracts at one block of
each chain, and prints circulating voting power and quorum, together with what
anyone needs to recompute them. The built-in example needs no endpoint:

   perpquorum report --bundle example
   perpquorum verify example`
