package main

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

//go:embed help.tmpl
var helpTemplate string

// helpFuncs are what the templates of help, manual and completion call, beside
// the functions of the library.
func helpFuncs() map[string]any {
	return map[string]any{
		"wrapAt": func() int { return 80 },
		"label":  flagLabel, "text": flagText, "topics": topicsOf, "roff": roff, "prose": roffProse,
		"codes": func() []exitMeaning { return exitMeanings },
		"path":  completionPath, "word": flagWord, "words": func(f cli.Flag) []string { return valueOf(f).words },
		"takesFile": takesFile, "arguments": argumentWords, "single": singleQuote,
		"dashed":     func(name string) string { return strings.Repeat("-", min(2, len(name))) + name },
		"unfinished": func(f cli.Flag) bool { return strings.HasSuffix(valueOf(f).words[0], "=") },
	}
}

// flagWord stands for the flag's value in the help; it is "" if it takes none.
func flagWord(f cli.Flag) string {
	if parts := strings.Split(f.(cli.DocGenerationFlag).GetUsage(), "`"); len(parts) > 1 {
		return parts[1]
	}
	return ""
}

// flagLabel is the flag with its word, such as "--at TIME".
func flagLabel(f cli.Flag) string {
	label := strings.TrimSpace("--" + f.Names()[0] + " " + flagWord(f))
	for _, short := range f.Names()[1:] {
		label = "-" + short + ", " + label
	}
	return label
}

// flagText is the usage with the default and the variable.
func flagText(f cli.Flag) string {
	d := f.(cli.DocGenerationFlag)
	text := strings.ReplaceAll(d.GetUsage(), "`", "")
	if initial := d.GetDefaultText(); initial != "" && d.TakesValue() {
		text += fmt.Sprintf(" (default: %s)", initial)
	}
	for _, name := range d.GetEnvVars() {
		text += fmt.Sprintf(" (environment: %s)", name)
	}
	return text
}

// topic explains what a word of the usage stands for.
type topic struct{ Word, Text string }

var topics = []topic{{"TIME", timeHelp}, {"PROPOSAL", proposalHelp}, {"CHAIN=URL", endpointHelp}}

// topics lists the topics whose words the command takes.
func topicsOf(c *cli.Command) (list []topic) {
	for _, t := range topics {
		takes := func(f cli.Flag) bool { return flagWord(f) == t.Word }
		if c.ArgsUsage == t.Word || slices.ContainsFunc(c.Flags, takes) {
			list = append(list, t)
		}
	}
	return list
}
