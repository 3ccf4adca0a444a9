// Scored images to review: tiles with score and name, a line where the threshold cuts, marks set by a key.

import { drawPicture, pagesOf } from "../picture_sheet/pages.js"
import { isCommand } from "../shared/keys.js"
import { mount } from "../shared/mount.js"
import { parseTensors } from "../shared/safetensors.js"

const MARKS = { c: "confirmed", x: "rejected" }
const SIGNS = { confirmed: "✓", rejected: "✗" }

class Review {
  constructor(root) {
    this.find = (selector) => root.querySelector(selector)
    this.element = this.find(".review")
    this.grid = this.find(".tiles")
    this.selected = null
    this.wire()
  }

  receive(bytes) {
    if (!bytes) return
    const { metadata, tensors } = parseTensors(bytes)
    if (metadata.review === this.said) return
    this.said = metadata.review
    const before = this.about
    this.about = JSON.parse(metadata.review)
    const { tiles, name, revision, selected, label } = this.about
    const others = name !== before?.name
    if (others || revision !== before.revision) this.marks = tiles.map((tile) => tile.mark)
    if (others || selected !== before.selected) this.selected = selected
    if (others) this.pictures = this.draw(tensors.pixels)
    this.grid.setAttribute("aria-label", label)
    this.place()
    this.element.dataset.ready = "yes"
  }

  /** A canvas for each picture. */
  draw({ shape: [count, ...shape], data }) {
    const pages = count ? pagesOf(data, count, shape) : []
    const [, height, width] = shape
    return Array.from({ length: count }, (_, index) => {
      const canvas = document.createElement("canvas")
      Object.assign(canvas, { width, height })
      drawPicture(canvas.getContext("2d"), pages, index, shape, { x: 0, y: 0, width, height })
      return canvas
    })
  }

  /** The tiles, and the line before the first that is decided otherwise than the one before it. */
  place() {
    const { tiles, line } = this.about
    const shown = []
    this.tiles = tiles.map((tile, index) => {
      if (index && tile.flagged !== tiles[index - 1].flagged) shown.push(element("div", "line", line))
      const made = element("div", "tile", "")
      made.id = `tile-${index}`
      made.dataset.index = index
      made.title = `${tile.name} · ${tile.score}, ${tile.flagged ? "flagged" : "not flagged"}`
      made.setAttribute("role", "option")
      made.append(
        this.pictures[index],
        element("span", "mark", ""),
        element("span", "score", tile.score),
        element("span", "name", tile.name),
      )
      shown.push(made)
      return made
    })
    this.grid.replaceChildren(...shown)
    this.show()
  }

  /** Which tile is chosen, and what is marked. */
  show() {
    for (const [index, tile] of this.tiles.entries()) {
      const mark = this.marks[index]
      tile.classList.toggle("is-selected", index === this.selected)
      tile.classList.toggle("is-rejected", mark === "rejected")
      tile.querySelector(".mark").textContent = SIGNS[mark] ?? ""
      tile.setAttribute("aria-selected", index === this.selected)
      tile.setAttribute("aria-label", [tile.title, mark].filter(Boolean).join(", "))
    }
    if (this.selected === null) this.grid.removeAttribute("aria-activedescendant")
    else this.grid.setAttribute("aria-activedescendant", `tile-${this.selected}`)
    this.element.dataset.selected = this.selected ?? ""
    this.element.dataset.marks = this.marks.filter(Boolean).length
  }

  choose(index) {
    if (index === this.selected) return
    this.selected = index
    this.unreported = true
    this.show()
  }

  letGo() {
    if (!this.unreported) return
    this.unreported = false
    this.report("choice", { tiles: this.about.name, index: this.selected })
  }

  /** Mark the chosen tile; the same mark again takes it away. */
  mark(word) {
    if (this.selected === null) return
    this.marks[this.selected] = this.marks[this.selected] === word ? "" : word
    this.show()
    this.report("marking", { tiles: this.about.name, marks: [...this.marks] })
  }

  /** How many tiles stand in a row. */
  get columns() {
    const top = this.tiles[0]?.offsetTop
    return Math.max(1, this.tiles.filter((tile) => tile.offsetTop === top).length)
  }

  wire() {
    this.grid.onclick = (event) => {
      const tile = event.target.closest(".tile")
      if (!tile) return
      this.choose(Number(tile.dataset.index))
      this.letGo()
    }
    this.grid.onkeydown = (event) => {
      if (isCommand(event) || !this.tiles?.length) return
      const word = MARKS[event.key.toLowerCase()]
      if (word) {
        event.stopPropagation() // Streamlit's own C clears its cache
        event.preventDefault()
        return event.repeat ? undefined : this.mark(word)
      }
      const last = this.tiles.length - 1
      const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.columns, ArrowUp: -this.columns }[event.key]
      const ends = { Home: 0, End: last }[event.key]
      if (steps === undefined && ends === undefined) return
      event.preventDefault()
      const next = ends ?? (this.selected === null ? 0 : this.selected + steps)
      if (next < 0 || next > last) return
      this.choose(next)
      this.tiles[next].scrollIntoView({ block: "nearest" })
    }
    this.grid.onkeyup = () => this.letGo()
    this.grid.onblur = () => this.letGo()
  }
}

function element(kind, name, text) {
  const made = document.createElement(kind)
  made.className = name
  made.textContent = text
  return made
}

export default mount(Review)
