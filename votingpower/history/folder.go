package history

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// Folder is a directory with a compressed bundle for each vote that is final. The name of its file is the
// proposal's id and ".json.gz". Other files, and links, are left alone. Nil has nothing and keeps nothing.
type Folder struct {
	Dir string
	// Write writes a file as a whole or not at all. Without it the folder is only read.
	Write func(name string, write func(io.Writer) error) error
}

const ending = ".json.gz"

func (f *Folder) file(id string) string { return filepath.Join(f.Dir, id+ending) }

// has reports whether there is something in the place of a vote's bundle.
func (f *Folder) has(id string) bool {
	if f == nil {
		return false
	}
	_, err := os.Lstat(f.file(id))
	return !errors.Is(err, os.ErrNotExist)
}

// read reads and verifies the bundle of a vote.
func (f *Folder) read(id, space string) (*report.Report, report.HistoryState, error) {
	b, err := f.bundle(id)
	if err != nil && !errors.Is(err, votingpower.ErrEvidence) {
		return nil, report.HistoryUnread, fmt.Errorf("its bundle: %w", err)
	}
	var r *report.Report
	var different []report.Difference
	if err == nil {
		r, different, err = report.Verify(b, time.Now())
	}
	switch {
	case err != nil:
	case len(different) > 0:
		err = fmt.Errorf("claim and evidence differ: %v, the first of %d", different[0], len(different))
	case r.Document().Vote == nil:
		err = errors.New("it is of no vote")
	case r.Document().Vote.ID != id:
		err = fmt.Errorf("the file is named after another vote than its own, %q", r.Document().Vote.ID)
	case r.Document().Vote.Space != space:
		err = &spaceError{r.Document().Vote.Space}
	}
	if err != nil {
		return nil, report.HistoryNotVerified, fmt.Errorf("its bundle does not verify: %w", err)
	}
	return r, report.HistoryRead, nil
}

// spaceError says that a bundle is of another space.
type spaceError struct{ space string }

func (e *spaceError) Error() string { return fmt.Sprintf("it is a vote of space %.80q", e.space) }

func (f *Folder) bundle(id string) (*report.Bundle, error) {
	info, err := os.Lstat(f.file(id))
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	if err != nil {
		return nil, err
	}
	file, err := os.Open(f.file(id))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return report.ReadBundle(file)
}

// keep writes the bundle of a vote that is final, unless another run has.
func (f *Folder) keep(r *report.Report) error {
	d := r.Document()
	if f == nil || d.Verdict == vote.NotFinal || f.has(d.Vote.ID) {
		return nil
	}
	b, err := r.Bundle()
	if err == nil {
		err = f.Write(f.file(d.Vote.ID), func(w io.Writer) error { return b.Write(w, true) })
	}
	if err != nil {
		return fmt.Errorf("its bundle was not written: %w", err)
	}
	return nil
}

// ids lists the votes of the folder, and the files that look like bundles and are none.
func (f *Folder) ids() (ids, others []string, err error) {
	entries, err := os.ReadDir(f.Dir)
	for _, entry := range entries {
		id, bundle := strings.CutSuffix(entry.Name(), ending)
		ref, bad := snapshot.ParseProposalRef(id)
		switch {
		case !bundle || strings.HasPrefix(id, "."):
		case bad != nil || ref.ID != id || !entry.Type().IsRegular():
			others = append(others, entry.Name())
		default:
			ids = append(ids, id)
		}
	}
	return ids, others, err
}

// Load makes the history of the model's space from the folder alone. Options that are about reading have
// no meaning.
func Load(ctx context.Context, m *votingpower.Model, space string, o Options) (*report.History, error) {
	h, err := o.empty(space, m, true)
	if err != nil {
		return nil, err
	}
	ids, others, err := o.Folder.ids()
	if err != nil {
		return nil, err
	}
	for _, name := range others {
		h.Notes = append(h.Notes, fmt.Sprintf("%.80q is not the bundle of a vote, and was not read", name))
	}
	for i, id := range ids {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if o.Progress != nil {
			o.Progress(i, len(ids), "")
		}
		v := report.HistoryVote{ID: id}
		r, state, err := o.Folder.read(id, space)
		var another *spaceError
		switch {
		case errors.As(err, &another):
			h.Notes = append(h.Notes, fmt.Sprintf("%s%s: %v, and was left out", id, ending, another))
			continue
		case err != nil:
			v.Fail(state, err)
		default:
			v.Fill(r, h)
		}
		if v.End.Unix != 0 && v.End.Unix < o.Since.Unix() {
			continue
		}
		if err := o.page(&v, r); err != nil {
			return nil, err
		}
		h.Votes = append(h.Votes, v)
	}
	h.Sort()
	if o.Last > 0 && len(h.Votes) > o.Last {
		h.Votes = h.Votes[:o.Last]
	}
	return h, nil
}
