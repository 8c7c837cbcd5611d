package bench

// The charts are drawn by go-chart: it makes the program 1.3 MB larger, where gonum's plot would have made it 5 MB larger.

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"io"
	"math"
	"path/filepath"
	"strings"

	"github.com/wcharczuk/go-chart/v2"
)

// ErrPlot is returned by PlotFormat for a file name with another ending.
var ErrPlot = errors.New("bench: --plot: the file's name ends in .svg or .png")

// errTooLittle is returned by WritePlot for a result without at least two operations and a second.
var errTooLittle = errors.New("bench: too little was measured to draw it")

// The size of each of the two charts of a plot, in pixels.
const (
	plotWidth  = 900
	plotHeight = 360
)

// PlotFormat returns what a file is to hold by the ending of its name: "svg" or "png".
func PlotFormat(name string) (string, error) {
	switch ending := strings.ToLower(strings.TrimPrefix(filepath.Ext(name), ".")); ending {
	case "svg", "png":
		return ending, nil
	}
	return "", fmt.Errorf("%w: %q", ErrPlot, name)
}

// WritePlot draws latency by percentile, and below it throughput over time, in a format that PlotFormat has returned.
func (r *Result) WritePlot(w io.Writer, format string) error {
	if len(r.Distribution) < 2 || len(r.Series) < 1 {
		return errTooLittle
	}
	charts := []chart.Chart{r.latencyChart(), r.throughputChart()}
	var err error
	if format == "svg" {
		err = stackSVG(w, charts)
	} else {
		err = stackPNG(w, charts)
	}
	if err != nil {
		return fmt.Errorf("bench: drawing: %w", err)
	}
	return nil
}

// title says what was measured.
func (r *Result) title() string {
	o := &r.Options
	loop := fmt.Sprintf("%d × %d in flight", o.Connections, o.InFlight)
	if o.Rate > 0 {
		loop = count(o.Rate) + "/s, open loop"
	}
	return fmt.Sprintf("%s %s, %s keys, %d bytes, %s: ", o.Protocol, r.workload(), count(float64(o.Keys)), o.ValueSize, loop)
}

// latencyChart has the percentiles on an axis of nines, and the latency on one of powers of ten.
func (r *Result) latencyChart() chart.Chart {
	var x, y []float64
	for _, p := range r.Distribution {
		x, y = append(x, nines(p.Percent)), append(y, math.Log10(float64(max(p.Latency, 1))))
	}
	c := newChart(r.title()+"latency by percentile", x, y)
	for _, percent := range []float64{0, 50, 90, 99, 99.9, 99.99, 99.999, 99.9999, 99.99999} {
		if at := nines(percent); at <= x[len(x)-1] {
			c.XAxis.Ticks = append(c.XAxis.Ticks, chart.Tick{Value: at, Label: fmt.Sprintf("%g%%", percent)})
		}
	}
	c.XAxis.Ticks = append(c.XAxis.Ticks, chart.Tick{Value: x[len(x)-1]}) // the axis ends with the last tick
	low, high := math.Floor(y[0]), math.Ceil(y[len(y)-1])
	if low == high {
		high++
	}
	for at := low; at <= high; at++ {
		c.YAxis.Ticks = append(c.YAxis.Ticks, chart.Tick{Value: at, Label: duration(int64(math.Pow(10, at)))})
	}
	return c
}

// nines is the place of a percentile on the axis: 0 % is 0, 90 % is 1, 99 % is 2.
func nines(percent float64) float64 { return -math.Log10(1 - percent/100) }

// throughputChart begins at 0, so that what looks level is level.
func (r *Result) throughputChart() chart.Chart {
	x, y := []float64{0}, []float64{r.Series[0].Throughput}
	highest := 1.0
	for _, p := range r.Series {
		x, y = append(x, p.Second), append(y, p.Throughput)
		highest = max(highest, p.Throughput)
	}
	c := newChart("throughput over time", x, y)
	c.XAxis.ValueFormatter = func(v any) string { return fmt.Sprintf("%.3g s", v) }
	c.YAxis.ValueFormatter = func(v any) string {
		n, _ := v.(float64)
		return count(n) + "/s"
	}
	c.YAxis.Range = &chart.ContinuousRange{Min: 0, Max: 1.1 * highest}
	return c
}

func newChart(title string, x, y []float64) chart.Chart {
	grid := chart.Style{StrokeColor: chart.ColorLightGray, StrokeWidth: 1}
	return chart.Chart{
		Title: title, TitleStyle: chart.Style{FontSize: 11},
		Width: plotWidth, Height: plotHeight, Background: chart.Style{Padding: chart.Box{Top: 40, Left: 20, Right: 30, Bottom: 10}},
		XAxis: chart.XAxis{GridMajorStyle: grid},
		YAxis: chart.YAxis{GridMajorStyle: grid}, YAxisSecondary: chart.HideYAxis(),
		Series: []chart.Series{chart.ContinuousSeries{XValues: x, YValues: y, Style: chart.Style{StrokeColor: chart.ColorBlue, StrokeWidth: 2}}},
	}
}

// stackPNG draws charts one below the other.
func stackPNG(w io.Writer, charts []chart.Chart) error {
	whole := image.NewRGBA(image.Rect(0, 0, plotWidth, plotHeight*len(charts)))
	for i := range charts {
		var b bytes.Buffer
		if err := charts[i].Render(chart.PNG, &b); err != nil {
			return err
		}
		one, err := png.Decode(&b)
		if err != nil {
			return err
		}
		draw.Draw(whole, image.Rect(0, i*plotHeight, plotWidth, (i+1)*plotHeight), one, one.Bounds().Min, draw.Src)
	}
	return png.Encode(w, whole)
}

// stackSVG puts charts one below the other, each as an image of its own inside of one.
func stackSVG(w io.Writer, charts []chart.Chart) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d">`+"\n", plotWidth, plotHeight*len(charts))
	for i := range charts {
		// A viewport of its own for each: a chart fills the one it is in.
		fmt.Fprintf(&b, `<svg y="%d" width="%d" height="%d">`+"\n", i*plotHeight, plotWidth, plotHeight)
		if err := charts[i].Render(chart.SVG, &b); err != nil {
			return err
		}
		b.WriteString("\n</svg>\n")
	}
	b.WriteString("</svg>\n")
	_, err := w.Write(b.Bytes())
	return err
}
