// From a place on a map back to a latent vector. No DOM.
//
// Latent axes and PCA show coordinates of the latent space: those that they don't show are left as they are where one is.
// t-SNE and other maps of neighbours have no inverse: a place there is what the images around it are on average.

import { ownDistances, PlaneGrid } from "./plane_grid.js"
import { meanOfRow, placeOnMap } from "./store.js"

export const AROUND = 8 // images whose latents make that of a place between them
const [USUAL, LIMIT] = [0.75, 0.95] // of the points: as in vae/generation/holes.py

export class MapInverse {
  /** `map`: {method, axes} of `model`. */
  constructor(model, map) {
    this.model = model
    this.map = map
    this.components = model.tensors[`${map.method}.components`]?.data
    this.isExact = map.method === "latent" || Boolean(this.components)
    if (!this.isExact) this.grid = new PlaneGrid(model.tensors[`${map.method}.xy`].data)
  }

  /** {z, near} of the place {x, y}. `base` is the vector that has the coordinates which the map doesn't show; `near`
   * {distance, usual, limit} says how far the nearest point of a map of neighbours is, null of other maps. */
  at({ x, y }, base) {
    if (this.isExact) return { z: this.exact(x, y, base), near: null }
    const around = this.grid.nearest(x, y, AROUND + 1)
    this.spread ??= spreadOf(this.grid)
    return { z: this.between(around), near: { distance: around[0].distance, ...this.spread } }
  }

  exact(x, y, base) {
    const z = Array.from(base)
    if (this.components) {
      const here = placeOnMap(this.model, this.map, base, null)
      const d = z.length
      for (let j = 0; j < d; j++) z[j] += (x - here.x) * this.components[j] + (y - here.y) * this.components[d + j]
      return z
    }
    const [across, up] = this.map.axes
    z[across] = x
    if (up !== null) z[up] = y
    return z
  }

  /** The mean of the latents of images around a place, by Franke and Little's weights ((R − r) / R r)²: an image's own
   * where it is, and without a jump where another image comes among the nearest, for its weight begins at 0. */
  between(around) {
    const reach = around.length > AROUND ? around[AROUND].distance : Infinity
    const nearest = around.slice(0, AROUND)
    const least = 1e-6 * (reach < Infinity ? reach : nearest.at(-1).distance)
    const weights = nearest.map(({ distance }) => {
      const r = Math.max(distance, least)
      return ((reach < Infinity ? (reach - distance) / reach : 1) / r) ** 2
    })
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    const known = total > 0 && total < Infinity // not where all are equally far, or all in one place
    const z = new Array(this.model.latent_dim).fill(0)
    for (const [i, { row }] of nearest.entries()) {
      const share = known ? weights[i] / total : 1 / nearest.length
      const mu = meanOfRow(this.model, row)
      for (let j = 0; j < z.length; j++) z[j] += share * mu[j]
    }
    return z
  }
}

/** {usual, limit}: how far the nearest other point is from three in four of the points, and from 95 % of them. */
function spreadOf(grid) {
  const found = ownDistances(grid, 1)
  const share = (part) => (found.length ? found[Math.floor(part * (found.length - 1))] : Infinity)
  return { usual: share(USUAL), limit: share(LIMIT) }
}
