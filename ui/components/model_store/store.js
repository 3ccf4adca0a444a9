// Models in this page: the decoder's weights, the latents of all images and their places on the maps, each sent once.
//
// Python sends one safetensors file per checkpoint; who decodes finds it here by its fingerprint. The registry hangs on `window` because every component is its own module.

import { Shelf } from "./shelf.js"

window.latentSpaceExplorer ??= { models: new Map(), waiting: new Map() }
const { models: kept, waiting } = window.latentSpaceExplorer
export const shelf = new Shelf({ kept, waiting }, 4) // keeping.js puts them there

/** Call `use(model)` now or as soon as the model with this fingerprint arrives. */
export function withModel(fingerprint, use) {
  shelf.when(fingerprint, use)
}

/** Posterior mean of image `row`, as an array of d numbers. */
export function meanOfRow(model, row) {
  const d = model.latent_dim
  return Array.from(model.tensors.mu.data.subarray(row * d, (row + 1) * d))
}

/** The `count` images whose posterior means are nearest to z in the dimensions `dims`, in all without them:
 * [{row, distance}], nearest first; of the first `among` images, of which only each `every`-th is looked at. */
export function nearestRows(model, z, count, dims = Array.from(z, (_, j) => j), among = Infinity, every = 1) {
  const d = model.latent_dim
  const mu = model.tensors.mu.data
  const end = Math.min(mu.length, among * d)
  const which = Int32Array.from(dims)
  const there = Float64Array.from(which, (j) => z[j])
  const dimensions = which.length
  const best = []
  let limit = Infinity
  for (let row = 0, at = 0; at < end; row += every, at += every * d) {
    let squared = 0
    let k = 0
    // four at a time, for asking whether it is too far takes as long as a dimension
    for (; k + 4 <= dimensions && squared < limit; k += 4) {
      const a = mu[at + which[k]] - there[k]
      const b = mu[at + which[k + 1]] - there[k + 1]
      const c = mu[at + which[k + 2]] - there[k + 2]
      const e = mu[at + which[k + 3]] - there[k + 3]
      squared = squared + a * a + b * b + c * c + e * e
    }
    for (; k < dimensions && squared < limit; k++) squared += (mu[at + which[k]] - there[k]) ** 2
    if (squared >= limit) continue
    let place = best.length
    while (place > 0 && best[place - 1].squared > squared) place -= 1
    best.splice(place, 0, { row, squared })
    if (best.length > count) best.pop()
    if (best.length === count) limit = best[count - 1].squared
  }
  return best.map(({ row, squared }) => ({ row, distance: Math.sqrt(squared) }))
}

const MOST_MAPS = 4 // of two latent axes, kept with the model

/** Where all images are on a map: x and y of each, one after another; not to be changed, for others get the same. */
export function pointsOnMap(model, map) {
  if (map.method !== "latent") return model.tensors[`${map.method}.xy`].data
  model.onAxes ??= new Map()
  const key = String(map.axes)
  if (!model.onAxes.has(key)) {
    if (model.onAxes.size === MOST_MAPS) model.onAxes.delete(model.onAxes.keys().next().value)
    model.onAxes.set(key, onAxes(model, map))
  }
  return model.onAxes.get(key)
}

function onAxes(model, map) {
  const { latent_dim: d } = model
  const [across, up] = map.axes
  const mu = model.tensors.mu.data
  const xy = new Float32Array((2 * mu.length) / d)
  for (let row = 0; 2 * row < xy.length; row++) {
    xy[2 * row] = mu[row * d + across]
    if (up !== null) xy[2 * row + 1] = mu[row * d + up]
  }
  return xy
}

export const NEIGHBOURS = 5 // images that say where a vector lies on a map that can't place it itself

/** Where z lies on a map: {x, y, exact}. Linear maps place any z; t-SNE only images, so neighbours vote. */
export function placeOnMap(model, map, z, row) {
  if (map.method === "latent") return { x: z[map.axes[0]], y: map.axes[1] === null ? 0 : z[map.axes[1]], exact: true }
  const xy = model.tensors[`${map.method}.xy`].data
  const mean = model.tensors[`${map.method}.mean`]
  if (mean) {
    const axes = model.tensors[`${map.method}.components`].data
    const place = [0, 0]
    for (let j = 0; j < z.length; j++) {
      place[0] += (z[j] - mean.data[j]) * axes[j]
      place[1] += (z[j] - mean.data[j]) * axes[z.length + j]
    }
    return { x: place[0], y: place[1], exact: true }
  }
  const placed = xy.length / 2 // a map may be of test images only, which are the first
  if (row !== null && row < placed) return { x: xy[2 * row], y: xy[2 * row + 1], exact: true }
  return placeAmong(model, map, nearestRows(model, z, NEIGHBOURS, undefined, placed))
}

/** Where images vote that a latent vector lies, each with the inverse of its distance: {row, distance} of each. */
export function placeAmong(model, map, near) {
  const xy = model.tensors[`${map.method}.xy`].data
  let total = 0,
    x = 0,
    y = 0
  for (const { row, distance } of near) {
    const weight = 1 / (distance + 1e-6)
    x += weight * xy[2 * row]
    y += weight * xy[2 * row + 1]
    total += weight
  }
  return { x: x / total, y: y / total, exact: false }
}
