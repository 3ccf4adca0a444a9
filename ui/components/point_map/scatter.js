// Points into a canvas, without WebGL: which are in view, each as a mark of its own, or, where there are too many to tell apart,
// how many are where. A view is PointMap's or MapCanvas's: it moves and enlarges, and no more. No DOM but the canvas.

import { splat } from "./splat.js"

const BEYOND = 8 // CSS pixels outside of the view from which a point still reaches into it
const CELL = 2 // CSS pixels of a cell in which points are counted
const FAINTEST = 0.3 // opacity of a cell with one point

/** Rows of the points in view: `xy` is x and y of each, `isShown(row)` says which count. */
export function rowsInView(view, xy, isShown) {
  const { width, height } = view.size
  const { left0, top0, across, up } = linear(view)
  const found = new Uint32Array(xy.length / 2)
  let count = 0
  for (let row = 0; row < found.length; row++) {
    const left = left0 + across * xy[2 * row]
    const top = top0 + up * xy[2 * row + 1]
    if (left < -BEYOND || top < -BEYOND || left > width + BEYOND || top > height + BEYOND || !isShown(row)) continue
    found[count++] = row
  }
  return found.subarray(0, count)
}

/** Draw each of `rows` with `maskOf(row)` (splat.js) in `colourOf(row)`, 0xBBGGRR. `ratio`: pixels of the canvas to one
 * of CSS. */
export function drawPoints(context, view, ratio, xy, rows, { colourOf, maskOf }) {
  const [width, height] = [view.size.width, view.size.height].map((length) => Math.round(length * ratio))
  const { left0, top0, across, up } = linear(view)
  const image = context.createImageData(width, height)
  const pixels = new Uint32Array(image.data.buffer)
  for (const row of rows) {
    const left = Math.round(ratio * (left0 + across * xy[2 * row]))
    const top = Math.round(ratio * (top0 + up * xy[2 * row + 1]))
    splat(pixels, width, height, left, top, colourOf(row), maskOf(row))
  }
  context.putImageData(image, 0, 0)
}

/** Draw how many of `rows` are where: the mean of their colours, the more opaque the more there are, on a logarithmic
 * scale. */
export function drawDensity(context, view, xy, rows, colourOf) {
  const [wide, high] = [view.size.width, view.size.height].map((length) => Math.ceil(length / CELL))
  const { left0, top0, across, up } = linear(view)
  const [count, red, green, blue] = Array.from({ length: 4 }, () => new Uint32Array(wide * high))
  let most = 1
  for (const row of rows) {
    const column = Math.floor((left0 + across * xy[2 * row]) / CELL)
    const line = Math.floor((top0 + up * xy[2 * row + 1]) / CELL)
    if (column < 0 || line < 0 || column >= wide || line >= high) continue
    const at = line * wide + column
    const colour = colourOf(row)
    red[at] += colour & 255
    green[at] += (colour >>> 8) & 255
    blue[at] += (colour >>> 16) & 255
    if (++count[at] > most) most = count[at]
  }
  const small = Object.assign(document.createElement("canvas"), { width: wide, height: high })
  const image = small.getContext("2d").createImageData(wide, high)
  const pixels = new Uint32Array(image.data.buffer)
  const scale = (1 - FAINTEST) / Math.log(1 + most)
  for (let at = 0; at < pixels.length; at++) {
    const there = count[at]
    if (!there) continue
    const opacity = Math.round(255 * (FAINTEST + scale * Math.log(1 + there)))
    pixels[at] = (red[at] / there) | ((green[at] / there) << 8) | ((blue[at] / there) << 16) | (opacity << 24)
  }
  small.getContext("2d").putImageData(image, 0, 0)
  context.imageSmoothingEnabled = false
  context.drawImage(small, 0, 0, wide * CELL, high * CELL)
}

/** The view as numbers: left = left0 + across · x, top = top0 + up · y. */
function linear(view) {
  const origin = view.toPixels(0, 0)
  const unit = view.toPixels(1, 1)
  return { left0: origin.left, top0: origin.top, across: unit.left - origin.left, up: unit.top - origin.top }
}
