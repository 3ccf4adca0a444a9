// Which colour a point has: of its class, or of a number.

import { colourAt, numberOf } from "../point_map/colour_numbers.js"
import { drawPoint } from "../shared/point.js"

const SATURATED = 0.01 // of the values at each end, as on the app's maps

/** {colourOf, markOf, marks} as PointMap.paint takes them, for the classes of images. */
export function byClass(labels, colours) {
  const numbers = colours.map(numberOf)
  const rounds = 1 + Math.floor(labels.reduce((most, label) => Math.max(most, label), 0) / colours.length)
  const markOfRound = (round) => (context, middle, radius) =>
    drawPoint(context, middle, middle, radius, round * colours.length, colours)
  return {
    colourOf: (row) => numbers[labels[row] % numbers.length],
    markOf: (row) => Math.floor(labels[row] / numbers.length),
    marks: Array.from({ length: rounds }, (_, round) => markOfRound(round)),
  }
}

/** The same for a number of each; with `range` [low, high]. `scale` is [[share, colour], …]. */
export function byValue(values, scale) {
  const sorted = Float32Array.from(values).sort()
  const cut = Math.floor(SATURATED * (sorted.length - 1))
  const [low, high] = [sorted[cut], sorted[sorted.length - 1 - cut]]
  const steps = Array.from({ length: 256 }, (_, k) => colourAt(scale, k / 255))
  return {
    colourOf: (row) => steps[Math.round(255 * Math.min(1, Math.max(0, (values[row] - low) / (high - low || 1))))],
    markOf: () => 0,
    marks: [(context, middle, radius) => drawPoint(context, middle, middle, radius, 0, ["#000000"])],
    range: [low, high],
  }
}
