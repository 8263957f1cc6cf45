package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

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
