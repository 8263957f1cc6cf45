package report

import (
	"fmt"
	"html"
	"io"
	"strconv"
	"strings"
)

// fontStack names the fonts of systems; an SVG that loads a font would make a request.
const fontStack = "system-ui, -apple-system, Segoe UI, Roboto, Helvetica Neue, Noto Sans, Arial, sans-serif"

// svgWriter writes a canvas as an SVG that stands alone: no script, link, image or request.
type svgWriter struct {
	strings.Builder
	id string
}

func (c *canvas) writeSVG(w io.Writer) error {
	s := svgWriter{id: c.id}
	s.printf(`<svg xmlns="http://www.w3.org/2000/svg" width="%s" height="%s" viewBox="0 0 %s %s" role="img" `+
		`aria-labelledby="%s-title %s-description" font-family="%s">`,
		px(c.width), px(c.height), px(c.width), px(c.height), c.id, c.id, fontStack)
	s.printf(`<title id="%s-title">%s</title>`, c.id, html.EscapeString(c.title))
	s.printf(`<desc id="%s-description">%s</desc>`, c.id, html.EscapeString(c.description))
	s.printf(`<defs><pattern id="%s-hatch" width="6" height="6" patternUnits="userSpaceOnUse">`+
		`<rect width="6" height="6" fill="#ffffff"/><path d="M-1 7L7 -1M-1 1L1 -1M5 7L7 5" stroke="%s" stroke-width="1.6"/>`+
		`</pattern></defs>`, c.id, neutralColor)
	s.printf(`<rect width="%s" height="%s" fill="#ffffff"/>`, px(c.width), px(c.height))
	for _, shape := range c.shapes {
		shape.svg(&s)
	}
	s.printf("</svg>")
	_, err := io.WriteString(w, s.String())
	return err
}

func (s *svgWriter) printf(format string, args ...any) { fmt.Fprintf(s, format+"\n", args...) }

func (b bar) svg(s *svgWriter) {
	fill := b.fill
	if fill == hatched {
		fill = "url(#" + s.id + `-hatch)" stroke="` + neutralColor
	}
	tip := ""
	if b.tip != "" {
		tip = "<title>" + html.EscapeString(b.tip) + "</title>"
	}
	s.printf(`<rect x="%s" y="%s" width="%s" height="%s" fill="%s">%s</rect>`,
		px(b.x), px(b.y), px(b.width), px(b.height), fill, tip)
}

func (l line) svg(s *svgWriter) {
	points := make([]string, 0, len(l.points)/2)
	for i := 0; i < len(l.points); i += 2 {
		points = append(points, px(l.points[i])+","+px(l.points[i+1]))
	}
	s.printf(`<polyline points="%s" fill="none" stroke="%s" stroke-width="%s"/>`,
		strings.Join(points, " "), l.stroke, px(l.width))
}

func (l label) svg(s *svgWriter) {
	weight := "400"
	if l.bold {
		weight = "650"
	}
	s.printf(`<text x="%s" y="%s" font-size="%s" font-weight="%s" text-anchor="%s" fill="%s">%s</text>`,
		px(l.x), px(l.y), px(l.size), weight, l.anchor, l.fill, html.EscapeString(l.text))
}

// px writes pixels with at most two decimals.
func px(x float64) string {
	return strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(x, 'f', 2, 64), "0"), ".")
}
