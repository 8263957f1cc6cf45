package jsonrpc

import (
	"net/http"
	"time"
)

// sortReplies sorts what one request brought into replies, calls to repeat, and the
// failure that ends the run. It returns the time to wait before repeating.
func (r *run) sortReplies(chunk []int, outcomes []outcome) (pause time.Duration, err error) {
	v := r.survey(chunk, outcomes)
	for i, index := range chunk {
		if v.classes[i] == ClassNone {
			r.replies[index].Raw = outcomes[i].raw
			continue
		}
		if v.own[i] {
			r.replies[index].Err = r.failure(outcomes[i].fault, v.classes[i], 1)
			continue
		}
		wait, err := r.settle(index, outcomes[i].fault, v.classes[i], v)
		if err != nil {
			return 0, err
		}
		pause = max(pause, wait)
	}
	r.learn(len(chunk), v)
	if !r.budget.spend(v.retry != nil) && v.retry != nil {
		return 0, r.failure(v.retry, classify(v.retry), r.calls[chunk[0]].tries)
	}
	if pause > 0 {
		pause = max(pause, backoff(r.waits))
		r.waits++
	}
	return pause, nil
}

// survey is the overall view of one request's outcome.
type survey struct {
	classes  []Class
	own      []bool // the failure is the call's own, and its reply
	n        int    // calls in the request
	answered int    // calls with a result or a failure of their own
	size     *fault // a complaint about size
	rate     bool   // a complaint about the rate
	retry    *fault // the first fault that is neither an answer nor about size
}

func (r *run) survey(chunk []int, outcomes []outcome) survey {
	v := survey{classes: make([]Class, len(chunk)), own: make([]bool, len(chunk)), n: len(chunk)}
	for i, index := range chunk {
		o := &outcomes[i]
		if o.fault == nil && r.calls[index].NotNull && string(o.raw) == "null" {
			o.fault = &fault{class: ClassLag, status: 200, text: "null result"}
		}
		if o.fault == nil {
			v.answered++
			continue
		}
		v.classes[i] = classify(o.fault)
		v.own[i] = o.own(v.classes[i], r.calls[index].Optional)
		switch {
		case v.own[i]:
			v.answered++
		case v.classes[i] == ClassSize:
			v.size = o.fault
		case v.retry == nil && !o.missing:
			v.retry = o.fault
		}
		v.rate = v.rate || v.classes[i] == ClassRate
	}
	for i := range outcomes {
		// geth refuses a batch with one error, for the first id, and leaves the others
		// out. They were refused too.
		if outcomes[i].missing && v.size != nil {
			v.classes[i], outcomes[i].fault = ClassSize, v.size
		} else if outcomes[i].missing && v.retry == nil {
			v.retry = outcomes[i].fault
		}
	}
	return v
}

// settle decides about one call without a reply. After a passing failure the call is
// open again; any other failure ends the run.
func (r *run) settle(index int, f *fault, class Class, v survey) (time.Duration, error) {
	c, k := r.calls[index], kinds[class]
	switch {
	case k.action == actValue: // said of a whole batch: find out which call is meant
		r.single = true
		r.open = append(r.open, index)
		return 0, nil
	case class == ClassSize && v.n > 1:
		r.open = append(r.open, index)
		return 0, nil
	case class == ClassRate && v.answered > 0 && r.patience.tries == 0 && f.retryAfter <= longestWait:
		// The endpoint serves, only not all at once. The budget bounds this.
	default:
		c.tries++
	}
	if r.patience.over(c.tries, k, f.retryAfter) {
		return 0, r.failure(f, class, max(c.tries, 1))
	}
	r.last = r.failure(f, class, c.tries)
	r.open = append(r.open, index)
	if class == ClassLag {
		return lagPause, nil
	}
	switch class {
	case ClassProtocol, ClassUnknown, ClassTransport:
		// The reply was broken twice. Perhaps the endpoint does not support batches.
		r.single = r.single || f.status == 200 && c.tries >= 2
	}
	return max(f.retryAfter, 1), nil // 1 ns: the backoff decides
}

// own reports whether the failure lies in this call, not in the batch, the connection,
// the credentials or the rate. More failures count as an optional call's own.
func (o outcome) own(class Class, optional bool) bool {
	if o.whole || o.missing {
		return false
	}
	switch class {
	case ClassArchive, ClassMissingState, ClassLegacy, ClassLag, ClassReorg, ClassUnknown:
		return optional && !o.fault.foreign && o.fault.status == http.StatusOK
	}
	return kinds[class].action == actValue
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
		Detail:   r.redact.text(f.text),
		Tries:    tries,
		Elapsed:  r.clock.Now().Sub(r.start),
	}
	if f.retryAfter > r.patience.wait {
		e.TryAgain = r.clock.Now().Add(f.retryAfter)
	}
	return e
}
