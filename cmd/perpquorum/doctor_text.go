package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// tableWidth is how many endpoints stand side by side.
const tableWidth = 3

// print writes the diagnosis for a person.
func (d diagnosis) print(out io.Writer) error {
	var w strings.Builder
	if d.At != nil {
		fmt.Fprintf(&w, "Time asked for: %s (%d)\n", d.At.UTC, d.At.Unix)
	}
	for _, c := range d.Chains {
		fmt.Fprintf(&w, "\n%s\n", c.Chain)
		if len(c.Endpoints) == 0 {
			fmt.Fprintln(&w, "  no endpoint")
		}
		for i, endpoints := range slices.Collect(slices.Chunk(c.Endpoints, tableWidth)) {
			if i > 0 {
				w.WriteString("\n")
			}
			if err := printEndpoints(&w, endpoints); err != nil {
				return err
			}
		}
	}
	d.Hub.print(&w)
	w.WriteString("\n")
	d.conclude(&w)
	_, err := io.WriteString(out, w.String())
	return err
}

// conclude says what can be done.
func (d diagnosis) conclude(w io.Writer) {
	var why []string
	for _, c := range d.Chains {
		if !c.Ready {
			why = append(why, c.Reason)
		}
	}
	if len(why) == 0 {
		fmt.Fprintln(w, "report: possible")
	}
	for _, reason := range why {
		fmt.Fprintf(w, "report: not possible: %s\n", reason)
	}
	switch {
	case !d.Hub.Ready:
		fmt.Fprintf(w, "check:  not possible: hub %s: %s\n", d.Hub.Host, d.Hub.Reason)
	case len(why) > 0:
		fmt.Fprintln(w, "check:  not possible, since report is not")
	default:
		fmt.Fprintln(w, "check:  possible")
	}
}

func (h hubDiagnosis) print(w io.Writer) {
	answer := "no"
	if h.Ready {
		answer = "yes, in " + latencyText(h.LatencyMS)
	}
	limits := "none"
	if len(h.Limits) > 0 {
		limits = strings.Join(h.Limits, "; ")
	}
	fmt.Fprintf(w, "\nhub %s\n  knows %s: %s\n  rate-limit headers: %s\n", h.Host, h.Space, answer, limits)
}

// row is a line of the table: a cell for each endpoint, "" where there is
// nothing to say, and what else is to be said about it, below the table.
type row struct {
	name string
	cell func(endpointDiagnosis) (cell, note string)
}

var rows = []row{
	{"verdict", func(e endpointDiagnosis) (string, string) { return e.Verdict, e.Reason }},
	{"chain", chainCell},
	{"head", func(e endpointDiagnosis) (string, string) { return blockCell(e.Head), "" }},
	{"finalized", finalizedCell},
	{"latency", func(e endpointDiagnosis) (string, string) { return latencyText(e.LatencyMS), "" }},
	{"largest batch", batchCell},
	{"block asked for", func(e endpointDiagnosis) (string, string) { return askedCell(e.Block), e.BlockReason }},
	{"its state", checkCell(func(e endpointDiagnosis) checkDiagnosis { return e.State })},
	{"state of recent blocks", checkCell(func(e endpointDiagnosis) checkDiagnosis { return e.Recent })},
	{"state before Bedrock", checkCell(func(e endpointDiagnosis) checkDiagnosis { return e.Legacy })},
	{"EIP-1898", checkCell(func(e endpointDiagnosis) checkDiagnosis { return e.BlockHash })},
	{"Multicall3", checkCell(func(e endpointDiagnosis) checkDiagnosis { return e.Multicall3 })},
	{"eth_getProof", checkCell(func(e endpointDiagnosis) checkDiagnosis { return e.Proof })},
	{"eth_createAccessList", checkCell(func(e endpointDiagnosis) checkDiagnosis { return e.AccessList })},
	{"rate-limit headers", limitsCell},
	{"stopped early", func(e endpointDiagnosis) (string, string) {
		if strings.HasPrefix(e.Reason, e.Stopped) || e.Stopped == e.BatchReason {
			return "", "" // it is "", or said already
		}
		return "yes", e.Stopped
	}},
}

func checkCell(check func(endpointDiagnosis) checkDiagnosis) func(endpointDiagnosis) (string, string) {
	return func(e endpointDiagnosis) (string, string) {
		switch c := check(e); {
		case c.Works:
			return "yes", ""
		case c.Tried:
			return "no", c.Reason
		}
		return "", ""
	}
}

func chainCell(e endpointDiagnosis) (string, string) {
	switch {
	case e.Head == nil:
		return "", ""
	case e.Development:
		return "development chain", ""
	case e.Anchored:
		return "proven by a known block", ""
	}
	return "by its id alone", ""
}

func finalizedCell(e endpointDiagnosis) (string, string) {
	if e.Head != nil && e.Finalized == nil {
		return "not told", ""
	}
	return blockCell(e.Finalized), ""
}

func batchCell(e endpointDiagnosis) (string, string) {
	switch {
	case e.Batch == 0:
		return "", e.BatchReason
	case e.BatchReason != "" && e.BatchReason == e.Stopped:
		return fmt.Sprintf("%d calls or more", e.Batch), e.BatchReason
	case e.Batch == 1:
		return "no batches", e.BatchReason
	}
	return strconv.Itoa(e.Batch) + " calls", e.BatchReason
}

func limitsCell(e endpointDiagnosis) (string, string) {
	switch {
	case len(e.Limits) > 0:
		return "seen", strings.Join(e.Limits, "; ")
	case e.Head == nil:
		return "", ""
	}
	return "none", ""
}

func blockCell(b *blockDiagnosis) string {
	if b == nil {
		return ""
	}
	return fmt.Sprintf("%d, %s old", b.Number, ageText(time.Duration(b.Age)*time.Second))
}

func askedCell(b *blockDiagnosis) string {
	if b == nil {
		return ""
	}
	mark := ""
	if b.Unfinalized {
		mark = ", not final"
	}
	return fmt.Sprintf("%d, %s%s", b.Number, time.Unix(b.Unix, 0).UTC().Format(time.RFC3339), mark)
}

// ageText rounds down to the largest unit of which there are at least two.
func ageText(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", d/(24*time.Hour))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d h", d/time.Hour)
	case d >= 2*time.Minute:
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return fmt.Sprintf("%d s", d/time.Second)
}

func latencyText(ms float64) string {
	switch {
	case ms == 0:
		return ""
	case ms < 10:
		return fmt.Sprintf("%.1f ms", ms)
	}
	return fmt.Sprintf("%.0f ms", ms)
}

// printEndpoints writes one table and the notes on it.
func printEndpoints(out io.Writer, endpoints []endpointDiagnosis) error {
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	line := "  "
	for _, e := range endpoints {
		line += "\t" + e.Endpoint
	}
	fmt.Fprintln(w, line)
	for _, r := range rows {
		line, said := "  "+r.name, false
		for _, e := range endpoints {
			cell, _ := r.cell(e)
			said = said || cell != ""
			if cell == "" {
				cell = "-"
			}
			line += "\t" + cell
		}
		if said {
			fmt.Fprintln(w, line)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, e := range endpoints {
		printNotes(out, e)
	}
	return nil
}

// printNotes writes what does not fit into the table. What is the reason of
// several rows, or of the verdict (which goes on to say what to do), is said once.
func printNotes(w io.Writer, e endpointDiagnosis) {
	said := map[string]bool{"": true}
	title := fmt.Sprintf("\n  %s\n", e.Endpoint)
	for _, r := range rows {
		cell, note := r.cell(e)
		if said[note] || r.name != "verdict" && strings.HasPrefix(e.Reason, note) {
			continue
		}
		said[note] = true
		if cell == "" {
			cell = "-"
		}
		fmt.Fprintf(w, "%s    %s: %s: %s\n", title, r.name, cell, strings.TrimPrefix(note, e.Endpoint+" "))
		title = ""
	}
}
