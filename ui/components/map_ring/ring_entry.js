// A ring on a native map around the image that is chosen elsewhere on the page.

import { MapRing } from "../native_map/map_ring.js"
import { DRAWN_AGAIN, NativeChart } from "../native_map/native_chart.js"
import { mount } from "../shared/mount.js"
import { themeValue } from "../shared/theme.js"

class RingOnMap {
  constructor(root) {
    this.element = root.firstElementChild ?? root
    this.ring = new MapRing()
  }

  receive({ chart_key, x, y }) {
    this.place = { x, y, exact: true }
    this.ring.paint((name) => themeValue(this.element, name))
    if (this.chart?.key !== chart_key) {
      this.chart?.close()
      this.chart = null // a chart that is there calls at once
      const draw = Object.fromEntries(DRAWN_AGAIN.map((name) => [name, () => this.draw()]))
      this.chart = new NativeChart(chart_key, draw, () => this.draw())
    }
    this.draw()
  }

  draw() {
    const container = this.chart?.container()
    if (container) this.ring.over(container)
    this.ring.draw(this.chart, this.place)
  }

  close() {
    this.chart?.close()
    this.ring.remove()
  }
}

export default mount(RingOnMap)
