// The points of a map that has more than Plotly can draw, and of any until Plotly is there: onto a canvas under its chart, which
// keeps the axes, the zoom and the legend. Who listens to Plotly's clicks and hovers hears of these points as of Plotly's own.

import { PlaneGrid } from "../model_store/plane_grid.js"
import { pointsOnMap, withModel } from "../model_store/store.js"
import { MovingCanvas } from "../native_map/moving_canvas.js"
import { DRAWN_AGAIN, NativeChart } from "../native_map/native_chart.js"
import { keepCloudColours } from "../native_map/point_colours.js"
import { numberOf } from "../point_map/colour_numbers.js"
import { drawDensity, drawPoints, rowsInView } from "../point_map/scatter.js"
import { maskOf, radiusOf } from "../point_map/splat.js"
import { drawPoint } from "../shared/point.js"
import { same } from "../shared/same.js"
import { bytesFromBase64 } from "../shared/text.js"
import { themeValue } from "../shared/theme.js"
import { BeforePlotly } from "./before_plotly.js"

const NONE = 255 // as in many_points.py: the code of an image that is not on this map
const DENSE = 50_000 // points in view: from there on it is shown how many are where
const NEAR = 12 // CSS pixels from a point that is still meant
const MOVED = 5 // CSS pixels: less is a click
const AROUND = 24 // of the nearest points, the first that is shown is meant

export class PointCloud {
  constructor(root) {
    this.element = root.querySelector(".point-cloud")
    this.listeners = [
      ["pointermove", (event) => this.moved(event)],
      ["pointerleave", () => this.hover(null)],
      ["pointerdown", (event) => this.down(event)],
    ]
    this.onUp = (event) => this.up(event)
    window.addEventListener("pointerup", this.onUp, { capture: true })
  }

  receive(data) {
    this.data = data
    this.codes = bytesFromBase64(data.codes)
    this.traces = bytesFromBase64(data.traces)
    this.colours = coloursOf(this.codes, data.palette.map(numberOf))
    this.visible = null
    keepCloudColours(data.name, { codes: this.codes, palette: data.palette })
    if (this.chart?.key !== data.chart_key) {
      this.close()
      const ground = themeValue(this.element, "--st-background-color")
      this.before = new BeforePlotly(data, ground, () =>
        this.report("seen", { points: Number(this.element.dataset.drawn ?? 0) }),
      )
      this.watch(data.chart_key)
    }
    withModel(data.fingerprint, (model) => this.useModel(model))
  }

  watch(key) {
    this.closed = false
    window.addEventListener("pointerup", this.onUp, { capture: true })
    const moved = () => {
      this.before?.makeRoom(this.chart)
      this.canvas?.ask()
    }
    const draw = Object.fromEntries(DRAWN_AGAIN.map((name) => [name, moved]))
    draw.plotly_restyle = () => this.canvas?.askAnew()
    this.chart = new NativeChart(key, draw, () => this.onFigure())
    this.canvas = new MovingCanvas(this.chart, (context, view) => this.draw(context, view), "under")
    this.canvas.element.dataset.testid = "point-cloud"
    this.onFigure()
  }

  useModel(model) {
    if (this.closed || model.fingerprint !== this.data.fingerprint) return
    const key = JSON.stringify([this.data.fingerprint, this.data.map])
    if (key !== this.key) {
      this.key = key
      this.xy = pointsOnMap(model, this.data.map)
      this.grid = null // made when it is asked for the first time: it takes a moment
    }
    this.canvas.askAnew()
  }

  onFigure() {
    const container = this.chart?.container()
    if (!container || !this.canvas) return
    if (container !== this.container) {
      this.detach()
      this.container = container
      for (const [name, handler] of this.listeners) container.addEventListener(name, handler)
    }
    this.before?.makeRoom(this.chart)
    this.canvas.askAnew()
  }

  detach() {
    for (const [name, handler] of this.listeners) this.container?.removeEventListener(name, handler)
    this.container = null
  }

  close() {
    this.closed = true
    window.removeEventListener("pointerup", this.onUp, { capture: true })
    this.before?.close()
    this.detach()
    this.chart?.close()
    this.canvas?.close()
  }

  // --- drawing --------------------------------------------------------------------------------------------------------

  /** Whether the figure in the chart is the one that these points belong to. */
  isDrawn() {
    const isOurs = !this.data.in_figure || this.chart.isStandIn()
    return isOurs && this.xy && this.chart.about().cloud === this.data.name
  }

  /** A byte of each row, 0 of those that are not on this map or are hidden with their trace. */
  rowsShown() {
    const visible = this.chart.visibleTraces()
    if (!same(visible, this.visible)) {
      this.visible = visible
      this.shown = shownOf(this.codes, this.traces, visible)
    }
    return this.shown
  }

  draw(context, view) {
    this.element.dataset.drawn = 0
    if (!this.isDrawn()) return
    const shown = this.rowsShown()
    if (this.found?.length !== shown.length) this.found = new Uint32Array(shown.length)
    const { rows, seen } = rowsInView(view, this.xy, shown, this.found)
    const ratio = window.devicePixelRatio || 1
    if (seen > DENSE) drawDensity(context, view, this.xy, rows, this.colours)
    else {
      const radius = this.data.in_figure ? this.chart.pointSize() / 2 : radiusOf(seen)
      const mask = this.mask(radius * ratio)
      drawPoints(context, view, ratio, this.xy, rows, { colours: this.colours, maskOf: () => mask })
    }
    this.element.dataset.drawn = seen
    this.before?.drawn()
  }

  mask(radius) {
    if (this.radius !== radius) {
      this.radius = radius
      this.disc = maskOf((context, middle, r) => drawPoint(context, middle, middle, r, 0, ["#000000"]), radius)
    }
    return this.disc
  }

  // --- hands ----------------------------------------------------------------------------------------------------------

  /** The shown point nearest to a place in the window, if it is near. */
  rowAt(clientX, clientY) {
    const place = this.isDrawn() && this.shown && this.chart.valuesAt(clientX, clientY)
    if (!place) return null
    this.grid ??= new PlaneGrid(this.xy)
    const found = this.grid.nearest(place.x, place.y, AROUND).find(({ row }) => this.shown[row])
    return found && found.distance * this.chart.frame().across <= NEAR ? found.row : null
  }

  moved(event) {
    if (event.pointerType !== "touch" && !event.buttons) this.hover(this.rowAt(event.clientX, event.clientY))
  }

  hover(row) {
    if (row === this.hovered) return
    if (this.hovered !== null && this.hovered !== undefined) this.chart.emit("plotly_unhover", this.event(this.hovered))
    this.hovered = row
    if (row !== null) this.chart.emit("plotly_hover", this.event(row))
  }

  down(event) {
    this.pressed = event.button === 0 && !event.altKey && { x: event.clientX, y: event.clientY }
  }

  up(event) {
    const { pressed } = this
    this.pressed = null
    if (!pressed || Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) > MOVED) return
    const row = this.rowAt(event.clientX, event.clientY)
    if (row !== null) this.chart.emit("plotly_click", this.event(row))
  }

  event(row) {
    return { points: [{ customdata: row, x: this.xy[2 * row], y: this.xy[2 * row + 1] }] }
  }
}

/** 0xBBGGRR of each row. Plain loops: there may be a million. */
function coloursOf(codes, palette) {
  const colours = new Uint32Array(codes.length)
  for (let row = 0; row < codes.length; row++) colours[row] = palette[codes[row]] ?? 0
  return colours
}

function shownOf(codes, traces, visible) {
  const isVisible = Uint8Array.from({ length: 256 }, (_, trace) => (visible[trace] ? 1 : 0))
  const shown = new Uint8Array(codes.length)
  for (let row = 0; row < codes.length; row++) shown[row] = codes[row] === NONE ? 0 : isVisible[traces[row]]
  return shown
}
