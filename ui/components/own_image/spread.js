// How far a posterior reaches on a map: the middle and the half axes of an ellipse of two standard deviations. No DOM.

import { placeAmong } from "../model_store/store.js"
import { standardNormals } from "./encoding.js"

const DEVIATIONS = 2 // which hold 86 % of a normal distribution in two dimensions
const DRAWS = 12 // of the posterior, where a map can't place a distribution

/** {xx, xy, yy}: the covariance on the map of N(mu, sigma²). `near` are the nearest images of `mu`, nearest first. */
export function covarianceOnMap(model, map, { mu, sigma }, near) {
  if (map.method === "latent") {
    const [across, up] = map.axes
    return { xx: sigma[across] ** 2, xy: 0, yy: up === null ? 0 : sigma[up] ** 2 }
  }
  const components = model.tensors[`${map.method}.components`]
  return components ? projected(components.data, sigma) : drawn(model, map, mu, sigma, near)
}

function projected(axes, sigma) {
  const d = sigma.length
  const sum = { xx: 0, xy: 0, yy: 0 }
  for (let j = 0; j < d; j++) {
    const [x, y] = [sigma[j] * axes[j], sigma[j] * axes[d + j]]
    sum.xx += x * x
    sum.xy += x * y
    sum.yy += y * y
  }
  return sum
}

/** t-SNE places images only: each draw of the posterior lies where its nearest images do, among those near its mean. */
function drawn(model, map, mu, sigma, near) {
  const d = mu.length
  if (noise.length !== DRAWS * d) noise = standardNormals(DRAWS * d, 2)
  const places = Array.from({ length: DRAWS }, (_, draw) => {
    const z = mu.map((value, j) => value + sigma[j] * noise[draw * d + j])
    return placeAmong(model, map, nearestOf(model, z, near))
  })
  const mean = { x: average(places, ({ x }) => x), y: average(places, ({ y }) => y) }
  return {
    xx: average(places, ({ x }) => (x - mean.x) ** 2),
    xy: average(places, ({ x, y }) => (x - mean.x) * (y - mean.y)),
    yy: average(places, ({ y }) => (y - mean.y) ** 2),
  }
}

let noise = new Float32Array(0) // the same in every frame

function nearestOf(model, z, near) {
  const data = model.tensors.mu.data
  const found = near.map(({ row }) => {
    let squared = 0
    for (let j = 0; j < z.length; j++) squared += (data[row * z.length + j] - z[j]) ** 2
    return { row, distance: Math.sqrt(squared) }
  })
  return found.sort((a, b) => a.distance - b.distance).slice(0, 5)
}

const average = (list, of) => list.reduce((sum, one) => sum + of(one), 0) / list.length

/** {long, short, angle}: half axes in CSS pixels and the long one's angle in radians, clockwise from the right, where a
 * unit of the map is `across` and `up` pixels. */
export function ellipse({ xx, xy, yy }, { across, up }) {
  const [a, b, c] = [xx * across * across, -xy * across * up, yy * up * up] // the page's y goes down
  const middle = (a + c) / 2
  const rest = Math.hypot((a - c) / 2, b)
  return {
    long: DEVIATIONS * Math.sqrt(middle + rest),
    short: DEVIATIONS * Math.sqrt(Math.max(0, middle - rest)),
    angle: 0.5 * Math.atan2(2 * b, a - c),
  }
}
