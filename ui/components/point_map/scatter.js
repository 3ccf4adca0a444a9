// Points into a canvas, without WebGL: which are in view, each as a mark of its own, or, where there are too many to tell apart,
// how many are where. A view is PointMap's or MapCanvas's: it moves and enlarges, and no more. No DOM but the canvas.

import { splat } from "./splat.js"

const BEYOND = 8 // CSS pixels outside of the view from which a point still reaches into it
const CELL = 2 // CSS pixels of a cell in which points are counted
const FAINTEST = 0.3 // opacity of a cell with one point

/** {rows, seen}: the rows of the points in a view, and how many of them are within its `margin`, if it has one. `xy` is x and y
 * of each, `shown` a byte each, 0 of those that don't count. `rows` lies in `found`, which is as long as there are points. */
export function rowsInView(view, xy, shown, found = new Uint32Array(shown.length)) {
  const { width, height } = view.size
  const { left0, top0, across, up } = linear(view)
  const [right, bottom] = [width + BEYOND, height + BEYOND]
  const margin = view.margin ?? 0
  let [count, seen] = [0, 0]
  for (let row = 0; row < shown.length; row++) {
    if (shown[row] === 0) continue
    const left = left0 + across * xy[2 * row]
    const top = top0 + up * xy[2 * row + 1]
    if (left < -BEYOND || top < -BEYOND || left > right || top > bottom) continue
    found[count++] = row
    const inner = Math.min(left, top, width - left, height - top)
    if (inner >= margin - BEYOND) seen += 1
  }
  return { rows: found.subarray(0, count), seen }
}

/** Draw each of `rows` with `maskOf(row)` (splat.js) in its colour of `colours`, 0xBBGGRR. `ratio`: pixels of the canvas to
 * one of CSS. */
export function drawPoints(context, view, ratio, xy, rows, { colours, maskOf }) {
  const [width, height] = [view.size.width, view.size.height].map((length) => Math.round(length * ratio))
  const { left0, top0, across, up } = linear(view)
  const image = context.createImageData(width, height)
  const pixels = new Uint32Array(image.data.buffer)
  for (const row of rows) {
    const left = Math.round(ratio * (left0 + across * xy[2 * row]))
    const top = Math.round(ratio * (top0 + up * xy[2 * row + 1]))
    splat(pixels, width, height, left, top, colours[row], maskOf(row))
  }
  context.putImageData(image, 0, 0)
}

/** Draw how many of `rows` are where: the mean of their `colours` (0xBBGGRR of each point), the more opaque the more there are
 * beside the most within the view's `margin`, on a logarithmic scale. Cells lie on the plane: a map that is moved by whole pixels
 * has the same ones. */
export function drawDensity(context, view, xy, rows, colours) {
  const cells = counted(view, xy, rows, colours)
  const small = Object.assign(document.createElement("canvas"), { width: cells.wide, height: cells.high })
  const image = small.getContext("2d").createImageData(cells.wide, cells.high)
  paintCells(new Uint32Array(image.data.buffer), cells, Math.ceil((view.margin ?? 0) / CELL))
  small.getContext("2d").putImageData(image, 0, 0)
  context.imageSmoothingEnabled = false
  context.drawImage(small, cells.left, cells.top, cells.wide * CELL, cells.high * CELL)
}

/** {left, top, wide, high, sums}: the cells of a view, and of each the sums of red, green and blue and the number of points,
 * one after another. */
function counted(view, xy, rows, colours) {
  const [wide, high] = [view.size.width, view.size.height].map((length) => Math.ceil(length / CELL) + 1)
  const { left0, top0, across, up } = linear(view)
  const [left, top] = [left0, top0].map((start) => (((Math.round(start) % CELL) + CELL) % CELL) - CELL)
  const [column0, line0] = [(Math.round(left0) - left) / CELL, (Math.round(top0) - top) / CELL]
  const [columns, lines] = [across / CELL, up / CELL]
  const sums = new Uint32Array(4 * wide * high)
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]
    const column = Math.floor(column0 + columns * xy[2 * row])
    const line = Math.floor(line0 + lines * xy[2 * row + 1])
    if (column < 0 || line < 0 || column >= wide || line >= high) continue
    const at = 4 * (line * wide + column)
    const colour = colours[row]
    sums[at] += colour & 255
    sums[at + 1] += (colour >>> 8) & 255
    sums[at + 2] += (colour >>> 16) & 255
    sums[at + 3] += 1
  }
  return { left, top, wide, high, sums }
}

/** `pixels` (0xAABBGGRR) of the cells; those that are `margin` cells from the edge say what the most is. */
function paintCells(pixels, { wide, high, sums }, margin) {
  let most = 1
  for (let line = margin; line < high - margin; line++) {
    for (let at = line * wide + margin; at < (line + 1) * wide - margin; at++) most = Math.max(most, sums[4 * at + 3])
  }
  const scale = (1 - FAINTEST) / Math.log(1 + most)
  const opacities = Uint8Array.from({ length: most + 1 }, (_, there) =>
    Math.round(255 * (FAINTEST + scale * Math.log(1 + there))),
  )
  for (let at = 0; at < pixels.length; at++) {
    const there = sums[4 * at + 3]
    if (there === 0) continue
    const mean = (sums[4 * at] / there) | ((sums[4 * at + 1] / there) << 8) | ((sums[4 * at + 2] / there) << 16)
    pixels[at] = mean | (opacities[Math.min(there, most)] << 24)
  }
}

/** The view as numbers: left = left0 + across · x, top = top0 + up · y. */
function linear(view) {
  const origin = view.toPixels(0, 0)
  const unit = view.toPixels(1, 1)
  return { left0: origin.left, top0: origin.top, across: unit.left - origin.left, up: unit.top - origin.top }
}
