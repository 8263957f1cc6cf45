package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/perpdao/perpquorum/chains"
)

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
		const width = 3 // endpoints side by side
		for i, endpoints := range slices.Collect(slices.Chunk(c.Endpoints, width)) {
			if i > 0 {
				w.WriteString("\n")
			}
			if err := printEndpoints(&w, endpoints); err != nil {
				return err
			}
		}
	}
	if d.Hub.Space != "" {
		d.Hub.print(&w)
	}
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
		if c.Warning != "" {
			fmt.Fprintf(w, "warning: %s\n", c.Warning)
		}
	}
	if len(why) == 0 {
		fmt.Fprintln(w, "report: possible")
	}
	for _, reason := range why {
		fmt.Fprintf(w, "report: not possible: %s\n", reason)
	}
	switch {
	case d.Hub.Space == "":
		fmt.Fprintf(w, "check:  not possible: %s\n", d.Hub.Reason)
	case !d.Hub.Ready:
		fmt.Fprintf(w, "check:  not possible: hub %s: %s\n", d.Hub.Host, d.Hub.Reason)
	case len(why) > 0:
		fmt.Fprintln(w, "check:  not possible, since report is not")
	default:
		fmt.Fprintln(w, "check:  possible")
	}
}

func (h hubDiagnosis) print(w io.Writer) {
	knows := h.Knows
	if h.Ready {
		knows += ", in " + h.Latency.String()
	}
	limits := "none"
	if len(h.Limits) > 0 {
		limits = strings.Join(h.Limits, "; ")
	}
	fmt.Fprintf(w, "\nhub %s\n  knows %s: %s\n  rate-limit headers: %s\n", h.Host, h.Space, knows, limits)
}

// printEndpoints writes one table and the notes on it.
func printEndpoints(out io.Writer, endpoints []chains.Probe) error {
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	line := "  "
	for _, p := range endpoints {
		line += "\t" + p.Endpoint
	}
	fmt.Fprintln(w, line)
	for _, r := range rows {
		line, said := "  "+r.name, false
		for _, p := range endpoints {
			cell, _ := r.cell(p)
			said = said || cell != ""
			line += "\t" + orDash(cell)
		}
		if said {
			fmt.Fprintln(w, line)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, p := range endpoints {
		printNotes(out, p)
	}
	return nil
}

// printNotes writes what does not fit into the table. A reason that several
// rows share is written once.
func printNotes(w io.Writer, p chains.Probe) {
	said := map[string]bool{"": true}
	title := fmt.Sprintf("\n  %s\n", p.Endpoint)
	for _, r := range rows {
		cell, note := r.cell(p)
		if said[note] {
			continue
		}
		said[note] = true
		if r.name == "verdict" {
			note = p.Reason.Err.Error() // with what to do about it
		}
		fmt.Fprintf(w, "%s    %s: %s: %s\n", title, r.name, orDash(cell), strings.TrimPrefix(note, p.Endpoint+" "))
		title = ""
	}
}

func orDash(cell string) string {
	if cell == "" {
		return "-"
	}
	return cell
}

// row is a line of the table: a cell for each endpoint, "" where there is
// nothing to say, and the reason for it, which stands below the table.
type row struct {
	name string
	cell func(chains.Probe) (cell, note string)
}

var rows = []row{
	{"verdict", func(p chains.Probe) (string, string) { return p.Verdict.String(), p.Reason.String() }},
	{"chain", only(chainCell)},
	{"head", only(func(p chains.Probe) string { return ageCell(p.Head) })},
	{"finalized", only(finalizedCell)},
	{"latency", only(func(p chains.Probe) string { return p.Latency.String() })},
	{"largest batch", func(p chains.Probe) (string, string) { return batchCell(p), p.BatchReason.String() }},
	{"block asked for", func(p chains.Probe) (string, string) { return blockCell(p.Block), p.BlockReason.String() }},
	{"its state", checkCell(func(p chains.Probe) chains.Check { return p.State })},
	{"state of recent blocks", checkCell(func(p chains.Probe) chains.Check { return p.Recent })},
	{"state before Bedrock", checkCell(func(p chains.Probe) chains.Check { return p.Legacy })},
	{"EIP-1898", checkCell(func(p chains.Probe) chains.Check { return p.BlockHash })},
	{"Multicall3", checkCell(func(p chains.Probe) chains.Check { return p.Multicall3 })},
	{"eth_getProof", checkCell(func(p chains.Probe) chains.Check { return p.Proof })},
	{"eth_createAccessList", checkCell(func(p chains.Probe) chains.Check { return p.AccessList })},
	{"rate-limit headers", limitsCell},
	{"stopped early", stoppedCell},
}

// only is a cell without a note.
func only(cell func(chains.Probe) string) func(chains.Probe) (string, string) {
	return func(p chains.Probe) (string, string) { return cell(p), "" }
}

func checkCell(check func(chains.Probe) chains.Check) func(chains.Probe) (string, string) {
	return func(p chains.Probe) (string, string) {
		switch c := check(p); {
		case c.Works:
			return "yes", ""
		case c.Tried:
			return "no", c.Reason.String()
		}
		return "", ""
	}
}

func chainCell(p chains.Probe) string {
	switch {
	case p.Head == nil:
		return ""
	case p.Development:
		return "development chain"
	case p.Anchored:
		return "proven by a known block"
	}
	return "by its id alone"
}

func finalizedCell(p chains.Probe) string {
	if p.Head != nil && p.Finalized == nil {
		return "not known"
	}
	return ageCell(p.Finalized)
}

func batchCell(p chains.Probe) string {
	switch {
	case p.Batch == 0:
		return ""
	case p.BatchReason.Err != nil && p.BatchReason.String() == p.Stopped.String():
		return fmt.Sprintf("%d calls or more", p.Batch)
	case p.Batch == 1:
		return "no batches"
	}
	return strconv.Itoa(p.Batch) + " calls"
}

func limitsCell(p chains.Probe) (string, string) {
	switch {
	case len(p.Limits) > 0:
		return "seen", strings.Join(p.Limits, "; ")
	case p.Head == nil:
		return "", ""
	}
	return "none", ""
}

// stoppedCell is empty where another row gives the reason.
func stoppedCell(p chains.Probe) (string, string) {
	switch p.Stopped.String() {
	case "", p.Reason.String(), p.BatchReason.String():
		return "", ""
	}
	return "yes", p.Stopped.String()
}

func ageCell(b *chains.ProbeBlock) string {
	if b == nil {
		return ""
	}
	return fmt.Sprintf("%d, %s old", b.Number, ageText(time.Duration(b.Age)*time.Second))
}

func blockCell(b *chains.ProbeBlock) string {
	if b == nil {
		return ""
	}
	mark := ""
	if b.Unfinalized {
		mark = ", not final"
	}
	return fmt.Sprintf("%d, %s%s", b.Number, time.Unix(b.Time, 0).UTC().Format(time.RFC3339), mark)
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
