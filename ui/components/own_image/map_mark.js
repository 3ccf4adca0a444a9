// The own image on the map: a dot at its posterior mean, and a ring around what its posterior reaches.

import { NativeChart } from "../native_map/native_chart.js"
import { ellipse } from "./spread.js"

const DRAWN_AGAIN = ["plotly_relayouting", "plotly_relayout", "plotly_afterplot", "plotly_redraw"]
const DOT = 8 // CSS pixels across

export class MapMark {
  /** `onRow(row)` gets clicks on the map's images. */
  constructor(key, onRow) {
    this.key = key
    this.plot = document.createElement("div") // what is beyond the axes is cut off
    this.ring = document.createElement("div")
    this.dot = document.createElement("div")
    this.plot.style.cssText = "position:absolute;overflow:hidden;pointer-events:none;z-index:2;"
    this.ring.style.cssText = "position:absolute;box-sizing:border-box;border-radius:50%;border:2px solid;"
    this.dot.style.cssText = `position:absolute;left:0;top:0;width:${DOT}px;height:${DOT}px;border-radius:50%;`
    this.dot.dataset.testid = "own-image-here"
    this.ring.dataset.testid = "own-image-spread"
    this.plot.append(this.dot, this.ring)
    const draw = Object.fromEntries(DRAWN_AGAIN.map((name) => [name, () => this.draw()]))
    const clicked = (event) => {
      const data = event?.points?.[0]?.customdata
      const row = Array.isArray(data) ? data[0] : data
      if (Number.isInteger(row)) onRow(row)
    }
    this.chart = new NativeChart(key, { ...draw, plotly_click: clicked }, () => this.onFigure())
    this.onFigure()
  }

  onFigure() {
    this.chart?.container()?.append(this.plot)
    this.draw()
  }

  attach() {
    this.chart.attach()
  }

  close() {
    this.chart.close()
    this.plot.remove()
  }

  /** `place`: {x, y, exact} on the map, null for none; `covariance` (spread.js) there. */
  show(place, covariance) {
    this.place = place
    this.covariance = covariance
    this.draw()
  }

  draw() {
    const frame = this.place && this.chart?.frame()
    const at = frame && this.chart.pixels(this.place.x, this.place.y)
    this.plot.style.display = at ? "block" : "none"
    if (!at) return
    const { left, top, width, height, across, up } = frame
    Object.assign(this.plot.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` })
    const [x, y] = [at.left - left, at.top - top]
    // beyond the axes it waits at the edge, smaller, on the way to where it is
    this.dot.style.transform = `translate(${x - DOT / 2}px, ${y - DOT / 2}px) ${at.outside ? "scale(0.6)" : ""}`
    this.dot.dataset.outside = at.outside
    this.dot.dataset.x = this.place.x
    this.dot.dataset.y = this.place.y
    const { long, short, angle } = ellipse(this.covariance, { across, up })
    Object.assign(this.ring.style, {
      display: at.outside || 2 * long < 1 ? "none" : "block", // without a spread, as an autoencoder's, there is none
      left: `${x - long}px`,
      top: `${y - short}px`,
      width: `${2 * long}px`,
      height: `${2 * short}px`,
      borderStyle: this.place.exact ? "solid" : "dashed",
      transform: `rotate(${angle}rad)`,
    })
    this.ring.dataset.size = `${long.toFixed(1)} ${short.toFixed(1)}`
  }

  /** Colours come from the tool, because the chart has no --st-* variables of its own. */
  paint({ accent, page, text }) {
    // in two tones: the accent alone is lost on points like it
    this.ring.style.borderColor = text
    this.ring.style.boxShadow = `0 0 0 1.5px ${page}, inset 0 0 0 1.5px ${page}`
    this.dot.style.background = accent
    this.dot.style.boxShadow = `0 0 0 1.5px ${page}, 0 0 0 3px ${text}`
  }
}
