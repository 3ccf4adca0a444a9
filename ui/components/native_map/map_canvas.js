// A canvas over, or under, the points of Streamlit's native map, drawn anew with it: for what Plotly is too slow to draw, or
// what may not change its figure. It gets a view as PointMap's has it, so what draws on one map draws on the other.

import { NextFrame } from "../shared/frames.js"
import { sizeCanvas } from "../shared/pictures.js"

/** What `draw` returns that has drawn nothing: an empty canvas is left alone, and the browser need not show it again. */
export const EMPTY = Symbol("empty")

export class MapCanvas {
  /** `draw(context, view)` is called in the frame after whatever changed, with {size: {width, height}, scale, zoom,
   * toPixels(x, y), toPlane(left, top)} in CSS pixels of the plot. `level`: "over" the points, "under" them, or on the
   * "ground", which is under those. */
  constructor(chart, draw, level = "over") {
    Object.assign(this, { chart, draw, level })
    this.element = this.outermost = document.createElement("canvas") // the latter is what is put into the chart
    this.element.setAttribute("aria-hidden", "true")
    this.element.style.cssText = "position:absolute;pointer-events:none;"
    this.element.dataset.level = level
    if (level === "over") this.element.style.zIndex = "1"
    this.frame = new NextFrame(() => this.drawNow())
  }

  /** Take its place in the chart that is there now, and draw; to be called whenever a NativeChart has a figure, and on
   * every event of DRAWN_AGAIN. */
  ask() {
    this.frame.ask()
  }

  drawNow() {
    const view = viewOf(this.chart)
    this.outermost.style.display = view ? "block" : "none"
    if (!view) return
    this.attach()
    this.paint(view)
  }

  paint(view) {
    const { left, top } = this.chart.frame()
    this.element.style.transform = `translate(${left}px, ${top}px)`
    this.drawOn(view)
  }

  /** Give the canvas a view's size, and draw. */
  drawOn(view) {
    const ratio = window.devicePixelRatio || 1
    const { width, height } = view.size
    sizeCanvas(this.element, Math.round(width * ratio), Math.round(height * ratio))
    this.element.style.width = `${width}px`
    this.element.style.height = `${height}px`
    const context = this.element.getContext("2d")
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    if (!this.isEmpty) context.clearRect(0, 0, width, height)
    this.isEmpty = this.draw(context, view) === EMPTY
    // laid over the others in every frame in which something moves, it would cost time, be it empty
    this.element.style.visibility = this.isEmpty ? "hidden" : ""
  }

  /** Draw onto a picture of the chart, in its CSS pixels. */
  paintOn(context) {
    const view = viewOf(this.chart)
    if (!view) return
    const { left, top } = this.chart.frame()
    context.save()
    context.translate(left, top)
    context.beginPath()
    context.rect(0, 0, view.size.width, view.size.height)
    context.clip()
    this.draw(context, view)
    context.restore()
  }

  attach() {
    const container = this.chart.container()
    if (this.outermost.parentElement === container) return
    this.outermost.style.left = this.outermost.style.top = "0"
    if (this.level === "over") return container.append(this.outermost)
    const [, ...others] = container.children // the first holds Plotly's ground and grid
    const isBelow = (other) => this.level === "under" && other.dataset.level === "ground"
    container.insertBefore(this.outermost, others.find((other) => !isBelow(other)) ?? null)
  }

  close() {
    this.frame.cancel()
    this.outermost.remove()
  }
}

/** The piece of the plane that a native map shows; null without axes. */
function viewOf(chart) {
  const frame = chart.frame()
  if (!frame) return null
  const [[x0], [y0]] = chart.ranges()
  const { width, height, across, up } = frame
  return {
    size: { width, height },
    scale: across,
    zoom: chart.zoom(),
    toPixels: (x, y) => ({ left: (x - x0) * across, top: height - (y - y0) * up }),
    toPlane: (left, top) => ({ x: x0 + left / across, y: y0 + (height - top) / up }),
  }
}
