// Where images lie close together on a map: lines that hold given shares of them. No DOM but the canvas it draws on.

import { contour } from "./contour.js"

export const SHARES = [0.95, 0.75, 0.5, 0.25] // of the images lie within each line
const CELLS = 160 // along the longer side
const SMOOTHED = 0.5 // of Scott's bandwidth, which is that of one round cloud: maps have several
const OUTLIERS = 0.005 // of the images at each end of an axis: where these lie there is no density worth a line
const ROOM = 4 // bandwidths around the rest
const [FAINT, CLEAR] = [0.3, 0.65] // opacity of the outermost and of the innermost line

export class Density {
  /** `points`: {xy, rows}, x and y of each image, and the rows of those that count. */
  constructor({ xy, rows }) {
    const sides = [0, 1].map((axis) => Float64Array.from(rows, (row) => xy[2 * row + axis]))
    this.bandwidth = SMOOTHED * deviation(sides) * rows.length ** (-1 / 6)
    this.lines = []
    if (!(this.bandwidth > 0)) return // all images in one place
    this.lay(sides)
    const values = Float64Array.from(rows, (_, k) => this.at(sides[0][k], sides[1][k])).sort()
    this.lines = SHARES.map((share) => {
      const level = values[Math.floor((1 - share) * (values.length - 1))]
      return { share, level, places: contour(this.values, this.cells[0], this.low, this.step, level) }
    })
  }

  /** Count the images in cells, and smooth the counts. */
  lay(sides) {
    const ends = sides.map((side) => {
      const sorted = side.slice().sort()
      const cut = Math.floor(OUTLIERS * sorted.length)
      return [sorted[cut] - ROOM * this.bandwidth, sorted[sorted.length - 1 - cut] + ROOM * this.bandwidth]
    })
    this.low = ends.map(([low]) => low)
    this.step = Math.max(...ends.map(([low, high]) => high - low)) / CELLS
    this.cells = ends.map(([low, high]) => Math.ceil((high - low) / this.step) + 1)
    const counts = new Float64Array(this.cells[0] * this.cells[1])
    for (let k = 0; k < sides[0].length; k++) {
      const [i, j] = [0, 1].map((axis) => Math.round((sides[axis][k] - this.low[axis]) / this.step))
      if (i >= 0 && j >= 0 && i < this.cells[0] && j < this.cells[1]) counts[i + this.cells[0] * j] += 1
    }
    const kernel = gaussian(this.bandwidth / this.step)
    const [wide, high] = this.cells
    this.values = smoothed(smoothed(counts, kernel, wide, high, 1, wide), kernel, high, wide, wide, 1)
  }

  /** The density at a place, in images a cell. */
  at(x, y) {
    const [wide, high] = this.cells
    const [u, v] = [(x - this.low[0]) / this.step, (y - this.low[1]) / this.step]
    const [i, j] = [Math.floor(u), Math.floor(v)]
    if (i < 0 || j < 0 || i + 1 >= wide || j + 1 >= high) return 0
    const value = (a, b) => this.values[i + a + wide * (j + b)]
    const [s, t] = [u - i, v - j]
    return (1 - t) * ((1 - s) * value(0, 0) + s * value(1, 0)) + t * ((1 - s) * value(0, 1) + s * value(1, 1))
  }

  draw(context, view, colour) {
    context.strokeStyle = colour
    for (const [k, { places }] of this.lines.entries()) {
      context.globalAlpha = FAINT + ((CLEAR - FAINT) * k) / (this.lines.length - 1)
      context.lineWidth = k === this.lines.length - 1 ? 1.5 : 1
      context.beginPath()
      for (let p = 0; p < places.length; p += 4) {
        const [from, to] = [0, 2].map((at) => view.toPixels(places[p + at], places[p + at + 1]))
        context.moveTo(from.left, from.top)
        context.lineTo(to.left, to.top)
      }
      context.stroke()
    }
    context.globalAlpha = 1
  }
}

/** The standard deviation along an axis, on average of the two. */
function deviation(sides) {
  const variances = sides.map((side) => {
    const mean = side.reduce((sum, value) => sum + value, 0) / side.length
    return side.reduce((sum, value) => sum + (value - mean) ** 2, 0) / side.length
  })
  return Math.sqrt((variances[0] + variances[1]) / 2)
}

/** The right half of a Gaussian of this deviation, of which all weights together are 1. */
function gaussian(sigma) {
  const half = Array.from({ length: Math.ceil(3 * sigma) + 1 }, (_, k) => Math.exp(-0.5 * (k / sigma) ** 2))
  const total = 2 * half.reduce((sum, weight) => sum + weight, 0) - half[0]
  return half.map((weight) => weight / total)
}

/** `values` with each of `lines` lines of `length` smoothed: values of a line are `along` apart, lines `between`. */
function smoothed(values, kernel, length, lines, along, between) {
  const found = new Float64Array(values.length)
  for (let j = 0; j < lines; j++) {
    for (let i = 0; i < length; i++) {
      let sum = kernel[0] * values[j * between + i * along]
      for (let k = 1; k < kernel.length; k++) {
        if (i >= k) sum += kernel[k] * values[j * between + (i - k) * along]
        if (i + k < length) sum += kernel[k] * values[j * between + (i + k) * along]
      }
      found[j * between + i * along] = sum
    }
  }
  return found
}
