// A grid of pictures: drawn at once, looked at with the mouse, chosen by a click or by keys.
//
// All pictures are kept in a few large canvases ("pages") at their own size; the grid is drawn from these. Outlines are
// elements above it, so moving one draws nothing anew.

import { announce, NextFrame } from "../shared/frames.js"
import { isCommand } from "../shared/keys.js"
import { mount } from "../shared/mount.js"
import { parseTensors } from "../shared/safetensors.js"
import { devicePlace, layoutSheet, namesEvery, nextPicture, pictureAt, placeOf } from "./layout.js"
import { drawPicture, pagesOf } from "./pages.js"
import { Preview } from "./preview.js"

const LITTLE_WIDER = 24 // CSS pixels: what a scroll bar takes and gives back, which must not start a loop

const LEAST_HEIGHT = 420 // CSS pixels
const SHARE_OF_WINDOW = 0.7 // what a sheet takes of the window's height, where its columns are free

class Sheet {
  constructor(root) {
    this.find = (selector) => root.querySelector(selector)
    this.element = this.find(".sheet")
    this.selected = null
    this.picked = null // a set, when any number of pictures can be picked
    this.hovered = null
    this.seen = null // the fingerprint of the pictures that are on the screen
    this.canvas = this.find("canvas.pictures")
    this.preview = new Preview(this.find(".preview"), this.find(".mark.hovered"))
    this.frame = new NextFrame(() => this.draw())
    this.wire()
    this.hide()
    this.resized = new ResizeObserver(() => this.fit())
    this.resized.observe(this.element)
  }

  close() {
    this.resized.disconnect()
    this.frame.cancel()
    this.preview.hide()
  }

  // --- what Python says -----------------------------------------------------------------------------------------------

  receive(bytes) {
    if (!bytes) return
    const { metadata, tensors } = parseTensors(bytes)
    if (metadata.sheet === this.said) return // it names the pictures, too
    this.said = metadata.sheet
    const about = JSON.parse(metadata.sheet)
    const before = this.about
    const {
      shape: [count, ...shape],
      data,
    } = tensors.pixels
    const changed = about.fingerprint !== before?.fingerprint
    this.about = about
    if (changed) {
      this.hide()
      Object.assign(this, { count, shape, pages: count ? pagesOf(data, count, shape) : [] })
      this.picked = about.picked && new Set(about.picked)
    }
    if (about.selected !== (before?.selected ?? null) || (changed && about.selected !== null))
      this.selected = about.selected
    if (this.selected !== null && this.selected >= count) this.selected = null
    this.find(".none").hidden = count > 0
    this.find(".viewport").hidden = count === 0
    this.find(".viewport").setAttribute("aria-label", about.label)
    this.element.dataset.count = count
    this.layout = null
    this.fit()
  }

  // --- drawing --------------------------------------------------------------------------------------------------------

  /** Lay the pictures out for the width there is, and draw them where that changes anything. */
  fit() {
    const density = window.devicePixelRatio || 1
    const width = this.element.clientWidth
    if (!this.about || !this.count || !width) return
    const same = this.layout && density === this.layout.density
    if (same && width >= this.width && width - this.width < LITTLE_WIDER) return
    this.width = width
    this.find(".row-names").replaceChildren(
      ...this.about.row_names.map((name, i) => named(name, this.about.row_titles[i])),
    )
    const forPictures = width - this.find(".row-names").offsetWidth - 8 // the padding of .plate
    const { columns, tile } = this.about
    const tallest = Math.max(LEAST_HEIGHT, SHARE_OF_WINDOW * window.innerHeight)
    const { count, shape } = this
    this.layout = layoutSheet({ count, shape, columns, tile, width: forPictures, density, tallest })
    this.placeNames()
    this.showSelected()
    this.showPicked()
    this.hover(null)
    this.frame.ask()
  }

  placeNames() {
    const { layout } = this
    const gap = layout.device.gap / layout.density
    for (const [i, span] of [...this.find(".row-names").children].entries()) {
      span.hidden = i >= layout.rows
      span.style.height = `${placeOf(layout, 0).height}px`
      span.style.marginBottom = `${gap}px`
    }
    const names = this.about.column_names.slice(0, layout.columns).map((name, i) => {
      const { left, width } = placeOf(layout, i)
      const span = named(name, name)
      Object.assign(span.style, { left: `${left + 4}px`, width: `${width}px` })
      return span
    })
    this.find(".column-names").replaceChildren(...names)
    const widest = Math.max(0, ...names.map((span) => span.scrollWidth))
    const every = namesEvery(widest, placeOf(layout, 0).width, names.length)
    this.find(".column-names").classList.toggle("has-some", every > 1)
    for (const [i, span] of names.entries()) span.hidden = i % every > 0
    const grid = this.find(".viewport")
    grid.setAttribute("aria-rowcount", layout.rows)
    grid.setAttribute("aria-colcount", layout.columns)
  }

  draw() {
    const { canvas, layout, pages, shape } = this
    const { device } = layout
    canvas.width = device.width
    canvas.height = device.height
    canvas.style.width = `${layout.width}px`
    canvas.style.height = `${layout.height}px`
    const context = canvas.getContext("2d")
    context.imageSmoothingEnabled = device.across < shape[2] // shrunk pictures must not lose lines
    for (let i = 0; i < this.count; i++) {
      const place = { ...devicePlace(layout, i), width: device.across, height: device.down }
      drawPicture(context, pages, i, shape, place)
    }
    this.seen = this.about.fingerprint
    const detail = { count: this.count, fingerprint: this.about.fingerprint }
    const channel = new MessageChannel() // its message comes after this frame is on the screen
    channel.port1.onmessage = () => {
      channel.port1.close()
      this.element.dataset.drawn = detail.fingerprint
      announce(this.element, "sheet-drawn", detail)
    }
    channel.port2.postMessage(null)
  }

  // --- choosing -------------------------------------------------------------------------------------------------------

  select(index) {
    this.selected = index
    this.showSelected()
    this.unreported = true
  }

  /** Add a picture to the picked ones, or take it back. */
  toggle(index) {
    if (!this.picked) return
    if (!this.picked.delete(index)) this.picked.add(index)
    this.showPicked()
    this.showSelected() // says aloud what it is now
  }

  /** Report the choice, once the key is let go. */
  letGo() {
    if (!this.unreported || this.selected === null) return
    this.unreported = false
    const picked = this.picked && [...this.picked].sort((a, b) => a - b)
    this.report("click", { sheet: this.about.fingerprint, index: this.selected, picked })
  }

  showSelected() {
    const { selected, layout } = this
    this.mark("selected", selected)
    this.element.dataset.selected = selected ?? ""
    const cell = this.find(".cell")
    const grid = this.find(".viewport")
    if (selected === null) {
      grid.removeAttribute("aria-activedescendant")
      cell.textContent = ""
      return
    }
    // a new name each time: so it is read again
    cell.id = `picture-${selected}`
    cell.textContent = this.describe(selected)
    cell.setAttribute("aria-selected", this.picked ? this.picked.has(selected) : true)
    cell.setAttribute("aria-colindex", (selected % layout.columns) + 1)
    this.find(".plate").setAttribute("aria-rowindex", Math.floor(selected / layout.columns) + 1)
    grid.setAttribute("aria-activedescendant", cell.id)
  }

  /** "Picture 12 of 400", and the names of its row and column where they have some. */
  describe(index) {
    const { row_names: rows, column_names: columns } = this.about
    const named = [rows[Math.floor(index / this.layout.columns)], columns[index % this.layout.columns]]
    const names = [...named, this.picked?.has(index) && "picked"].filter(Boolean)
    const number = `Picture ${(index + 1).toLocaleString("en")} of ${this.count.toLocaleString("en")}`
    return [this.about.titles[index] ?? number, ...names].join(" · ")
  }

  showPicked() {
    const marks = [...(this.picked ?? [])].map((index) => {
      const mark = document.createElement("div")
      mark.className = "mark picked"
      this.place(mark, index)
      return mark
    })
    this.find(".picks").replaceChildren(...marks)
    this.element.dataset.picked = marks.length
  }

  mark(name, index) {
    const mark = this.find(`.mark.${name}`)
    mark.hidden = index === null
    if (index !== null) this.place(mark, index)
  }

  place(mark, index) {
    const { left, top, width, height } = placeOf(this.layout, index)
    Object.assign(mark.style, {
      left: `${left + 4}px`,
      top: `${top + 4}px`,
      width: `${width}px`,
      height: `${height}px`,
    })
  }

  // --- looking --------------------------------------------------------------------------------------------------------

  hover(index, event) {
    if (index !== this.hovered) this.mark("hovered", index)
    this.hovered = index
    if (index === null) return this.hide()
    const { pages, shape } = this
    const tile = placeOf(this.layout, 0).width
    this.preview.show({ pages, index, shape, tile, title: this.describe(index), pointerY: event.clientY })
  }

  hide() {
    this.hovered = null
    this.find(".mark.hovered").hidden = true
    this.preview.hide()
  }

  wire() {
    const under = (event) => this.layout && pictureAt(this.layout, event.offsetX, event.offsetY)
    this.canvas.onpointermove = (event) => event.pointerType !== "touch" && this.hover(under(event) ?? null, event)
    this.canvas.onpointerleave = () => this.hide()
    this.canvas.onclick = (event) => {
      const index = under(event) ?? null
      if (index === null || this.seen !== this.about.fingerprint) return // what was clicked has been replaced
      this.select(index)
      this.toggle(index)
      this.letGo()
    }
    const grid = this.find(".viewport")
    grid.onscroll = () => this.hide()
    grid.onkeydown = (event) => {
      if (isCommand(event) || !this.layout) return
      if (event.key === "Escape") return this.hide()
      const chooses = event.key === "Enter" || event.key === " "
      const next = chooses ? (this.selected ?? 0) : nextPicture(this.layout, this.selected, event.key)
      if (next === null) return
      event.preventDefault()
      this.hide()
      if (chooses || next !== this.selected) this.select(next)
      if (chooses && !event.repeat) this.toggle(next)
      this.find(".mark.selected").scrollIntoView({ block: "nearest", inline: "nearest" })
      if (chooses && !event.repeat) this.letGo()
    }
    grid.onkeyup = () => this.letGo()
    grid.onblur = () => this.letGo()
  }
}

function named(name, title) {
  const span = document.createElement("span")
  span.textContent = name
  span.title = title ?? ""
  return span
}

export default mount(Sheet)
