// Streamlit's native Plotly chart with a key: found, found again when Streamlit replaces it, listened to, and changed.
//
// All of it is undocumented in Streamlit and Plotly, so it is here and nowhere else, and tests/browser/test_contract.py
// fails when a name is gone: `.st-key-<key>`, `.js-plotly-plot`, `.svg-container`, `gd.on`, `gd.emit`, `gd.data`,
// `gd.layout.meta`, `gd.layout.xaxis.autorangeoptions`, `_fullLayout.xaxis._offset`, `_length`, `range`,
// `_fullLayout.height`, `_fullLayout.coloraxis`, `_fullData` with `customdata`, `x`, `y` and `marker.color`, `marker.size`,
// `.modebar`, `window.Plotly` with `toImage`. Where there is no chart, nothing happens.

import { STAND_IN } from "./stand_in.js"

const MOST_SHAPES = 20_000 // points in an SVG file: more make it slow to open

/** The events after which what is drawn over a chart is to be drawn again. */
export const DRAWN_AGAIN = ["plotly_relayouting", "plotly_relayout", "plotly_afterplot", "plotly_redraw"]

const LATE = 2500 // ms: a chart that never gets its size is shown as it is
const USUAL_SIZE = 6 // CSS pixels, of Plotly's points

export class NativeChart {
  /** `events`: handlers by Plotly's names. `onFigure()` is called when a figure is there, or another one. */
  constructor(key, events, onFigure) {
    this.key = key
    this.events = Object.entries({ ...events, plotly_afterplot: (event) => this.afterPlot(event, events) })
    this.onFigure = onFigure
    // Streamlit replaces the chart's element when its figure changes
    this.observer = new MutationObserver(() => this.attach())
    this.observer.observe(document.querySelector('[data-testid="stMain"]') ?? document.body, {
      childList: true,
      subtree: true,
    })
    this.attach()
  }

  attach() {
    const chart = this.found(".js-plotly-plot") ?? this.found(`.${STAND_IN}`)
    if (!chart) return
    if (chart === this.chart && this.events.every(([name, f]) => listens(chart, name, f))) return
    this.detach()
    this.chart = chart
    for (const [name, handler] of this.events) chart.on(name, handler)
    this.data = null
    this.onFigure()
  }

  found(selector) {
    const chart = document.querySelector(`.st-key-${CSS.escape(this.key)} ${selector}`)
    return chart?.querySelector(".svg-container") && typeof chart.on === "function" ? chart : null
  }

  /** Whether Plotly's chart is still to come (stand_in.js). */
  isStandIn() {
    return Boolean(this.chart?.isStandIn)
  }

  /** Streamlit draws a new figure more than once, from data of its own each time, and what was changed is lost. */
  afterPlot(event, events) {
    if (this.chart.data !== this.data) {
      this.data = this.chart.data
      this.onFigure()
    } else if (this.wanted) this.showIfItFits()
    events.plotly_afterplot?.(event)
  }

  detach() {
    for (const [name, handler] of this.events) this.chart?.removeListener?.(name, handler)
  }

  close() {
    clearTimeout(this.late)
    if (this.wanted && this.container()) this.container().style.visibility = "" // nobody else would show it
    this.observer.disconnect()
    this.detach()
  }

  /** What overlays are put into. */
  container() {
    return this.chart?.querySelector(".svg-container") ?? null
  }

  /** Whether an element is of the map itself, not of the bar of buttons over it. */
  holds(element) {
    return Boolean(this.container()?.contains(element)) && !element.closest(".modebar")
  }

  /** What Python says of the figure (`layout.meta`). */
  about() {
    return this.chart?.layout?.meta ?? {}
  }

  /** Coordinates of the axes -> {left, top} in the chart, at its edge where they are `outside`; null without axes. */
  pixels(x, y) {
    const { xaxis, yaxis } = this.chart?._fullLayout ?? {}
    if (!xaxis || !yaxis) return null
    const across = fraction(xaxis.range, x)
    const up = fraction(yaxis.range, y)
    if (!Number.isFinite(across + up)) return null
    const inside = (share) => Math.min(1, Math.max(0, share))
    return {
      left: xaxis._offset + inside(across) * xaxis._length,
      top: yaxis._offset + (1 - inside(up)) * yaxis._length,
      outside: inside(across) !== across || inside(up) !== up,
    }
  }

  /** A point of the window, in CSS pixels -> {x, y} of the axes; null outside of them, and without axes. */
  valuesAt(clientX, clientY) {
    const frame = this.frame()
    if (!frame) return null
    const box = this.container().getBoundingClientRect()
    const across = (clientX - box.left - frame.left) / frame.width
    const down = (clientY - box.top - frame.top) / frame.height
    if (!(across >= 0 && across <= 1 && down >= 0 && down <= 1)) return null
    const { xaxis, yaxis } = this.chart._fullLayout
    const between = ([from, to], share) => from + share * (to - from)
    return { x: between(xaxis.range, across), y: between(yaxis.range, 1 - down) }
  }

  /** Where the axes are in the chart, and how many pixels a unit of each takes; null without axes. */
  frame() {
    const { xaxis, yaxis } = this.chart?._fullLayout ?? {}
    if (!xaxis?._length || !yaxis?._length) return null
    const scale = ({ range: [from, to], _length }) => _length / Math.abs(to - from)
    return {
      left: xaxis._offset,
      top: yaxis._offset,
      width: xaxis._length,
      height: yaxis._length,
      across: scale(xaxis),
      up: scale(yaxis),
    }
  }

  /** Show these ranges of the axes, if there are any, once the chart has its size. Streamlit draws a new figure with a
   * height of its own first, where they would become others, and which would be seen as a jump: it is not shown. */
  arrange(zoom) {
    this.wanted = { zoom }
    clearTimeout(this.late)
    this.late = setTimeout(() => this.show(), LATE)
    this.showIfItFits()
  }

  /** It must be Streamlit that changes the height. While a window changes its size Streamlit does not know the new one yet;
   * told of it by Plotly, it puts back the old one and draws both in turns, without an end. */
  showIfItFits() {
    const fits = this.fits()
    this.container().style.visibility = fits ? "" : "hidden"
    if (fits) this.show()
  }

  /** Whether the chart is as high as its room. */
  fits() {
    const room = document.querySelector(`.st-key-${CSS.escape(this.key)}`)?.clientHeight
    return !room || Math.abs(room - this.chart._fullLayout.height) <= 1
  }

  show() {
    clearTimeout(this.late)
    const { zoom } = this.wanted ?? {}
    this.wanted = null
    if (!this.container()) return
    this.container().style.visibility = ""
    if (zoom && this.isStandIn()) this.chart.showRanges(zoom)
    else if (zoom) window.Plotly?.relayout(this.chart, { "xaxis.range": [...zoom[0]], "yaxis.range": [...zoom[1]] })
  }

  ranges() {
    const { xaxis, yaxis } = this.chart._fullLayout
    return [[...xaxis.range], [...yaxis.range]]
  }

  /** Whether all that the map is of is in view. */
  showsAll() {
    const { _fullLayout: full, layout } = this.chart
    if (!full.xaxis) return true // it is in three dimensions
    return ["xaxis", "yaxis"].every((name) => {
      const [from, to] = full[name].range
      const [low, high] = layout[name]?.autorangeoptions?.include ?? [from, to]
      const trembles = 0.01 * (high - low)
      return from <= low + trembles && to >= high - trembles
    })
  }

  /** What is in view, whatever the chart's shape: the middle, in coordinates, and how large it is, in their units. */
  piece() {
    const [[x0, x1], [y0, y1]] = this.ranges()
    return { x: (x0 + x1) / 2, y: (y0 + y1) / 2, area: (x1 - x0) * (y1 - y0) }
  }

  /** Show a piece of this size around this middle, in the chart's own shape. */
  showPiece({ x, y, area }) {
    const { xaxis, yaxis } = this.chart._fullLayout
    const unit = Math.sqrt(area / (xaxis._length * yaxis._length)) / 2
    const around = (middle, length) => [middle - unit * length, middle + unit * length]
    window.Plotly?.relayout(this.chart, {
      "xaxis.range": around(x, xaxis._length),
      "yaxis.range": around(y, yaxis._length),
    })
  }

  showAll() {
    window.Plotly?.relayout(this.chart, { "xaxis.autorange": true, "yaxis.autorange": true })
  }

  /** How many times as large as the whole the map is shown. */
  zoom() {
    const { _fullLayout: full, layout } = this.chart // who has zoomed has no `autorangeoptions` in the former any more
    const shares = ["xaxis", "yaxis"].map((name) => {
      const { range } = full[name]
      const [low, high] = layout[name]?.autorangeoptions?.include ?? range
      return (high - low) / (range[1] - range[0])
    })
    return Math.max(...shares) // the other axis shows more than all, for one unit is as long up as across
  }

  /** How wide a point is drawn, in CSS pixels. */
  pointSize() {
    const size = this.chart?.data?.[0]?.marker?.size
    return Number.isFinite(size) ? size : USUAL_SIZE
  }

  /** Which traces are shown, by their order. */
  visibleTraces() {
    return (this.chart?.data ?? []).map((trace) => trace.visible !== false)
  }

  /** Have the one point of the last trace at [x, y, z] of a chart in three dimensions, if it is not there. */
  moveLastPoint(place) {
    const last = (this.chart?.data?.length ?? 0) - 1
    const { type, x, y, z } = this.chart?.data?.[last] ?? {}
    if (type !== "scatter3d" || place.every((value, k) => value === [x, y, z][k]?.[0])) return
    const [at, up, deep] = place.map((value) => [[value]])
    window.Plotly?.restyle(this.chart, { x: at, y: up, z: deep }, [last])
  }

  /** Tell whoever listens to this chart of an event as Plotly would. */
  emit(name, event) {
    this.chart?.emit?.(name, event)
  }

  /** How the points are coloured: [{rows, colours}], where colours are one for all of a trace or one for each point, and
   * numbers are those of `colourScale`. */
  colouredRows() {
    const traces = this.chart?._fullData ?? []
    return traces.map(({ customdata, marker }) => ({ rows: customdata ?? [], colours: marker?.color }))
  }

  /** Where the points are: [{rows, x, y}], a trace each. */
  points() {
    const traces = this.chart?._fullData ?? []
    return traces.map(({ customdata, x, y }) => ({ rows: customdata ?? [], x: x ?? [], y: y ?? [] }))
  }

  /** {low, high, scale} of what is coloured by numbers, `scale` as [[share, colour], …]; null without. */
  colourScale() {
    const { cmin, cmax, colorscale } = this.chart?._fullLayout?.coloraxis ?? {}
    return colorscale ? { low: cmin, high: cmax, scale: colorscale } : null
  }

  /** {width, height} of all of the chart, in CSS pixels. */
  size() {
    const { width, height } = this.chart._fullLayout
    return { width, height }
  }

  /** The address of a picture of the chart as it is seen, on no ground: `format` "png", `scale` times as large, or "svg", in
   * which points are shapes where they are not too many. */
  async imageUrl({ format, scale }) {
    while (this.isStandIn()) await new Promise((go) => setTimeout(go, 100))
    const { data, layout } = this.chart
    const { width, height } = this.size()
    const [x, y] = this.ranges()
    const clear = { paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)" }
    const seen = { xaxis: { ...layout.xaxis, range: x }, yaxis: { ...layout.yaxis, range: y } }
    const count = data.reduce((sum, trace) => sum + (trace.customdata?.length ?? 0), 0)
    const drawn = format === "svg" && count <= MOST_SHAPES ? data.map((one) => ({ ...one, type: "scatter" })) : data
    const figure = { data: drawn, layout: { ...layout, ...seen, ...clear, width, height } }
    return window.Plotly.toImage(figure, { format, width, height, scale })
  }

  /** Show the traces of which `isShown(meta)` says so, by what Python said of each, and hide the others; of which it said
   * nothing, they stay. */
  showTraces(isShown) {
    const traces = this.chart?.data ?? []
    const wanted = traces.map(({ meta }) => meta === undefined || meta === null || isShown(meta))
    const shown = this.visibleTraces()
    if (wanted.every((wish, i) => wish === shown[i])) return
    if (this.isStandIn()) this.chart.showTraces(wanted)
    else window.Plotly?.restyle(this.chart, { visible: wanted })
  }
}

function listens(chart, name, handler) {
  const listeners = chart._ev?.listeners?.(name)
  return listeners ? listeners.includes(handler) : true
}

function fraction([from, to], value) {
  return (value - from) / (to - from)
}
