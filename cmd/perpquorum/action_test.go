package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const actionPath = "../../.github/actions/perpquorum/"

// TestActionInputs: action.yml passes its inputs to the script, all but those of other steps, and
// the script reads no others. What the script does with them is in testdata/vote/action.txt.
func TestActionInputs(t *testing.T) {
	t.Parallel()
	texts := map[string]string{}
	for _, name := range []string{"action.yml", "run.sh"} {
		text, err := os.ReadFile(actionPath + name)
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = string(text)
	}
	passed := found(`INPUT_(\w+): \$\{\{ inputs\.\w+ \}\}`, texts["action.yml"])
	if read := found(`INPUT_([A-Z]+)`, texts["run.sh"]); !slices.Equal(passed, read) {
		t.Errorf("action.yml passes %q, run.sh reads %q", passed, read)
	}
	_, inputs, _ := strings.Cut(texts["action.yml"], "\ninputs:\n")
	inputs, _, _ = strings.Cut(inputs, "\noutputs:\n")
	declared, used := found(`(?m)^  (\w+):$`, inputs), found(`inputs\.(\w+)`, texts["action.yml"])
	if !slices.Equal(declared, used) {
		t.Errorf("action.yml declares %q, and uses %q", declared, used)
	}
}

// found returns what the group of a pattern matches in a text, sorted, each once.
func found(pattern, text string) []string {
	var all []string
	for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		all = append(all, match[1])
	}
	slices.Sort(all)
	return slices.Compact(all)
}
