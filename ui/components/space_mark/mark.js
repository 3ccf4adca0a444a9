// A mark where somebody is on a native map in three dimensions. Nothing that lies over it could turn with it, so it is a
// point of the figure's own, in the last trace, which is moved.

import { onWhereabouts, whereabouts } from "../model_store/whereabouts.js"
import { NativeChart } from "../native_map/native_chart.js"
import { followTheme } from "../shared/theme.js"

export class SpaceMark {
  constructor(root) {
    this.element = root.querySelector(".space")
    this.element.querySelector("button").onclick = () => this.report("leaving", { to: "plane" })
    this.element.hidden = hasWebGL()
    this.stopListening = onWhereabouts((fingerprint) => fingerprint === this.data?.fingerprint && this.draw())
  }

  receive(data) {
    this.data = data
    followTheme(this.element)
    if (this.chart?.key !== data.chart_key) {
      this.chart?.close()
      this.chart = null // a chart that is there calls at once
      this.chart = new NativeChart(data.chart_key, {}, () => this.draw())
    }
    this.draw()
  }

  draw() {
    const z = whereabouts(this.data.fingerprint)
    if (!this.chart?.container()) return
    if (!this.element.hidden)
      this.chart.container().style.visibility = "hidden" // Plotly would say the same in its own way
    else if (z) this.chart.moveLastPoint(placeOf(this.data, z))
  }

  close() {
    this.stopListening()
    this.chart?.close()
  }
}

/** [x, y, z] of a latent vector. */
export function placeOf({ mean, axes }, z) {
  return axes.map((axis) => axis.reduce((sum, weight, j) => sum + weight * (z[j] - mean[j]), 0))
}

function hasWebGL() {
  const canvas = document.createElement("canvas")
  return Boolean(canvas.getContext("webgl") ?? canvas.getContext("experimental-webgl"))
}
