// A row of small pictures to choose from, decoded between frames, so that none comes late for them. One of them is where one
// is; arrow keys go from picture to picture, and the row is one stop of the Tab key.

import { BetweenFrames } from "../shared/frames.js"
import { stepsOf } from "../shared/keys.js"
import { drawPixels, stillOf } from "../shared/pictures.js"

const KEPT = 40 // pictures that are not decoded again

export class PictureRow {
  /** `choose(k)` is called with the place of the picture that is clicked. */
  constructor(element, choose) {
    this.element = element
    this.buttons = []
    this.known = new Map() // by latent vector, as text
    this.canvas = document.createElement("canvas") // which nobody sees
    this.work = new BetweenFrames(() => this.decodeNext())
    element.onclick = (event) => {
      const k = this.placeOf(event.target)
      if (k >= 0) choose(k)
    }
    element.onkeydown = (event) => this.onKey(event)
  }

  /** From now on pictures of what `decode(z)` gives, of this `shape` (C, H, W); none where it is null. */
  use(decode, shape) {
    if (decode === this.decode) return // what is shown stays
    Object.assign(this, { decode, shape })
    this.element.hidden = !decode
    this.known.clear()
    this.show([])
  }

  /** Show these, [{z, title}]. */
  show(items) {
    this.items = items
    while (this.buttons.length > items.length) this.buttons.pop().remove()
    while (this.buttons.length < items.length) this.buttons.push(this.add())
    for (const [k, { title }] of items.entries()) {
      this.buttons[k].title = title
      this.buttons[k].setAttribute("aria-label", title)
    }
    this.next = 0
    this.here = null
    if (this.decode && items.length) this.work.ask()
  }

  add() {
    const button = document.createElement("button")
    button.type = "button"
    button.append(document.createElement("img"))
    this.element.append(button)
    return button
  }

  /** Which of them is where one is. */
  mark(here) {
    if (here === this.here) return
    this.here = here
    for (const [k, button] of this.buttons.entries()) {
      button.setAttribute("aria-current", k === here)
      button.tabIndex = k === here ? 0 : -1
    }
  }

  decodeNext() {
    const { z } = this.items[this.next]
    const name = z.join()
    if (!this.known.has(name)) this.known.set(name, this.decode(z))
    if (this.known.size > KEPT) this.known.delete(this.known.keys().next().value)
    drawPixels(this.canvas, this.known.get(name), this.shape)
    stillOf(this.canvas, this.buttons[this.next].firstElementChild)
    this.next += 1
    return this.next < this.items.length
  }

  onKey(event) {
    const steps = stepsOf(event.key)
    if (!steps) return
    event.preventDefault()
    const to = this.placeOf(event.target) + Math.sign(steps)
    this.buttons[Math.min(this.buttons.length - 1, Math.max(0, to))].focus()
  }

  placeOf(target) {
    return this.buttons.indexOf(target.closest("button"))
  }

  close() {
    this.work.cancel()
  }
}
