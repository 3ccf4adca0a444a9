// Plotly's search for the point under the mouse, and its label: between frames, so that the picture of the place under the
// pointer does not wait for them.

import { BetweenFrames } from "../shared/frames.js"

export class LaterHover {
  /** Of a NativeChart; on one in three dimensions Plotly does as it does. */
  constructor(chart) {
    this.chart = chart
    this.work = new BetweenFrames(() => this.pass())
    this.listeners = [
      ["mousemove", (event) => this.hold(event)],
      ["mouseout", () => this.work.cancel()],
      ["mousedown", () => this.work.cancel()],
    ]
  }

  /** Listen to the chart that is there now: Streamlit replaces it. */
  attach() {
    const container = this.chart.container()
    if (!container || container === this.container) return
    this.detach()
    this.container = container
    for (const [name, handler] of this.listeners) container.addEventListener(name, handler, { capture: true })
  }

  detach() {
    this.work.cancel()
    for (const [name, handler] of this.listeners) this.container?.removeEventListener(name, handler, { capture: true })
    this.container = null
  }

  /** What is dragged follows at once; and what is passed on comes by here again. */
  hold(event) {
    if (event.buttons || !event.isTrusted || !this.chart.frame()) return
    event.stopPropagation()
    this.last = event
    this.work.ask()
  }

  pass() {
    const { target, clientX, clientY, screenX, screenY, shiftKey, altKey, ctrlKey, metaKey } = this.last
    const where = { clientX, clientY, screenX, screenY, shiftKey, altKey, ctrlKey, metaKey }
    target.dispatchEvent(new MouseEvent("mousemove", { ...where, bubbles: true, view: window }))
    return false
  }
}
