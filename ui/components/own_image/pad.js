// The canvas that one draws on: mouse, pen, touch and keys become strokes on the picture's pixels.

import { isCommand } from "../shared/keys.js"
import { drawPixels } from "../shared/pictures.js"
import { Brush, blank } from "./brush.js"

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }
const MOVES = "onpointerrawupdate" in window ? "onpointerrawupdate" : "onpointermove" // the first come without delay

export class Pad {
  /** `pen()` gives {colour, radius, edge}; `changed(time)` hears of every change, `begin()` before a stroke, `done()` after it. */
  constructor(canvas, cursor, { pen, begin, changed, done }) {
    Object.assign(this, { canvas, cursor, pen, begin, changed, done })
    this.down = false
    this.pointer = null // of the mouse, pen or finger that draws
    canvas.onpointerdown = (event) => {
      if (event.button !== 0 || !this.bytes || this.pointer !== null) return // a second finger draws nothing
      event.preventDefault()
      canvas.focus({ preventScroll: true })
      canvas.setPointerCapture(event.pointerId)
      this.pointer = event.pointerId
      this.box = canvas.getBoundingClientRect() // not at every move: it has the browser lay the page out
      this.showCursor(false)
      this.start(this.placeOf(event), event.timeStamp)
    }
    canvas[MOVES] = (event) => {
      if (!this.down || event.pointerId !== this.pointer) return
      for (const one of event.getCoalescedEvents?.() ?? []) this.goOn(this.placeOf(one))
      this.goOn(this.placeOf(event))
      this.changed(event.timeStamp)
    }
    canvas.onpointerup =
      canvas.onpointercancel =
      canvas.onlostpointercapture =
        ({ pointerId }) => {
          if (pointerId === this.pointer) this.finish()
        }
    canvas.onkeydown = (event) => this.onKey(event)
    canvas.onblur = () => {
      this.finish()
      this.showCursor(false)
    }
  }

  /** Start with an empty picture (C, H, W). */
  reset(shape, paper) {
    this.shape = shape
    this.brush = new Brush(shape)
    this.at = [shape[2] / 2, shape[1] / 2]
    this.down = false
    this.put(blank(shape, paper))
  }

  put(bytes) {
    this.bytes = bytes
    this.draw()
  }

  draw() {
    drawPixels(
      this.canvas,
      Float32Array.from(this.bytes, (value) => value / 255),
      this.shape,
    )
  }

  placeOf({ clientX, clientY }) {
    const { box } = this
    const [, height, width] = this.shape
    return [((clientX - box.left) / box.width) * width, ((clientY - box.top) / box.height) * height]
  }

  start(place, time) {
    this.begin()
    this.down = true
    this.bytes = this.bytes.slice()
    this.brush.begin(this.bytes, this.pen())
    this.at = place
    this.goOn(place)
    this.changed(time)
  }

  goOn(place) {
    this.brush.line(...this.at, ...place)
    this.at = place
  }

  finish() {
    this.pointer = null
    if (!this.down) return
    this.down = false
    this.done()
  }

  /** Arrows move the pen by a pixel, with Shift by four; Space sets it down and lifts it. */
  onKey(event) {
    if (!this.bytes || isCommand(event)) return
    const arrow = ARROWS[event.key]
    if (arrow) this.step(arrow, event)
    else if (event.key === " " || event.key === "Enter") this.toggle(event)
    else if (event.key === "Escape") this.finish()
    else return
    event.preventDefault()
    this.showCursor(true)
  }

  step([right, down], { shiftKey, timeStamp }) {
    const [, height, width] = this.shape
    const far = shiftKey ? 4 : 1
    const inside = (value, size) => Math.min(size - 0.5, Math.max(0.5, value))
    const place = [inside(this.at[0] + far * right, width), inside(this.at[1] + far * down, height)]
    if (this.down) {
      this.goOn(place)
      this.changed(timeStamp)
    } else this.at = place
  }

  toggle({ timeStamp, repeat }) {
    if (repeat) return
    if (this.down) this.finish()
    else this.start(this.at, timeStamp)
  }

  /** Where the pen is, for those who move it with keys. */
  showCursor(shown) {
    this.cursor.hidden = !shown
    if (!shown) return
    const [, height, width] = this.shape
    this.cursor.style.left = `${(100 * this.at[0]) / width}%`
    this.cursor.style.top = `${(100 * this.at[1]) / height}%`
    this.cursor.dataset.down = this.down
  }
}
