// A MapCanvas for what takes long to draw: its picture reaches beyond what is seen, and moves and grows with the map, as far
// as it reaches, without being drawn again. At rest it is drawn anew, around what is seen then.

import { MapCanvas } from "./map_canvas.js"

const BEYOND = 0.25 // of the longer side of what is seen: how far the picture reaches at each side
const STRETCHED = 1.6 // times larger or smaller than it was drawn: more would look coarse
const QUICK = 6 // ms: what takes no longer is drawn anew in each frame in which the map grows
const REST = 120 // ms without a move

export class MovingCanvas extends MapCanvas {
  constructor(chart, draw, level) {
    super(chart, draw, level)
    this.outermost = document.createElement("div")
    this.outermost.style.cssText = "position:absolute;overflow:hidden;pointer-events:none;"
    this.outermost.dataset.level = level
    this.outermost.append(this.element)
    this.element.style.left = this.element.style.top = "0"
    this.element.style.transformOrigin = "0 0"
  }

  /** What is drawn is another, not only the piece of the map that is seen. */
  askAnew() {
    this.picture = null
    this.ask()
  }

  paint(view) {
    const { left, top } = this.chart.frame()
    const { width, height } = view.size
    Object.assign(this.outermost.style, {
      transform: `translate(${left}px, ${top}px)`,
      width: `${width}px`,
      height: `${height}px`,
    })
    if (!this.reaches(view)) this.drawAround(view)
    else if (!isSame(view, this.picture.seen)) this.drawAtRest()
    const at = this.placeIn(view)
    this.element.style.transform = `translate(${at.left}px, ${at.top}px) scale(${at.stretch})`
  }

  /** Whether the picture shows all of a view, and not too coarsely. */
  reaches(view) {
    if (!this.picture || this.picture.ratio !== pixelRatio()) return false
    const { width, height } = view.size
    const { seen, wide, took } = this.picture
    if (seen.size.width !== width || seen.size.height !== height) return false
    const { left, top, stretch } = this.placeIn(view)
    if (stretch !== 1 && (took < QUICK || stretch > STRETCHED || stretch < 1 / STRETCHED)) return false
    const [right, bottom] = [left + stretch * wide.size.width, top + stretch * wide.size.height]
    return left <= 0.5 && top <= 0.5 && right >= width - 0.5 && bottom >= height - 0.5
  }

  /** Where the picture is in a view, in whole pixels where it has its own size: between them it would be blurred. */
  placeIn(view) {
    const { wide, ratio } = this.picture
    const corner = wide.toPlane(0, 0)
    const { left, top } = view.toPixels(corner.x, corner.y)
    const stretch = view.scale / wide.scale
    if (Math.abs(stretch - 1) > 1e-6) return { left, top, stretch }
    const whole = (length) => Math.round(length * ratio) / ratio
    return { left: whole(left), top: whole(top), stretch: 1 }
  }

  drawAround(view) {
    clearTimeout(this.resting)
    const began = performance.now()
    const wide = widened(view, Math.round(BEYOND * Math.max(view.size.width, view.size.height)))
    this.drawOn(wide)
    this.picture = { seen: view, wide, ratio: pixelRatio(), took: performance.now() - began }
  }

  drawAtRest() {
    clearTimeout(this.resting)
    this.resting = setTimeout(() => this.askAnew(), REST)
  }

  close() {
    clearTimeout(this.resting)
    super.close()
  }
}

/** A view with `margin` CSS pixels more at each side. */
function widened(view, margin) {
  const { width, height } = view.size
  return {
    ...view,
    margin,
    size: { width: width + 2 * margin, height: height + 2 * margin },
    toPixels: (x, y) => {
      const { left, top } = view.toPixels(x, y)
      return { left: left + margin, top: top + margin }
    },
    toPlane: (left, top) => view.toPlane(left - margin, top - margin),
  }
}

function isSame(view, other) {
  const [here, there] = [view.toPlane(0, 0), other.toPlane(0, 0)]
  return view.scale === other.scale && here.x === there.x && here.y === there.y
}

function pixelRatio() {
  return window.devicePixelRatio || 1
}
