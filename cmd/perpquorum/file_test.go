package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWriteWhole(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := filepath.Join(dir, "bundle.json")
	write := func(text string, fail error) error {
		return writeWhole(name, func(w io.Writer) error {
			_, err := w.Write([]byte(text))
			return errors.Join(err, fail)
		})
	}
	holds := func(want string) {
		t.Helper()
		got, err := os.ReadFile(name)
		if err != nil || string(got) != want {
			t.Errorf("found %q, %v; want %q", got, err, want)
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 1 {
			t.Errorf("found %d files, want 1", len(entries))
		}
	}
	if err := write("first", nil); err != nil {
		t.Fatal(err)
	}
	holds("first")
	if err := write("half", errors.New("disk full")); err == nil {
		t.Error("a failed write went unnoticed")
	}
	holds("first")
	if err := write("second", nil); err != nil {
		t.Fatal(err)
	}
	holds("second")
	if err := writeWhole(dir, nil); err == nil {
		t.Error("a directory was taken for a file")
	}
}

// TestOutputFile asks where a bundle would be written.
func TestOutputFile(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	printed := os.Stdout
	defer func() { os.Stdout = printed }()
	out, err := os.Create(in("printed"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	os.Stdout = out
	for _, err := range []error{
		os.WriteFile(in("file"), nil, 0o644), os.Mkdir(in("directory"), 0o755),
		os.Symlink("file", in("link")), os.Symlink("nothing", in("broken")), os.Symlink("printed", in("out")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	tests := map[string]struct{ want, says string }{
		"file":           {want: "file"},
		"new":            {want: "new"},
		"link":           {want: "file"},
		"broken":         {says: "a link to a file that does not exist"},
		"directory":      {says: "not a regular file"},
		"nowhere/new":    {says: "no such file"},
		"file/new":       {says: "not a directory"},
		"printed":        {says: "the program prints to this file"},
		"out":            {says: "the program prints to this file"},
		"https://h/KEY":  {says: "found a URL"},
		"https://h/KEY/": {says: "found a URL"},
	}
	for name, test := range tests {
		path := in(name)
		if strings.Contains(name, "://") {
			path = name
		}
		got, err := outputFile(path)
		switch {
		case test.says != "":
			if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "KEY") {
				t.Errorf("%s: found %q, %v; want an error saying %q", name, got, err, test.says)
			}
		case err != nil || filepath.Base(got) != test.want:
			t.Errorf("%s: found %q, %v; want %q", name, got, err, test.want)
		}
	}
}

// TestWriteThroughLink keeps a link a link.
func TestWriteThroughLink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, link := filepath.Join(dir, "2023.json"), filepath.Join(dir, "latest.json")
	if err := errors.Join(os.WriteFile(file, []byte("old"), 0o644), os.Symlink("2023.json", link)); err != nil {
		t.Fatal(err)
	}
	err := writeWhole(link, func(w io.Writer) error {
		_, err := w.Write([]byte("new"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != "new" {
		t.Errorf("the file holds %q, %v; want %q", got, err, "new")
	}
	if to, err := os.Readlink(link); err != nil || to != "2023.json" {
		t.Errorf("the link leads to %q, %v", to, err)
	}
}
