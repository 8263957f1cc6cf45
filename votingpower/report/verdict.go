package report

// judge turns the findings into the verdict. What is not final comes first,
// since an open vote may well disagree with its last count; a disagreement
// comes before the quorum.
func (r *Report) judge(findings []Finding) Verdict {
	if r.vote == nil {
		return Measured
	}
	if !r.vote.status.Final || r.vote.unfinalized() || r.unfinalized() {
		return NotFinal
	}
	for _, f := range findings {
		if f.Level == Failure {
			return Disagrees
		}
	}
	if r.vote.turnout.reached() {
		return Reached
	}
	return NotReached
}

func (r *Report) unfinalized() bool {
	for _, c := range r.bundle.Evidence.Chains {
		if c.Block.Unfinalized {
			return true
		}
	}
	return false
}
