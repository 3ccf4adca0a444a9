// The panel's part of the map: clicks and hovers on points and places, the ring that says where the person is, and the
// zoom, which Streamlit forgets when the figure changes.

import { LaterHover } from "../native_map/later_hover.js"
import { MapRing } from "../native_map/map_ring.js"
import { DRAWN_AGAIN, NativeChart } from "../native_map/native_chart.js"
import { drawPixels } from "../shared/pictures.js"
import { MapPointer } from "./map_pointer.js"

const TWICE = 250 // ms within which the same click can be told again
const zooms = new Map() // by plane: the ranges that the person has chosen, in this page
const planeOf = (chart) => chart.about().place // whichever images are on it

export class MapLink {
  /** `onRow(row)` gets clicks on points, `onHover(row or null)` the point under the mouse, `over`, `leave` and `pin` are
   * those of a MapPointer. */
  constructor({ key, onRow, onHover, over, leave, pin }) {
    this.key = key
    this.onHover = onHover
    this.place = null
    this.ring = new MapRing()
    this.preview = document.createElement("canvas")
    this.preview.dataset.testid = "hover-preview"
    this.preview.setAttribute("aria-hidden", "true")
    this.preview.style.cssText =
      "position:absolute;left:0;top:0;pointer-events:none;display:none;" +
      "width:72px;height:72px;z-index:3;border-radius:6px;image-rendering:pixelated;box-shadow:0 2px 8px #0006;"
    const drawAgain = Object.fromEntries(DRAWN_AGAIN.map((name) => [name, () => this.draw()]))
    this.chart = new NativeChart(
      key,
      {
        ...drawAgain,
        plotly_click: (event) => withRow(event, (row) => this.clicked(row, onRow)),
        plotly_hover: (event) => withRow(event, (row) => this.hover(row, event)),
        plotly_unhover: () => this.hover(null),
        plotly_relayout: (event) => this.rememberZoom(event),
        plotly_doubleclick: () => zooms.delete(planeOf(this.chart)),
      },
      () => this.onFigure(),
    )
    this.plotlys = new LaterHover(this.chart)
    this.pointer = new MapPointer(this.chart, { over, leave, pin })
    this.onFigure()
  }

  onFigure() {
    if (!this.chart?.container()) return
    this.pointer?.attach()
    this.plotlys?.attach()
    this.ring.over(this.chart.container())
    this.chart.container().append(this.preview)
    const zoom = zooms.get(planeOf(this.chart))
    if (zoom || this.drawn) this.chart.arrange(zoom) // the first map is left as it comes, which is soonest
    this.drawn = true
    this.draw()
  }

  /** Of a person's own changes, whose names are those of single ends; the ranges set here are not. */
  rememberZoom(changes) {
    if (Object.keys(changes ?? {}).some((name) => /^[xy]axis\.range\[/.test(name))) {
      zooms.set(planeOf(this.chart), this.chart.ranges())
    }
    this.draw()
  }

  /** In three dimensions Plotly tells of one click twice. */
  clicked(row, onRow) {
    const again = row === this.lastClick?.row && performance.now() - this.lastClick.time < TWICE
    this.lastClick = { row, time: performance.now() }
    if (!again) onRow(row)
  }

  attach() {
    this.chart.attach()
  }

  close() {
    this.chart.close()
    this.pointer.detach()
    this.plotlys.detach()
    this.ring.remove()
    this.preview.remove()
  }

  /** Move the ring to map coordinates; a dashed one says that the place is only approximate. */
  show(place) {
    this.place = place
    this.draw()
  }

  draw() {
    this.ring.draw(this.chart, this.place)
  }

  hover(row, event) {
    const image = this.onHover(row)
    const point = event?.points[0]
    const at = image && this.chart.pixels(point.x, point.y)
    this.preview.style.display = at ? "block" : "none" // a map in three dimensions has no place for it
    if (!at) return
    drawPixels(this.preview, image.pixels, image.shape)
    const below = at.top < 110
    const left = Math.min(Math.max(at.left - 36, 0), this.preview.parentElement.clientWidth - 72)
    this.preview.style.transform = `translate(${left}px, ${below ? at.top + 46 : at.top - 118}px)`
  }
}

function withRow(event, use) {
  const data = event?.points?.[0]?.customdata
  const row = Array.isArray(data) ? data[0] : data
  if (Number.isInteger(row)) use(row)
}
