package report

import (
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
)

// canvas is a chart: shapes that are laid out once, and written as SVG or as PNG. Coordinates
// are pixels as float64; no figure is read off them.
type canvas struct {
	id, title, description string
	width, height          float64
	shapes                 []shape
}

// shape is a bar, a line or a label.
type shape interface {
	svg(*svgWriter)
	png(*pngWriter)
}

// bar is a rectangle, with words that appear where a pointer rests on it.
type bar struct {
	x, y, width, height float64
	fill                string // a color, or hatched
	tip                 string
}

// hatched fills a bar with a pattern that needs no color.
const hatched = "hatched"

// line is a line through points, x and y in turn.
type line struct {
	points []float64
	stroke string
	width  float64
}

// label is a line of text whose baseline is at y.
type label struct {
	x, y   float64
	text   string
	alt    string // takes the text's place in a PNG whose font lacks one of its characters
	size   float64
	bold   bool
	fill   string
	anchor string // "start", "middle" or "end"
}

func (c *canvas) bar(x, y, width, height float64, fill, tip string) {
	c.shapes = append(c.shapes, bar{x, y, max(width, 1), height, fill, tip})
}

func (c *canvas) line(stroke string, width float64, points ...float64) {
	c.shapes = append(c.shapes, line{points, stroke, width})
}

func (c *canvas) label(x, y float64, text string, size float64, bold bool, fill, anchor string) {
	c.shapes = append(c.shapes, label{x, y, text, "", size, bold, fill, anchor})
}

// foreign is a label of foreign text, which is cut to a width.
func (c *canvas) foreign(x, y float64, text, alt string, size, width float64, fill string) {
	text = fit(clean(text, maxTitle), size, false, width)
	c.shapes = append(c.shapes, label{x, y, text, alt, size, false, fill, "start"})
}

// The fonts come with the program, so that a picture has the same bytes everywhere.
var regularFont, boldFont = mustParse(goregular.TTF), mustParse(gobold.TTF)

func mustParse(data []byte) *opentype.Font {
	f, err := opentype.Parse(data)
	if err != nil {
		panic("report: embedded font: " + err.Error()) // the same bytes in every run
	}
	return f
}

// face is the font at a size in pixels.
func face(size float64, bold bool) font.Face {
	f := regularFont
	if bold {
		f = boldFont
	}
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		panic("report: embedded font: " + err.Error()) // no option above is wrong
	}
	return face
}

// fit cuts text to a width in pixels. A browser takes a font of its own for an SVG, so the text
// counts an eighth more than in the font that comes with the program.
func fit(text string, size float64, bold bool, width float64) string {
	f := face(size, bold)
	fits := func(text string) bool { return float64(font.MeasureString(f, text))/64*1.13 <= width }
	if fits(text) {
		return text
	}
	runes := []rune(text)
	for len(runes) > 0 && !fits(string(runes)+"…") {
		runes = runes[:len(runes)-1]
	}
	return strings.TrimRight(string(runes), " ") + "…"
}

// drawable reports whether the program's font has every character of a text.
func drawable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		i, err := regularFont.GlyphIndex(nil, r)
		return err != nil || i == 0
	})
}
