// A pointer over the native map: which place is under it, and which one is pinned. Mouse and pen decode as they move over the
// map, a finger while it is down; Alt and a click pin a place. What is dragged with a button is the map itself.

const MOVES = "onpointerrawupdate" in window ? "pointerrawupdate" : "pointermove" // the first come without delay
const STAYS = 6 // CSS pixels: a hand that has clicked trembles

export class MapPointer {
  /** `over(place, time)` gets {x, y} on the map, `leave()` is called when there is none any more, `pin(place)` keeps one. */
  constructor(chart, { over, leave, pin }) {
    Object.assign(this, { chart, over, leave, pin })
    this.listeners = [
      [MOVES, (event) => this.moved(event)],
      ["pointerdown", (event) => event.pointerType === "touch" && this.moved(event)],
      ["pointerup", (event) => event.pointerType === "touch" && this.leave()],
      ["pointercancel", () => this.leave()],
      ["pointerleave", () => this.leave()],
      // Plotly would begin to move the map
      ["mousedown", (event) => event.altKey && event.stopPropagation()],
      ["touchstart", (event) => this.chart.frame() && stopOneFinger(event)], // in three dimensions a finger turns the map
      ["touchmove", (event) => this.chart.frame() && stopOneFinger(event)],
      ["click", (event) => this.clicked(event)],
    ]
  }

  /** Listen to the chart that is there now: Streamlit replaces it. */
  attach() {
    const container = this.chart.container()
    if (!container || container === this.container) return
    this.detach()
    this.container = container
    container.style.touchAction = "pinch-zoom" // a finger decodes, two are the browser's
    for (const [name, handler] of this.listeners) container.addEventListener(name, handler, { capture: true })
  }

  detach() {
    for (const [name, handler] of this.listeners) this.container?.removeEventListener(name, handler, { capture: true })
    this.container = null
  }

  moved(event) {
    if (event.pointerType !== "touch" && event.buttons) return this.leave()
    const { clientX, clientY, timeStamp } = event
    if (this.held && Math.hypot(clientX - this.held.x, clientY - this.held.y) < STAYS) return
    this.held = null
    this.last = { x: clientX, y: clientY }
    const place = this.chart.valuesAt(clientX, clientY)
    if (place) this.over(place, timeStamp)
    else this.leave()
  }

  clicked(event) {
    const place = event.altKey && this.chart.valuesAt(event.clientX, event.clientY)
    if (!place) return
    event.stopPropagation()
    this.pin(place)
  }

  /** Until the pointer moves on, what is pinned is shown. */
  hold() {
    this.held = this.last
  }
}

function stopOneFinger(event) {
  if (event.touches.length === 1) event.stopPropagation()
}
