package report

import (
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// pngScale is how many pixels of a PNG are one of the canvas, for sharp screens.
const pngScale = 2

// pngWriter draws a canvas.
type pngWriter struct{ image *image.RGBA }

func (c *canvas) writePNG(w io.Writer) error {
	p := pngWriter{image.NewRGBA(image.Rect(0, 0, int(c.width*pngScale), int(c.height*pngScale)))}
	draw.Draw(p.image, p.image.Bounds(), image.White, image.Point{}, draw.Src)
	for _, shape := range c.shapes {
		shape.png(&p)
	}
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	return encoder.Encode(w, p.image)
}

// fill fills a polygon of points, x and y in turn.
func (p *pngWriter) fill(fill string, points ...float64) {
	r := vector.NewRasterizer(p.image.Bounds().Dx(), p.image.Bounds().Dy())
	for i := 0; i < len(points); i += 2 {
		x, y := float32(points[i]*pngScale), float32(points[i+1]*pngScale)
		if i == 0 {
			r.MoveTo(x, y)
		} else {
			r.LineTo(x, y)
		}
	}
	r.ClosePath()
	r.Draw(p.image, p.image.Bounds(), image.NewUniform(rgb(fill)), image.Point{})
}

func (p *pngWriter) stroke(stroke string, width, x1, y1, x2, y2 float64) {
	length := math.Hypot(x2-x1, y2-y1)
	if length == 0 {
		return
	}
	dx, dy := -(y2-y1)/length*width/2, (x2-x1)/length*width/2
	p.fill(stroke, x1+dx, y1+dy, x2+dx, y2+dy, x2-dx, y2-dy, x1-dx, y1-dy)
}

func (b bar) png(p *pngWriter) {
	right, bottom := b.x+b.width, b.y+b.height
	if b.fill != hatched {
		p.fill(b.fill, b.x, b.y, right, b.y, right, bottom, b.x, bottom)
		return
	}
	// Lines from the lower left to the upper right, each cut at the bar's sides.
	for d := -b.height; d < b.width; d += 6 {
		left, end := max(d, 0), min(d+b.height, b.width)
		p.stroke(neutralColor, 1.4, b.x+left, bottom-(left-d), b.x+end, bottom-(end-d))
	}
	line{[]float64{b.x, b.y, right, b.y, right, bottom, b.x, bottom, b.x, b.y}, neutralColor, 1}.png(p)
}

func (l line) png(p *pngWriter) {
	for i := 0; i+3 < len(l.points); i += 2 {
		p.stroke(l.stroke, l.width, l.points[i], l.points[i+1], l.points[i+2], l.points[i+3])
	}
}

func (l label) png(p *pngWriter) {
	if l.alt != "" && !drawable(l.text) {
		l.text = l.alt
	}
	f := face(l.size*pngScale, l.bold)
	x := fixed.Int26_6(l.x * pngScale * 64)
	switch width := font.MeasureString(f, l.text); l.anchor {
	case "middle":
		x -= width / 2
	case "end":
		x -= width
	}
	drawer := font.Drawer{Dst: p.image, Src: image.NewUniform(rgb(l.fill)), Face: f,
		Dot: fixed.Point26_6{X: x, Y: fixed.Int26_6(l.y * pngScale * 64)}}
	drawer.DrawString(l.text)
}

// rgb reads a color such as #1f5c99.
func rgb(hex string) color.RGBA {
	digit := func(i int) uint8 {
		n := hex[i]
		if n >= 'a' {
			return n - 'a' + 10
		}
		return n - '0'
	}
	pair := func(i int) uint8 { return digit(i)<<4 | digit(i+1) }
	return color.RGBA{pair(1), pair(3), pair(5), 255}
}
