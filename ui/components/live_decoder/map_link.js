// The panel's part of the map: clicks and hovers on points, the ring that says where the person is, and the zoom, which
// Streamlit forgets when the figure changes.

import { NativeChart } from "../map_legend/native_chart.js"
import { drawPixels } from "../shared/pictures.js"

const DRAWN_AGAIN = ["plotly_relayouting", "plotly_relayout", "plotly_afterplot", "plotly_redraw"]
const RING = 22 // pixels across
const zooms = new Map() // by map: the ranges that the person has chosen, in this page

export class MapLink {
  /** `onRow(row)` gets clicks on points, `onHover(row or null)` the point under the mouse. */
  constructor({ key, onRow, onHover }) {
    this.key = key
    this.onHover = onHover
    this.place = null
    this.marker = document.createElement("div")
    this.marker.dataset.testid = "you-are-here"
    this.preview = document.createElement("canvas")
    this.preview.dataset.testid = "hover-preview"
    this.preview.setAttribute("aria-hidden", "true")
    this.styleOverlays()
    const drawAgain = Object.fromEntries(DRAWN_AGAIN.map((name) => [name, () => this.draw()]))
    this.chart = new NativeChart(
      key,
      {
        ...drawAgain,
        plotly_click: (event) => withRow(event, onRow),
        plotly_hover: (event) => withRow(event, (row) => this.hover(row, event)),
        plotly_unhover: () => this.hover(null),
        plotly_relayout: (event) => this.rememberZoom(event),
        plotly_doubleclick: () => zooms.delete(this.chart.about().map),
      },
      () => this.onFigure(),
    )
    this.onFigure()
  }

  onFigure() {
    if (!this.chart?.container()) return
    this.chart.container().append(this.marker, this.preview)
    const zoom = zooms.get(this.chart.about().map)
    if (zoom || this.drawn) this.chart.arrange(zoom) // the first map is left as it comes, which is soonest
    this.drawn = true
    this.draw()
  }

  /** Of a person's own changes, whose names are those of single ends; the ranges set here are not. */
  rememberZoom(changes) {
    if (Object.keys(changes ?? {}).some((name) => /^[xy]axis\.range\[/.test(name))) {
      zooms.set(this.chart.about().map, this.chart.ranges())
    }
    this.draw()
  }

  attach() {
    this.chart.attach()
  }

  close() {
    this.chart.close()
    this.marker.remove()
    this.preview.remove()
  }

  /** Move the marker to map coordinates; a dashed ring says that the place is only approximate. */
  show(place) {
    this.place = place
    this.draw()
  }

  draw() {
    const at = this.place && this.chart?.pixels(this.place.x, this.place.y)
    this.marker.style.display = at ? "block" : "none"
    if (!at) return
    // beyond the axes it waits at the edge, smaller, on the way to where it is
    const size = at.outside ? "scale(0.6)" : ""
    this.marker.style.transform = `translate(${at.left - RING / 2}px, ${at.top - RING / 2}px) ${size}`
    this.marker.style.borderStyle = this.place.exact ? "solid" : "dashed"
    this.marker.dataset.exact = this.place.exact
    this.marker.dataset.outside = at.outside
  }

  hover(row, event) {
    const image = this.onHover(row)
    this.preview.style.display = image ? "block" : "none"
    if (!image) return
    drawPixels(this.preview, image.pixels, image.shape)
    const point = event.points[0]
    const at = this.chart.pixels(point.x, point.y)
    if (!at) return
    const below = at.top < 110
    const left = Math.min(Math.max(at.left - 36, 0), this.preview.parentElement.clientWidth - 72)
    this.preview.style.transform = `translate(${left}px, ${below ? at.top + 46 : at.top - 118}px)`
  }

  styleOverlays() {
    const common = "position:absolute;left:0;top:0;pointer-events:none;display:none;"
    this.marker.style.cssText =
      common +
      `width:${RING}px;height:${RING}px;` +
      "box-sizing:border-box;border-radius:50%;border:3px solid currentColor;z-index:2;" +
      "background:radial-gradient(circle,currentColor 0 2px,transparent 2.5px);"
    this.preview.style.cssText =
      common +
      "width:72px;height:72px;z-index:3;border-radius:6px;image-rendering:pixelated;box-shadow:0 2px 8px #0006;"
  }

  /** Colours come from the panel, because the chart has no --st-* variables of its own. */
  paint({ accent, page, text }) {
    this.marker.style.color = accent
    // in two tones: the accent alone is lost on points like it, and each point is unlike one of the two
    this.marker.style.boxShadow = `0 0 0 1.5px ${page}, 0 0 0 3.5px ${text}, inset 0 0 0 1.5px ${page}`
  }
}

function withRow(event, use) {
  const data = event?.points?.[0]?.customdata
  const row = Array.isArray(data) ? data[0] : data
  if (Number.isInteger(row)) use(row)
}
