// Everything that touches Streamlit's native Plotly chart: find it, take its clicks and hovers, and keep a marker on it.
//
// All of it is undocumented in Streamlit and Plotly, so it is here and nowhere else, and tests/browser/test_contract.py
// fails when a name is gone: `.st-key-<key>`, `.js-plotly-plot`, `.svg-container`, `gd.on`, `_fullLayout.xaxis._offset`,
// `_length`, `range`. Without a chart the panel works on its own.

import { drawPixels } from "../shared/pictures.js"

const RELAYOUT_EVENTS = ["plotly_relayouting", "plotly_relayout", "plotly_afterplot", "plotly_redraw"]

export class MapLink {
  /** `onRow(row)` gets clicks on points, `onHover(row or null)` the point under the mouse. */
  constructor({ key, onRow, onHover }) {
    this.key = key
    this.onRow = onRow
    this.onHover = onHover
    this.place = null
    this.marker = document.createElement("div")
    this.marker.dataset.testid = "you-are-here"
    this.preview = document.createElement("canvas")
    this.preview.dataset.testid = "hover-preview"
    this.preview.setAttribute("aria-hidden", "true")
    this.styleOverlays()
    // Streamlit replaces the chart's element when its figure changes
    this.observer = new MutationObserver(() => this.attach())
    this.observer.observe(document.querySelector('[data-testid="stMain"]') ?? document.body, {
      childList: true,
      subtree: true,
    })
    this.attach()
  }

  attach() {
    const chart = document.querySelector(`.st-key-${CSS.escape(this.key)} .js-plotly-plot`)
    const container = chart?.querySelector(".svg-container")
    if (!container || typeof chart.on !== "function") return
    if (this.marker.parentElement !== container) container.append(this.marker, this.preview)
    if (chart === this.chart && this.listeners.every(([name, f]) => listens(chart, name, f))) return
    this.detachEvents()
    this.chart = chart
    this.listeners = [
      ["plotly_click", (event) => this.withRow(event, this.onRow)],
      ["plotly_hover", (event) => this.withRow(event, (row) => this.hover(row, event))],
      ["plotly_unhover", () => this.hover(null)],
      ...RELAYOUT_EVENTS.map((name) => [name, () => this.draw()]),
    ]
    for (const [name, handler] of this.listeners) chart.on(name, handler)
    this.draw()
  }

  detachEvents() {
    for (const [name, handler] of this.listeners ?? []) this.chart?.removeListener?.(name, handler)
  }

  close() {
    this.observer.disconnect()
    this.detachEvents()
    this.marker.remove()
    this.preview.remove()
  }

  withRow(event, use) {
    const data = event?.points?.[0]?.customdata
    const row = Array.isArray(data) ? data[0] : data
    if (Number.isInteger(row)) use(row)
  }

  /** Move the marker to map coordinates; a dashed ring says that the place is only approximate. */
  show(place) {
    this.place = place
    this.draw()
  }

  draw() {
    const at = this.place && this.pixels(this.place.x, this.place.y)
    this.marker.style.display = at ? "block" : "none"
    if (!at) return
    this.marker.style.transform = `translate(${at.left - 11}px, ${at.top - 11}px)`
    this.marker.style.borderStyle = this.place.exact ? "solid" : "dashed"
    this.marker.dataset.exact = this.place.exact
  }

  /** Map coordinates -> pixels inside the chart, null outside its axes. */
  pixels(x, y) {
    const layout = this.chart?._fullLayout
    if (!layout?.xaxis || !layout.yaxis) return null
    const across = fraction(layout.xaxis.range, x)
    const up = fraction(layout.yaxis.range, y)
    if (!(across >= 0 && across <= 1 && up >= 0 && up <= 1)) return null
    return {
      left: layout.xaxis._offset + across * layout.xaxis._length,
      top: layout.yaxis._offset + (1 - up) * layout.yaxis._length,
    }
  }

  hover(row, event) {
    const image = this.onHover(row)
    this.preview.style.display = image ? "block" : "none"
    if (!image) return
    drawPixels(this.preview, image.pixels, image.shape)
    const point = event.points[0]
    const at = this.pixels(point.x, point.y)
    if (!at) return
    const below = at.top < 110
    const left = Math.min(Math.max(at.left - 36, 0), this.preview.parentElement.clientWidth - 72)
    this.preview.style.transform = `translate(${left}px, ${below ? at.top + 46 : at.top - 118}px)`
  }

  styleOverlays() {
    const common = "position:absolute;left:0;top:0;pointer-events:none;display:none;"
    this.marker.style.cssText =
      common +
      "width:22px;height:22px;box-sizing:border-box;border-radius:50%;border:3px solid currentColor;z-index:2;" +
      "background:radial-gradient(circle,currentColor 0 2px,transparent 2.5px);"
    this.preview.style.cssText =
      common +
      "width:72px;height:72px;z-index:3;border-radius:6px;image-rendering:pixelated;box-shadow:0 2px 8px #0006;"
  }

  /** Colours come from the panel, because the chart has no --st-* variables of its own. */
  paint(colour, halo) {
    this.marker.style.color = colour
    this.marker.style.boxShadow = `0 0 0 2px ${halo}, inset 0 0 0 1.5px ${halo}`
  }
}

function listens(chart, name, handler) {
  const listeners = chart._ev?.listeners?.(name)
  return listeners ? listeners.includes(handler) : true
}

function fraction([from, to], value) {
  return (value - from) / (to - from)
}
