// Marks on a native map where places have names: buttons over the chart, so that the keyboard reaches them, too.

import { meanOfRow, placeOnMap, withModel } from "../model_store/store.js"
import { DRAWN_AGAIN, NativeChart } from "../native_map/native_chart.js"
import { BetweenFrames } from "../shared/frames.js"
import { same } from "../shared/same.js"
import { themeValue } from "../shared/theme.js"

const STYLE =
  "position:absolute;left:0;top:0;z-index:1;display:none;max-width:11rem;padding:0.05rem 0.3rem 0.05rem 0;border:0;" +
  "border-radius:0.3rem;" +
  "font-size:0.78rem;line-height:1.2;white-space:nowrap;overflow:hidden;text-overflow:ellipsis;cursor:pointer;"

export class PlaceMarks {
  constructor(root) {
    this.element = root.firstElementChild ?? root
    this.marks = []
    this.finding = new BetweenFrames(() => this.findOne()) // on a map without an inverse all images are searched
  }

  receive(data) {
    const before = this.data
    this.data = data
    this.closed = false
    if (this.chart?.key !== data.map.chart_key) {
      this.chart?.close()
      this.chart = null // a chart that is there calls at once
      const draw = Object.fromEntries(DRAWN_AGAIN.map((name) => [name, () => this.draw()]))
      this.chart = new NativeChart(data.map.chart_key, draw, () => this.draw())
    }
    if (!same(before?.places, data.places)) this.build()
    for (const { element } of this.marks) this.paint(element)
    if (
      before?.fingerprint !== data.fingerprint ||
      !same(before?.map, data.map) ||
      !same(before?.places, data.places)
    ) {
      for (const mark of this.marks) mark.place = null
      this.model = null
      withModel(data.fingerprint, (model) => this.useModel(model))
    }
    this.draw()
  }

  build() {
    for (const { element } of this.marks) element.remove()
    const known = new Map(this.marks.map(({ z, place }) => [String(z), place]))
    this.marks = this.data.places.map(({ name, z, row }, number) => {
      const element = Object.assign(document.createElement("button"), { type: "button", title: `Go to ${name}` })
      element.style.cssText = STYLE
      element.dataset.testid = "named-place"
      element.textContent = `◆ ${name}`
      element.onclick = (event) => {
        event.stopPropagation()
        this.report("going", { number })
      }
      return { element, z, row, place: known.get(String(z)) ?? null }
    })
  }

  paint(element) {
    const [page, text, font] = ["background-color", "text-color", "font"].map((name) =>
      themeValue(this.element, `--st-${name}`),
    )
    element.style.color = text
    element.style.fontFamily = font
    element.style.background = `color-mix(in srgb, ${page} 82%, transparent)`
  }

  useModel(model) {
    if (this.closed || model.fingerprint !== this.data.fingerprint) return
    this.model = model
    this.finding.ask()
  }

  findOne() {
    const mark = this.model && this.marks.find(({ place }) => place === null)
    if (!mark) return false
    const mu = mark.row === null ? null : meanOfRow(this.model, mark.row)
    const isThere = mu?.every((value, j) => Math.abs(value - mark.z[j]) < 5e-4)
    mark.place = placeOnMap(this.model, this.data.map, mark.z, isThere ? mark.row : null)
    this.draw()
    return true
  }

  draw() {
    const container = this.chart?.container()
    if (!container) return
    for (const { element, place } of this.marks) {
      if (element.parentElement !== container) container.append(element)
      const at = place && this.chart.pixels(place.x, place.y)
      element.style.display = at && !at.outside ? "block" : "none"
      if (at) element.style.transform = `translate(calc(${at.left}px - 0.45em), calc(${at.top}px - 50%))`
    }
  }

  close() {
    this.closed = true
    this.finding.cancel()
    this.chart?.close()
    for (const { element } of this.marks) element.remove()
  }
}
