// The picture under the mouse, enlarged, beside itself and inside the window.

import { clamp } from "./layout.js"
import { drawPicture } from "./pages.js"

const SMALLEST = 112 // CSS pixels
const AFTER = 300 // ms of hovering
const BESIDE = 8 // CSS pixels between a picture and its preview

export class Preview {
  /** `figure` holds a canvas and a caption; `mark` lies over the picture that is enlarged. */
  constructor(figure, mark) {
    this.figure = figure
    this.mark = mark
  }

  /** Show a picture soon, or at once where another one is shown: {pages, index, shape, tile, title, pointerY}. */
  show(picture) {
    this.picture = picture
    if (!this.figure.hidden) return this.draw()
    clearTimeout(this.soon)
    this.soon = setTimeout(() => this.draw(), AFTER)
  }

  draw() {
    const { pages, index, shape, tile, title, pointerY } = this.picture
    const [, height, width] = shape
    const shown = Math.ceil(Math.max(SMALLEST, 1.5 * tile) / width) * width
    const canvas = this.figure.querySelector("canvas")
    Object.assign(canvas, { width, height })
    Object.assign(canvas.style, { width: `${shown}px`, height: `${(shown * height) / width}px` })
    drawPicture(canvas.getContext("2d"), pages, index, shape, { x: 0, y: 0, width, height })
    const caption = this.figure.querySelector("figcaption")
    caption.textContent = title
    caption.style.maxWidth = `${Math.max(shown, 150)}px`
    this.figure.hidden = false
    this.place(pointerY)
  }

  place(pointerY) {
    const { left, right } = this.mark.getBoundingClientRect()
    const { offsetWidth, offsetHeight, style } = this.figure
    const fits = right + BESIDE + offsetWidth <= window.innerWidth
    style.left = `${fits ? right + BESIDE : left - BESIDE - offsetWidth}px`
    const top = pointerY - offsetHeight / 2
    style.top = `${clamp(top, BESIDE, Math.max(BESIDE, window.innerHeight - offsetHeight - BESIDE))}px`
  }

  hide() {
    clearTimeout(this.soon)
    this.figure.hidden = true
  }
}
