// What a slider leads to: pictures at even places of its range, all else as it is. They are decoded between frames, so
// that none comes late for them, and none is decoded again while its own slider moves.

import { BetweenFrames } from "../../shared/frames.js"
import { stepsOf } from "../../shared/keys.js"
import { drawPixels } from "../../shared/pictures.js"
import { signed } from "../../shared/text.js"
import { STOPS, stopsOf } from "./swing.js"

export class FilmStrip {
  /** `goTo(value)` is called with the value whose picture is clicked. */
  constructor(element, goTo) {
    this.element = element
    this.pictures = Array.from({ length: STOPS }, () => {
      const button = document.createElement("button")
      button.type = "button"
      button.append(document.createElement("canvas"))
      return button
    })
    element.replaceChildren(...this.pictures)
    element.onclick = (event) => {
      const k = this.pictures.indexOf(event.target.closest("button"))
      if (k >= 0) goTo(this.values[k])
    }
    element.onkeydown = (event) => this.onKey(event)
    this.work = new BetweenFrames(() => this.decodeNext())
  }

  /** From now on pictures of what `decode(z)` gives, of this `shape` (C, H, W); none where it is null. */
  use(decode, shape) {
    if (decode === this.decode) return // what is shown stays
    Object.assign(this, { decode, shape })
    this.element.hidden = !decode
    this.clear()
  }

  /** Show where `slider` leads from z. */
  show(slider, z) {
    if (!this.decode) return
    const at = slider.axis.rest(z)
    if (slider !== this.slider || !isNear(at, this.at)) {
      Object.assign(this, { slider, at, z: [...z], next: 0 })
      this.values = stopsOf(-slider.bound, slider.bound)
      for (const [k, button] of this.pictures.entries()) {
        button.title = `${slider.name} = ${signed(this.values[k], 2)}`
        button.setAttribute("aria-label", button.title)
      }
      this.work.ask()
    }
    this.mark(slider.axis.of(z))
  }

  /** Which picture is nearest to where the slider is. */
  mark(value) {
    const bound = this.values.at(-1)
    const share = Math.min(1, Math.max(0, (value + bound) / (2 * bound)))
    const here = Math.round(share * (STOPS - 1))
    if (here === this.here) return
    this.here = here
    for (const [k, button] of this.pictures.entries()) {
      button.setAttribute("aria-current", k === here)
      button.tabIndex = k === here ? 0 : -1
    }
  }

  decodeNext() {
    const z = [...this.z]
    this.slider.axis.put(z, this.values[this.next])
    drawPixels(this.pictures[this.next].firstElementChild, this.decode(z), this.shape)
    this.next += 1
    return this.next < STOPS
  }

  /** Arrows go from picture to picture. */
  onKey(event) {
    const steps = stepsOf(event.key)
    if (!steps) return
    event.preventDefault()
    const from = this.pictures.indexOf(event.target.closest("button"))
    this.pictures[Math.min(STOPS - 1, Math.max(0, from + Math.sign(steps)))].focus()
  }

  clear() {
    this.work.cancel()
    this.slider = null
  }
}

/** Whether two vectors are the same but for rounding. */
function isNear(one, other) {
  return one.every((value, j) => Math.abs(value - other[j]) < 1e-5)
}
