package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
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
	if h.Space == "" {
		return // it was not asked; conclude tells why
	}
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
