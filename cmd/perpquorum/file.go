package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/perpdao/perpquorum/fixtures"
	"github.com/perpdao/perpquorum/votingpower"
)

// openModel reads the model file named by --model, or returns the built-in one.
func openModel(name string) (*votingpower.Model, error) {
	if name == "" {
		return votingpower.PERP(), nil
	}
	var file fs.File
	var err error
	if entry, ok := strings.CutPrefix(name, gallery); ok {
		file, err = openGallery(entry)
	} else {
		file, err = openFile(name)
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	m, err := votingpower.ParseModel(file)
	if err != nil {
		return nil, misuse(fmt.Errorf("%s: %w", filepath.Base(name), err))
	}
	return m, nil
}

// gallery begins the name of a model that comes with the program.
const gallery = "gallery:"

func openGallery(entry string) (fs.File, error) {
	file, err := fixtures.Models.Open("models/" + entry + ".json")
	if err != nil {
		return nil, hintf(usagef("the gallery has no model %s", quote(entry)), "perpquorum model list shows those it has")
	}
	return file, nil
}

// galleryNames lists the models of the gallery, as --model takes them.
func galleryNames() (names []string) {
	entries, _ := fixtures.Models.ReadDir("models") // embedded: it is there
	for _, entry := range entries {
		names = append(names, gallery+strings.TrimSuffix(entry.Name(), ".json"))
	}
	return names
}

func modelFlag(category string, to *string) cli.Flag {
	return &cli.GenericFlag{Name: "model", Category: category, Value: parsed(to, anyText, galleryNames()...),
		Usage: "read the model from `FILE`, or take gallery:NAME, instead of the built-in one for PERP"}
}

// openFile opens a file to read. A name that looks like a URL is not repeated
// in the error.
func openFile(name string) (*os.File, error) {
	if strings.Contains(name, "://") {
		return nil, usagef("want the name of a file, found a URL")
	}
	return os.Open(name)
}

// outputFile returns the file that writing to name makes or replaces: name
// itself, or what it links to, so that the link stays. It refuses what is not a
// regular file, and the file that standard output or standard error goes to,
// since that would lose what is printed.
func outputFile(name string) (string, error) {
	if strings.Contains(name, "://") {
		return "", usagef("want the name of a file, found a URL")
	}
	if name == "-" { // elsewhere it is standard input; nothing else goes to standard output
		return "", hintf(usagef("want the name of a file, found -"), "write ./- for a file of that name")
	}
	info, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return newFile(name)
	}
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s: not a regular file", name)
	}
	for _, stream := range []*os.File{os.Stdout, os.Stderr} {
		if open, err := stream.Stat(); err == nil && os.SameFile(open, info) {
			return "", fmt.Errorf("%s: the program prints to this file, give another one", name)
		}
	}
	return filepath.EvalSymlinks(name)
}

// newFile checks that a file that does not exist can be made.
func newFile(name string) (string, error) {
	if _, err := os.Lstat(name); err == nil {
		return "", fmt.Errorf("%s: a link to a file that does not exist", name)
	}
	if _, err := os.Stat(filepath.Dir(name)); err != nil {
		return "", err
	}
	return name, nil
}

// writeWhole writes a file by way of a temporary one beside it, so that it has
// the whole new content or what it had before. It keeps the mode of a file that it
// replaces. See outputFile for the name.
func writeWhole(name string, write func(io.Writer) error) (err error) {
	if name, err = outputFile(name); err != nil {
		return err
	}
	mode := fs.FileMode(0o666) // of a new file, less the umask
	old, _ := os.Stat(name)
	if old != nil {
		mode = old.Mode()
	}
	temp, err := os.OpenFile(filepath.Join(filepath.Dir(name), ".perpquorum-"+rand.Text()),
		os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode.Perm())
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(temp.Name())
		}
	}()
	err = write(temp)
	if old != nil {
		err = errors.Join(err, temp.Chmod(mode)) // the umask may have taken something away
	}
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), name)
}
