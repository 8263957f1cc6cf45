package main

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/votingpower/report"
)

// print writes the diagnosis for a person.
func (d diagnosis) print(w io.Writer) {
	if d.At != nil {
		fmt.Fprintf(w, "Time asked for: %s (%d)\n", d.At.UTC, d.At.Unix)
	}
	for _, c := range d.Chains {
		fmt.Fprintf(w, "\n%s\n", c.Chain)
		if len(c.Endpoints) == 0 {
			fmt.Fprintln(w, "  no endpoint")
		}
		for rest := c.Endpoints; len(rest) > 0; {
			if len(rest) < len(c.Endpoints) {
				fmt.Fprintln(w)
			}
			rest = printEndpoints(w, rest)
		}
	}
	if d.Hub.Space != "" {
		d.Hub.print(w)
	}
	fmt.Fprintln(w)
	d.conclude(w)
}

// conclude says which of the commands report and check can do their job.
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

// cell is what one row of the table says about an endpoint; "" is shown as a
// dash. The note stands below the table.
type cell struct{ row, text, note string }

func cells(p chains.Probe) []cell {
	state, proofs := "", ""
	if p.Claims != nil {
		state, proofs = p.Claims.State.String(), p.Claims.Proofs.String()
	}
	return []cell{
		{"verdict", p.Verdict.String(), p.Reason.String()},
		{"chain", chainText(p), ""},
		{"head", ageText(p.Head), ""},
		{"finalized", finalizedText(p), ""},
		{"latency", p.Latency.String(), ""},
		{"largest batch", batchText(p), p.BatchReason.String()},
		{"block asked for", blockText(p.Block), p.BlockReason.String()},
		{"its state", stateText(p), p.State.Reason.String()},
		{"state of recent blocks", p.Recent.String(), p.Recent.Reason.String()},
		{"state before Bedrock", p.Legacy.String(), p.Legacy.Reason.String()},
		{"claims state from", state, ""},
		{"claims proofs from", proofs, ""},
		{"EIP-1898", p.BlockHash.String(), p.BlockHash.Reason.String()},
		{"Multicall3", p.Multicall3.String(), p.Multicall3.Reason.String()},
		{"eth_getProof", p.Proof.String(), p.Proof.Reason.String()},
		{"eth_createAccessList", p.AccessList.String(), p.AccessList.Reason.String()},
		{"rate-limit headers", limitsText(p), strings.Join(p.Limits, "; ")},
		{"stopped early", stoppedText(p), p.Stopped.String()},
	}
}

// printEndpoints writes one table and the notes on it, of as many endpoints as 80 columns hold, and
// returns the others. Rows without a cell are left out.
func printEndpoints(out io.Writer, endpoints []chains.Probe) (rest []chains.Probe) {
	n, table := min(3, len(endpoints)), ""
	for ; n > 0; n-- {
		table = endpointTable(endpoints[:n])
		if report.Wrap(table, 6) == table || n == 1 {
			break
		}
	}
	io.WriteString(out, table)
	for _, p := range endpoints[:n] {
		printNotes(out, p, cells(p))
	}
	return endpoints[n:]
}

func endpointTable(endpoints []chains.Probe) string {
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 3, ' ', 0)
	title := "  "
	var columns [][]cell
	for _, p := range endpoints {
		title += "\t" + p.Endpoint
		columns = append(columns, cells(p))
	}
	fmt.Fprintln(w, title)
	for i, first := range columns[0] {
		line, said := "  "+first.row, false
		for _, column := range columns {
			said = said || column[i].text != ""
			line += "\t" + cmp.Or(column[i].text, "-")
		}
		if said {
			fmt.Fprintln(w, line)
		}
	}
	w.Flush()
	return out.String()
}

// printNotes writes what does not fit into the table. A note that several rows
// share is written once, and the verdict's with what to do about it.
func printNotes(w io.Writer, p chains.Probe, column []cell) {
	said := map[string]bool{"": true}
	title := fmt.Sprintf("\n  %s\n", p.Endpoint)
	for i, c := range column {
		if said[c.note] {
			continue
		}
		said[c.note] = true
		if i == 0 {
			c.note = p.Reason.Err.Error()
		}
		fmt.Fprintf(w, "%s    %s: %s: %s\n", title, c.row, cmp.Or(c.text, "-"), strings.TrimPrefix(c.note, p.Endpoint+" "))
		title = ""
	}
}

func stateText(p chains.Probe) string {
	if p.Level != "" {
		return p.State.String() + ", " + string(p.Level)
	}
	return p.State.String()
}

func chainText(p chains.Probe) string {
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

func finalizedText(p chains.Probe) string {
	if p.Head != nil && p.Finalized == nil {
		return "not known"
	}
	return ageText(p.Finalized)
}

func batchText(p chains.Probe) string {
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

func limitsText(p chains.Probe) string {
	switch {
	case len(p.Limits) > 0:
		return "seen"
	case p.Head == nil:
		return ""
	}
	return "none"
}

// stoppedText is empty where another row gives the reason.
func stoppedText(p chains.Probe) string {
	switch p.Stopped.String() {
	case "", p.Reason.String(), p.BatchReason.String():
		return ""
	}
	return "yes"
}

// ageText gives the age rounded down to the largest unit of which there are at least two.
func ageText(b *chains.ProbeBlock) string {
	if b == nil {
		return ""
	}
	for _, unit := range []struct {
		seconds int64
		name    string
	}{{86400, "days"}, {3600, "h"}, {60, "min"}} {
		if b.Age >= 2*unit.seconds {
			return fmt.Sprintf("%d, %d %s old", b.Number, b.Age/unit.seconds, unit.name)
		}
	}
	return fmt.Sprintf("%d, %d s old", b.Number, b.Age)
}

func blockText(b *chains.ProbeBlock) string {
	if b == nil {
		return ""
	}
	mark := ""
	if b.Unfinalized {
		mark = ", not final"
	} else if b.FinalByAge {
		mark = ", final by its age"
	}
	return fmt.Sprintf("%d, %s%s", b.Number, time.Unix(b.Time, 0).UTC().Format(time.RFC3339), mark)
}
