// Tools over the map that select images: lasso, box, a class, the neighbours of the image that is pinned. The page selects and
// counts by itself, on the release of a hand; Python hears which images are meant, and says so where it selects.

import { withModel } from "../model_store/store.js"
import { EMPTY, MapCanvas } from "../native_map/map_canvas.js"
import { DRAWN_AGAIN, NativeChart } from "../native_map/native_chart.js"
import { haveRoom } from "../point_map/thumbnails.js"
import { announce } from "../shared/frames.js"
import { Shortcuts, somethingIsOpen } from "../shared/keys.js"
import { grouped } from "../shared/text.js"
import { followTheme, themeValue } from "../shared/theme.js"
import { Gesture } from "./gesture.js"
import { placesOf } from "./places.js"
import { Region } from "./region.js"
import { combined, counted, fromBits, toBits } from "./row_set.js"
import { tellSelection } from "./selection.js"
import { drawOutline, drawVeil } from "./veil.js"

const NAMED = 3 // classes beside the count

export class MapSelection {
  constructor(root) {
    this.find = (selector) => root.querySelector(selector)
    this.element = this.find(".tools")
    this.tool = "pan"
    this.wire()
    this.shortcuts = new Shortcuts(
      { l: () => this.use("lasso"), "/": () => this.openForm(true), escape: () => this.escape() },
      (key) => this.chart && !somethingIsOpen() && (key !== "Escape" || this.canEscape()),
    )
  }

  // --- what Python says -----------------------------------------------------------------------------------------------

  receive(data) {
    // an answer to an earlier gesture does not undo a later one
    const taken = this.waiting === undefined || this.waiting === data.bits || data.revision !== this.data.revision
    const same = this.data && data.fingerprint === this.data.fingerprint
    this.data = data
    this.closed = false
    if (taken) {
      this.bits = data.bits
      this.waiting = undefined
    }
    followTheme(this.element)
    this.link(data.map.chart_key)
    this.fillForm()
    if (!same) this.model = this.rows = null
    withModel(data.fingerprint, (model) => this.useModel(model))
  }

  useModel(model) {
    if (this.closed || model.fingerprint !== this.data.fingerprint) return
    this.model = model
    const count = model.tensors.labels.data.length
    if (!this.rows || this.bits !== this.drawn) this.rows = fromBits(this.bits, count)
    this.drawn = this.bits
    this.places = placesOf(model, this.data, this.places)
    this.show()
  }

  link(key) {
    if (this.chart?.key === key) return this.chart.attach()
    this.unlink()
    const again = Object.fromEntries(DRAWN_AGAIN.map((name) => [name, () => this.draw()]))
    this.chart = new NativeChart(key, again, () => this.onFigure())
    this.gesture = new Gesture(this.chart, {
      onMove: (corners) => this.outline(corners),
      onEnd: (corners, how, time) => this.select(corners, how, time),
    })
    this.veil = new MapCanvas(this.chart, (context, view) => this.drawVeil(context, view))
    this.line = new MapCanvas(this.chart, (context, view) => {
      if (!this.corners) return EMPTY
      return drawOutline(context, view, this.corners, themeValue(this.element, "--st-primary-color"))
    })
    this.veil.element.dataset.testid = "selection-veil"
    this.onFigure()
  }

  unlink() {
    for (const part of [this.chart, this.gesture, this.veil, this.line]) part?.close()
  }

  close() {
    this.closed = true
    this.use("pan")
    tellSelection(null)
    this.unlink()
    this.shortcuts.close()
  }

  onFigure() {
    if (!this.gesture || !this.chart.container()) return
    this.gesture.mark()
    this.draw()
  }

  // --- drawing --------------------------------------------------------------------------------------------------------

  /** Veil and tools stand where the map is now. */
  draw() {
    const frame = this.chart?.frame()
    if (!frame) return
    this.element.style.left = `${frame.left + 8}px`
    if (this.isVeiled()) this.veil.ask()
    else this.veil.element.remove()
  }

  /** Where decoded pictures are everywhere, there is nothing to grey. */
  isVeiled() {
    return Boolean(this.rows && this.bits) && this.data.pictures !== "everywhere"
  }

  drawVeil(context, view) {
    if (!this.isVeiled()) return EMPTY
    const radius = this.chart.pointSize() / 2
    const pictured = this.data.pictures === "images" && haveRoom(view, this.places.rows.length)
    const look = { radius, pictured, page: themeValue(this.element, "--st-background-color") }
    return drawVeil(context, view, this.places, this.rows, look)
  }

  outline(corners) {
    this.corners = corners
    this.line.ask()
  }

  /** What is selected: how many, and of which classes the most. */
  show(inputTime) {
    const names = this.data.class_names
    const { total, byClass } = counted(this.rows, this.model.tensors.labels.data, names.length)
    this.total = total
    this.tell()
    this.find(".chosen").hidden = total === 0
    this.find(".to-tray").hidden = this.data.tray_open
    this.element.dataset.count = total
    const most = byClass.map((count, label) => ({ count, label })).filter(({ count }) => count)
    most.sort((a, b) => b.count - a.count)
    const named =
      names.length > 1 ? most.slice(0, NAMED).map(({ count, label }) => `${names[label]}: ${grouped(count, 0)}`) : []
    if (named.length && most.length > NAMED) named.push("…")
    const bold = Object.assign(document.createElement("b"), { textContent: `${grouped(total, 0)} selected` })
    this.find(".count").replaceChildren(...(total ? [bold, named.length ? ` · ${named.join(" · ")}` : ""] : []))
    this.find(".count").title = most.map(({ count, label }) => `${names[label]}: ${grouped(count, 0)}`).join("\n")
    this.draw()
    announce(this.element, "selection-shown", { total, inputTime })
  }

  /** Say what is selected to whoever shows the same images elsewhere. */
  tell() {
    const { rows, total, places, tool } = this
    if (rows && places) tellSelection({ rows, total, places, tool, take: (taken, time) => this.take(taken, time) })
  }

  // --- selecting ------------------------------------------------------------------------------------------------------

  select(corners, how, inputTime) {
    if (!this.model) return
    this.take(combined(this.rows, how, this.places, new Region(corners)), inputTime)
  }

  take(rows, inputTime) {
    this.rows = rows
    this.bits = this.drawn = this.waiting = toBits(rows)
    this.show(inputTime)
    this.report("drawn", { bits: this.bits })
  }

  clear() {
    if (this.model && this.bits) this.take(new Uint8Array(this.rows.length))
  }

  // --- controls -------------------------------------------------------------------------------------------------------

  use(tool) {
    this.tool = tool
    this.gesture?.use(tool === "pan" ? null : tool)
    this.tell()
    for (const button of this.element.querySelectorAll("[data-tool]"))
      button.setAttribute("aria-pressed", String(button.dataset.tool === tool))
  }

  canEscape() {
    return this.tool !== "pan" || !this.find(".more").hidden || Boolean(this.bits)
  }

  /** One step back: from what is being drawn, from the form, from the tool, from the selection. */
  escape() {
    if (this.gesture.cancel()) return
    if (!this.find(".more").hidden) return this.openForm(false)
    if (this.tool !== "pan") return this.use("pan")
    this.clear()
  }

  openForm(open) {
    this.find(".more").hidden = !open
    this.find(".to-more").setAttribute("aria-expanded", String(open))
    if (open) this.find("[name=query]").select()
    else this.find(".to-more").focus()
  }

  fillForm() {
    const { class_names: names, problem, tags } = this.data
    this.showFound()
    this.find(".by-tag").hidden = tags.length === 0
    fill(this.find("[name=tag]"), tags.map(nameAndCount))
    this.find(".by-class").hidden = names.length < 2
    this.find(".problem").textContent = problem
    fill(this.find("[name=label]"), names)
  }

  /** What was found, a button each; the keyboard goes on from the first. */
  showFound() {
    const { query, found } = this.data
    const made = JSON.stringify([query, found])
    if (made === this.made) return
    this.made = made
    const buttons = found.map((one, number) => {
      const button = Object.assign(document.createElement("button"), { type: "button", title: one.name })
      const name = Object.assign(document.createElement("span"), { className: "name", textContent: one.name })
      const images = one.count > 1 ? `${grouped(one.count, 0)} images` : ""
      const count = Object.assign(document.createElement("span"), { textContent: images })
      button.append(name, count)
      button.onclick = () => this.report("asked", { by: "found", number })
      return button
    })
    this.find(".found").replaceChildren(...buttons)
    if (this.searched === query) buttons[0]?.focus()
  }

  search() {
    const text = this.find("[name=query]").value.trim()
    this.searched = text
    this.made = null // asked for again, it is shown again
    this.report("query", { text })
  }

  wire() {
    for (const button of this.element.querySelectorAll("[data-tool]"))
      button.onclick = () => this.use(button.dataset.tool)
    this.find(".to-more").onclick = () => this.openForm(this.find(".more").hidden)
    this.find(".to-tray").onclick = () => this.report("opening", { tool: "tray" })
    this.find(".clear").onclick = () => this.clear()
    const ask = (by, number) => Number.isInteger(number) && this.report("asked", { by, number })
    this.find(".take-class").onclick = () => ask("class", Number(this.find("[name=label]").value))
    this.find(".take-tag").onclick = () => ask("tag", Number(this.find("[name=tag]").value))
    this.find(".take-near").onclick = () => ask("near", this.find("[name=near]").valueAsNumber)
    // a handler that returns false would keep the key from its field
    const onEnter = (name, act) => {
      this.find(name).onkeydown = ({ key }) => {
        if (key === "Enter") act()
      }
    }
    onEnter("[name=query]", () => this.search())
    onEnter("[name=near]", () => this.find(".take-near").click())
    this.find(".more").onkeydown = (event) => {
      if (event.key !== "Escape") return // its fields are typed into: no shortcut of the page's
      event.stopPropagation()
      this.openForm(false)
    }
  }
}

/** Offer names in a select, by their place; what was chosen stays. */
function fill(select, names) {
  const made = JSON.stringify(names)
  if (select.dataset.made === made) return
  select.dataset.made = made
  const before = select.value
  select.replaceChildren(...names.map((name, place) => new Option(name, place)))
  if (Number(before) < names.length) select.value = before || 0
}

function nameAndCount({ name, count }) {
  return `${name} (${grouped(count, 0)})`
}
