package jsonrpc

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// sortReplies sorts what one request brought into replies, calls to repeat, and the
// failure that ends the run. It returns the time to wait before repeating.
func (r *run) sortReplies(chunk []*call, outcomes []outcome) (pause time.Duration, err error) {
	v := newSurvey(chunk, outcomes)
	for i, c := range chunk {
		switch o := outcomes[i]; {
		case o.fault == nil:
			r.replies[c.index] = Reply{Raw: o.raw, redact: r.redact}
		case o.own:
			r.replies[c.index].Err = r.failure(o.fault, o.class, 1)
		default:
			wait, err := r.settle(c, o, v)
			if err != nil {
				return 0, err
			}
			pause = max(pause, wait)
		}
	}
	r.learn(len(chunk), v)
	if !r.budget.spend(v.retry != nil) && v.retry != nil {
		return 0, r.failure(v.retry, classify(v.retry), chunk[0].tries)
	}
	if pause > 0 {
		pause = max(pause, backoff(r.waits))
		r.waits++
	}
	return pause, nil
}

// survey is the overall view of one request's outcomes.
type survey struct {
	n        int    // calls in the request
	answered int    // calls with a result or a failure of their own
	size     *fault // a complaint about size
	rate     bool   // a complaint about the rate
	retry    *fault // the first fault that is neither an answer nor about size
}

// newSurvey classifies the outcomes.
func newSurvey(chunk []*call, outcomes []outcome) survey {
	v := survey{n: len(chunk)}
	for i, c := range chunk {
		o := &outcomes[i]
		if o.fault == nil {
			v.answered++
			continue
		}
		o.class = classify(o.fault)
		if o.refusesBatch(o.class, c.tries) {
			o.class = ClassSize
		}
		o.own = o.isOwn(c.Optional)
		switch {
		case o.own:
			v.answered++
		case o.class == ClassSize:
			v.size = o.fault
		case v.retry == nil && !o.missing:
			v.retry = o.fault
		}
		v.rate = v.rate || o.class == ClassRate
	}
	for i := range outcomes {
		// geth refuses a batch with one error, for the first id, and leaves the others
		// out. They were refused too.
		if o := &outcomes[i]; o.missing && v.size != nil {
			o.class, o.fault = ClassSize, v.size
		} else if o.missing && v.retry == nil {
			v.retry = o.fault
		}
	}
	return v
}

// settle decides about one call without a reply. After a passing failure the call is
// open again; any other failure ends the run.
func (r *run) settle(c *call, o outcome, v survey) (time.Duration, error) {
	k, f := kinds[o.class], o.fault
	switch {
	case k.action == actValue: // said of a whole batch: find out which call is meant
		r.single = true
		r.open = append(r.open, c)
		return 0, nil
	case o.class == ClassSize && v.n > 1:
		r.open = append(r.open, c)
		said := kinds[classify(f)]
		if said.action != actRetry {
			return 0, nil
		}
		c.tries = min(c.tries+1, said.tries-1) // the call by itself is tried at least once
		if f.status == 0 || f.status > http.StatusInternalServerError {
			return 1, nil // perhaps it is down for a moment, and not the batch too large
		}
		return 0, nil
	case o.class == ClassRate && v.answered > 0 && r.patience.tries == 0 && f.retryAfter <= longestWait:
		// The endpoint serves, only not all at once. The budget bounds this.
	default:
		c.tries++
	}
	if r.patience.over(c.tries, k, f.retryAfter) {
		return 0, r.failure(f, o.class, max(c.tries, 1))
	}
	r.last = r.failure(f, o.class, c.tries)
	r.open = append(r.open, c)
	switch o.class {
	case ClassLag:
		return lagPause, nil
	case ClassProtocol, ClassUnknown, ClassTransport:
		// The reply was broken twice. Perhaps the endpoint does not support batches.
		r.single = r.single || f.status == 200 && c.tries >= 2
	}
	return max(f.retryAfter, 1), nil // 1 ns: the backoff decides
}

// refusesBatch reports whether the number of calls in the request may be why it failed, in
// words that do not say so. A status such as 400 or 405 does not pass, so it is believed at
// once. A server error, a broken reply or a closed connection is believed the second time.
func (o outcome) refusesBatch(class Class, tries int) bool {
	switch {
	case !o.whole || o.fault.unsent || o.fault.retryAfter > 0: // who says when to come back is busy
		return false
	case class == ClassNotRPC:
		return o.fault.status == http.StatusMethodNotAllowed || o.fault.status == http.StatusUnsupportedMediaType
	}
	passing := []Class{ClassServer, ClassTransport, ClassProtocol, ClassUnknown}
	if strings.EqualFold(strings.TrimSpace(o.fault.text), "internal error") { // or it lacks the state
		passing = append(passing, ClassMissingState)
	}
	return slices.Contains(passing, class) && (tries >= 1 || o.fault.status/100 == 4)
}

// isOwn reports whether the failure lies in this call, not in the batch, the connection,
// the credentials or the rate. More failures count as an optional call's own.
func (o outcome) isOwn(optional bool) bool {
	if o.whole || o.missing {
		return false
	}
	switch o.class {
	case ClassArchive, ClassMissingState, ClassLegacy, ClassLag, ClassReorg, ClassUnknown:
		return optional && !o.fault.foreign && o.fault.status == http.StatusOK
	}
	return kinds[o.class].action == actValue
}

// learn adapts batch size and pace to the outcome of a request of n calls.
func (r *run) learn(n int, v survey) {
	switch {
	case v.size != nil:
		r.batch.shrink(n, v.size.text)
	case v.retry != nil && classify(v.retry) == ClassTimeout && n > 1:
		r.batch.shrink(n, "")
	case v.retry == nil:
		r.batch.worked(n)
	}
	if v.rate {
		r.pace.slow()
	} else {
		r.pace.passed()
	}
}

// failure makes the error that users see, in which all foreign text is redacted.
func (r *run) failure(f *fault, class Class, tries int) *EndpointError {
	e := &EndpointError{
		Endpoint: r.label,
		Class:    class,
		Status:   f.status,
		Code:     f.code,
		Detail:   r.redact.Text(innerURL.ReplaceAllString(f.text, "$1")),
		Tries:    tries,
		Elapsed:  r.clock.Now().Sub(r.start),
	}
	if f.retryAfter > r.patience.wait {
		e.TryAgain = r.clock.Now().Add(f.retryAfter)
	}
	return e
}
