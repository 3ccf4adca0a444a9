// A lasso or a box drawn over the native map: from the pointer that goes down to the one that comes up.
//
// It listens on the window, before Plotly and before the panel: while something is drawn, neither the map moves nor is
// the place under the pointer pinned. What it draws with is in the plane: the map may be zoomed meanwhile.

import { boxOf } from "./region.js"

const STEP = 2 // CSS pixels: a lasso has no corners nearer to each other
const LEAST = 4 // CSS pixels: less is a click, which selects nothing

export class Gesture {
  /** `onMove(corners)` draws what there is, null for nothing; `onEnd(corners, how, time)` gets what was drawn. */
  constructor(chart, { onMove, onEnd }) {
    Object.assign(this, { chart, onMove, onEnd, tool: null, trace: null })
    this.listeners = [
      ["pointerdown", (event) => this.down(event)],
      ["pointermove", (event) => this.moved(event)],
      ["pointerup", (event) => this.up(event)],
      ["pointercancel", () => this.cancel()],
      // Plotly listens to these
      ["mousedown", (event) => this.isOverMap(event) && stop(event)],
      ["touchstart", (event) => this.isOverMap(event) && event.touches.length === 1 && stop(event)],
      ["click", (event) => this.isOverMap(event) && stop(event)],
    ]
    for (const [name, handler] of this.listeners) window.addEventListener(name, handler, { capture: true })
  }

  close() {
    for (const [name, handler] of this.listeners) window.removeEventListener(name, handler, { capture: true })
  }

  /** "lasso", "box", or null for none. */
  use(tool) {
    this.cancel()
    this.tool = tool
    this.mark()
  }

  /** The map's own cursor says what a hand does there (ui/explore/layout.py). */
  mark() {
    const container = this.chart.container()
    if (!container) return
    if (this.tool) container.dataset.tool = this.tool
    else delete container.dataset.tool
  }

  isOverMap({ target, clientX, clientY }) {
    if (!this.tool || !this.chart.holds(target)) return false
    return clientX === undefined || this.chart.valuesAt(clientX, clientY) !== null
  }

  down(event) {
    if (event.button !== 0 || !event.isPrimary || !this.isOverMap(event)) return
    stop(event)
    const { clientX, clientY, shiftKey, altKey } = event
    const how = altKey ? "subtract" : shiftKey ? "add" : "replace"
    const at = this.placeOf(event)
    this.trace = {
      id: event.pointerId,
      how,
      first: [clientX, clientY],
      last: [clientX, clientY],
      places: [at],
      end: at,
    }
    this.chart.container().setPointerCapture?.(event.pointerId)
  }

  moved(event) {
    const { trace } = this
    if (trace?.id !== event.pointerId) return
    stop(event)
    trace.end = this.placeOf(event)
    const { clientX, clientY } = event
    trace.far ||= Math.hypot(clientX - trace.first[0], clientY - trace.first[1]) >= LEAST
    if (Math.hypot(clientX - trace.last[0], clientY - trace.last[1]) >= STEP) {
      trace.last = [clientX, clientY]
      trace.places.push(trace.end)
    }
    this.onMove(this.corners())
  }

  up(event) {
    const { trace } = this
    if (trace?.id !== event.pointerId) return
    stop(event)
    trace.end = this.placeOf(event)
    const corners = this.corners()
    this.cancel()
    if (trace.far) this.onEnd(corners, trace.how, event.timeStamp)
  }

  corners() {
    const { places, end } = this.trace
    return this.tool === "box" ? boxOf(places[0], end) : [...places, end]
  }

  /** Forget what is being drawn; whether there was something. */
  cancel() {
    const drawing = this.trace !== null
    this.trace = null
    if (drawing) this.onMove(null)
    return drawing
  }

  /** [x, y] of the axes under a pointer, at their edge where it is outside. */
  placeOf({ clientX, clientY }) {
    const { left, top, width, height } = this.chart.frame()
    const box = this.chart.container().getBoundingClientRect()
    const inside = (value, most) => Math.min(most, Math.max(0, value))
    const x = box.left + left + inside(clientX - box.left - left, width)
    const y = box.top + top + inside(clientY - box.top - top, height)
    const at = this.chart.valuesAt(x, y) ?? this.chart.valuesAt(Math.floor(x), Math.floor(y))
    return at ? [at.x, at.y] : this.trace.end
  }
}

function stop(event) {
  event.stopImmediatePropagation()
}
