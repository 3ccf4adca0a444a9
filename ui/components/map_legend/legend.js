// The map's classes: a button each, which hides and shows its points in the page. Python hears which are shown.

import { NativeChart } from "../native_map/native_chart.js"
import { stillOf } from "../shared/pictures.js"
import { drawPoint } from "../shared/point.js"
import { followTheme } from "../shared/theme.js"

export class MapLegend {
  constructor(root) {
    this.element = root.querySelector(".legend")
  }

  receive(data) {
    this.data = data
    // an answer to an earlier click does not undo a later one
    const shown = JSON.stringify(data.shown)
    if (!this.waiting || this.waiting === shown || data.revision !== this.revision) {
      this.shown = new Set(data.shown)
      this.waiting = null
    }
    this.revision = data.revision
    followTheme(this.element)
    if (this.chart?.key !== data.chart_key) {
      this.chart?.close()
      this.chart = this.chartOf(data.chart_key)
    }
    this.build()
    this.apply()
  }

  /** What shows and hides the classes. */
  chartOf(key) {
    return new NativeChart(key, {}, () => this.apply())
  }

  close() {
    this.chart?.close()
  }

  apply() {
    this.chart?.showTraces((name) => this.shown.has(name))
  }

  build() {
    const made = JSON.stringify([this.data.names, this.data.labels, this.data.colours])
    if (made !== this.made) {
      this.made = made
      this.buttons = this.data.names.map((name, i) => this.button(name, i))
      this.all = Object.assign(document.createElement("button"), { type: "button", textContent: "Show all" })
      this.all.onclick = () => this.choose(new Set(this.data.names))
      this.element.replaceChildren(...this.buttons, this.all)
    }
    for (const [i, button] of this.buttons.entries()) {
      button.setAttribute("aria-pressed", String(this.shown.has(this.data.names[i])))
    }
    this.all.hidden = this.shown.size === this.data.names.length
  }

  button(name, i) {
    const button = document.createElement("button")
    button.type = "button"
    button.title = `${name}\nClick: hide or show. Double-click or Shift+Enter: show alone.`
    if (this.data.colours.length) button.append(this.mark(this.data.labels[i]))
    button.append(Object.assign(document.createElement("span"), { className: "name", textContent: name }))
    // a second click comes after a first one, which it replaces
    button.onclick = (event) => this.choose(event.shiftKey || event.detail === 2 ? new Set([name]) : this.toggled(name))
    return button
  }

  mark(label) {
    const mark = Object.assign(document.createElement("canvas"), { width: 24, height: 24 })
    drawPoint(mark.getContext("2d"), 12, 12, 8, label, this.data.colours)
    return stillOf(mark)
  }

  toggled(name) {
    const shown = new Set(this.shown)
    if (!shown.delete(name)) shown.add(name)
    return shown.size ? shown : new Set(this.data.names) // an empty map says nothing
  }

  choose(shown) {
    this.shown = shown
    const names = this.data.names.filter((name) => shown.has(name))
    this.waiting = JSON.stringify(names)
    this.build()
    this.apply()
    this.report("choice", { places: names.map((name) => this.data.names.indexOf(name)) })
  }
}
