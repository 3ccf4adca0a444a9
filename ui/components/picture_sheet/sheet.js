// A grid of pictures: drawn at once, looked at with the mouse, chosen by a click or by keys.
//
// All pictures are kept in a few large canvases ("pages") at their own size; the grid is drawn from these. Outlines are
// elements above it, so moving one draws nothing anew.

import { parseTensors } from "../model_store/store.js"
import { clamp, devicePlace, layoutSheet, namesEvery, nextPicture, pictureAt, placeOf } from "./layout.js"

const sheets = new WeakMap()
const PAGE_SIDE = 4096 // pixels; larger canvases aren't safe everywhere
const PREVIEW = 112 // CSS pixels, at least
const PREVIEW_AFTER = 300 // ms
const BESIDE = 8 // CSS pixels between a picture and its preview
const LITTLE_WIDER = 24 // CSS pixels: what a scroll bar takes and gives back, which must not start a loop

export default function ({ data, parentElement, setStateValue }) {
  let sheet = sheets.get(parentElement)
  if (!sheet) {
    sheet = new Sheet(parentElement)
    sheets.set(parentElement, sheet)
  }
  sheet.tellPython = (click) => setStateValue("click", click)
  if (data) sheet.receive(data)
  return () => {
    sheets.get(parentElement)?.close()
    sheets.delete(parentElement)
  }
}

class Sheet {
  constructor(root) {
    this.find = (selector) => root.querySelector(selector)
    this.element = this.find(".sheet")
    this.selected = null
    this.picked = null // a set, when any number of pictures can be picked
    this.hovered = null
    this.moves = 0
    this.canvas = this.find("canvas.pictures")
    this.wire()
    this.hide()
    this.resized = new ResizeObserver(() => this.fit())
    this.resized.observe(this.element)
  }

  close() {
    this.resized.disconnect()
    cancelAnimationFrame(this.frame)
    clearTimeout(this.soon)
  }

  // --- what Python says -----------------------------------------------------------------------------------------------

  receive(bytes) {
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
    this.layout = layoutSheet({ count: this.count, shape: this.shape, columns, tile, width: forPictures, density })
    this.placeNames()
    this.showSelected()
    this.showPicked()
    this.hover(null)
    cancelAnimationFrame(this.frame)
    this.frame = requestAnimationFrame(() => this.draw())
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
    const {
      canvas,
      layout,
      pages,
      shape: [, height, width],
    } = this
    const { device } = layout
    canvas.width = device.width
    canvas.height = device.height
    canvas.style.width = `${layout.width}px`
    canvas.style.height = `${layout.height}px`
    const context = canvas.getContext("2d")
    context.imageSmoothingEnabled = device.across < width // shrunk pictures must not lose lines
    for (let i = 0; i < this.count; i++) {
      const from = pages[Math.floor(i / pages[0].holds)]
      const { x, y } = devicePlace(layout, i)
      context.drawImage(from.canvas, ...from.place(i), width, height, x, y, device.across, device.down)
    }
    const detail = { count: this.count, fingerprint: this.about.fingerprint }
    const channel = new MessageChannel() // heard after this frame is on the screen
    channel.port1.onmessage = () => {
      channel.port1.close()
      this.element.dataset.drawn = detail.fingerprint
      this.element.dispatchEvent(new CustomEvent("sheet-drawn", { bubbles: true, composed: true, detail }))
    }
    channel.port2.postMessage(null)
  }

  // --- choosing -------------------------------------------------------------------------------------------------------

  select(index) {
    this.selected = index
    this.showSelected()
    this.untold = true
  }

  /** Add a picture to the picked ones, or take it back. */
  toggle(index) {
    if (!this.picked) return
    if (!this.picked.delete(index)) this.picked.add(index)
    this.showPicked()
    this.showSelected() // says aloud what it is now
  }

  /** Tell Python, once the key is let go. */
  tell() {
    if (!this.untold || this.selected === null) return
    this.untold = false
    this.moves += 1
    // a choice that Python has not seen must differ from all it has seen, also after a remount
    const picked = this.picked && [...this.picked].sort((a, b) => a - b)
    this.tellPython({ index: this.selected, id: `${Date.now()}-${this.moves}`, picked })
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
    this.pointer = event
    if (this.previewing) return this.preview()
    clearTimeout(this.soon)
    this.soon = setTimeout(() => this.preview(), PREVIEW_AFTER)
  }

  /** The hovered picture, enlarged, beside itself and inside the window. */
  preview() {
    if (this.hovered === null) return
    this.previewing = true
    const [, height, width] = this.shape
    const wanted = Math.max(PREVIEW, 1.5 * placeOf(this.layout, 0).width)
    const shown = Math.ceil(wanted / width) * width
    const figure = this.find(".preview")
    const canvas = figure.querySelector("canvas")
    Object.assign(canvas, { width, height })
    Object.assign(canvas.style, { width: `${shown}px`, height: `${(shown * height) / width}px` })
    const from = this.pages[Math.floor(this.hovered / this.pages[0].holds)]
    canvas.getContext("2d").drawImage(from.canvas, ...from.place(this.hovered), width, height, 0, 0, width, height)
    figure.querySelector("figcaption").textContent = this.describe(this.hovered)
    figure.querySelector("figcaption").style.maxWidth = `${Math.max(shown, 150)}px`
    figure.hidden = false
    const { left, right } = this.find(".mark.hovered").getBoundingClientRect()
    const { offsetWidth, offsetHeight } = figure
    const fits = right + BESIDE + offsetWidth <= window.innerWidth
    figure.style.left = `${fits ? right + BESIDE : left - BESIDE - offsetWidth}px`
    const top = this.pointer.clientY - offsetHeight / 2
    figure.style.top = `${clamp(top, BESIDE, Math.max(BESIDE, window.innerHeight - offsetHeight - BESIDE))}px`
  }

  hide() {
    clearTimeout(this.soon)
    this.previewing = false
    this.hovered = null
    this.find(".mark.hovered").hidden = true
    this.find(".preview").hidden = true
  }

  wire() {
    const under = (event) => this.layout && pictureAt(this.layout, event.offsetX, event.offsetY)
    this.canvas.onpointermove = (event) => event.pointerType !== "touch" && this.hover(under(event) ?? null, event)
    this.canvas.onpointerleave = () => this.hide()
    this.canvas.onclick = (event) => {
      const index = under(event) ?? null
      if (index === null) return
      this.select(index)
      this.toggle(index)
      this.tell()
    }
    const grid = this.find(".viewport")
    grid.onscroll = () => this.hide()
    grid.onkeydown = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !this.layout) return
      if (event.key === "Escape") return this.hide()
      const chooses = event.key === "Enter" || event.key === " "
      const next = chooses ? (this.selected ?? 0) : nextPicture(this.layout, this.selected, event.key)
      if (next === null) return
      event.preventDefault()
      this.hide()
      if (chooses || next !== this.selected) this.select(next)
      if (chooses && !event.repeat) this.toggle(next)
      this.find(".mark.selected").scrollIntoView({ block: "nearest", inline: "nearest" })
      if (chooses && !event.repeat) this.tell()
    }
    grid.onkeyup = () => this.tell()
    grid.onblur = () => this.tell()
  }
}

function named(name, title) {
  const span = document.createElement("span")
  span.textContent = name
  span.title = title ?? ""
  return span
}

/** uint8 pictures (N, C, H, W) as canvases that hold many each: [{canvas, holds, place(i) -> [x, y]}]. */
function pagesOf(pixels, count, [channels, height, width]) {
  const area = height * width
  const inARow = Math.max(1, Math.floor(PAGE_SIDE / width))
  const holds = inARow * Math.max(1, Math.floor(PAGE_SIDE / height))
  const place = (i) => [((i % holds) % inARow) * width, Math.floor((i % holds) / inARow) * height]
  const pages = []
  for (let first = 0; first < count; first += holds) {
    const many = Math.min(holds, count - first)
    const canvas = document.createElement("canvas")
    canvas.width = Math.min(many, inARow) * width
    canvas.height = Math.ceil(many / inARow) * height
    const context = canvas.getContext("2d")
    const image = context.createImageData(canvas.width, canvas.height)
    for (let i = first; i < first + many; i++)
      putPicture(image, pixels, i * channels * area, place(i), [channels, height, width])
    context.putImageData(image, 0, 0)
    pages.push({ canvas, holds, place })
  }
  return pages
}

/** One picture, whose numbers begin at `from`, to [left, top] of a page. */
function putPicture(image, pixels, from, [left, top], [channels, height, width]) {
  const { data } = image
  const [green, blue] = channels >= 3 ? [height * width, 2 * height * width] : [0, 0]
  for (let y = 0; y < height; y++) {
    let to = 4 * ((top + y) * image.width + left)
    for (let x = 0; x < width; x++, from++, to += 4) {
      data[to] = pixels[from]
      data[to + 1] = pixels[from + green]
      data[to + 2] = pixels[from + blue]
      data[to + 3] = 255
    }
  }
}
