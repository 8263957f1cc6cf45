package chains

// span is a range of calls.
type span struct{ from, to int }

// cutSpans takes up to width chunks of at most size calls off the open spans.
func cutSpans(open []span, size, width int) (chunks, rest []span) {
	for _, s := range open {
		for s.from < s.to && len(chunks) < width {
			end := min(s.from+size, s.to)
			chunks = append(chunks, span{s.from, end})
			s.from = end
		}
		if s.from < s.to {
			rest = append(rest, s)
		}
	}
	return chunks, rest
}

// chunkSize is how many calls the endpoint takes in one multicall, as far as learned.
func (m *member) chunkSize() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.chunk == 0 {
		return firstChunk
	}
	return m.chunk
}

// learnChunk notes how a wave with the given chunk size fared. Once a size was
// too large, half of it is the most that is tried again.
func (m *member) learnChunk(size int, clean bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.chunkLimit == 0 {
		m.chunkLimit = mostChunk
	}
	if clean {
		m.chunk = min(2*size, m.chunkLimit)
		return
	}
	m.chunkLimit = max(size/2, 1)
	m.chunk = m.chunkLimit
}
