// What a map's points are seen on until Plotly is there, and when that is: Plotly's script, while it is read, lets the page do
// nothing for a second. So Python sends the chart once it hears that they are seen.

import { placeStandIn } from "../native_map/stand_in.js"

const PATIENCE = 3000 // ms that Plotly's chart waits for the points
const LATE = 2500 // ms: a chart that never gets its size is shown as it is

export class BeforePlotly {
  /** `data` is what Python says of the points (CloudData), `ground` a colour of CSS; `tell()` is called once they are seen. */
  constructor(data, ground, tell) {
    this.tell = tell
    this.element = data.stand_in && placeStandIn(data.chart_key, data.stand_in, ground)
    if (data.stand_in) this.patience = setTimeout(() => this.told(), this.element ? PATIENCE : 0)
  }

  /** The points are drawn, and seen after this frame. */
  drawn() {
    if (this.patience) setTimeout(() => this.told())
  }

  told() {
    if (this.patience) this.tell()
    clearTimeout(this.patience)
    this.patience = null
  }

  /** Leave once Plotly's chart has the size that Streamlit gives it in a second step. */
  makeRoom(chart) {
    if (!this.element || chart.isStandIn()) return
    this.element.style.pointerEvents = "none"
    if (chart.fits()) this.leave()
    else this.late ??= setTimeout(() => this.leave(), LATE)
  }

  leave() {
    clearTimeout(this.late)
    this.element?.leave()
    this.element = this.late = null
  }

  close() {
    clearTimeout(this.patience)
    this.patience = null
    this.leave()
  }
}
