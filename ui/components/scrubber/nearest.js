// The test image nearest to a latent vector, in a sentence.

import { nearestRows } from "../model_store/store.js"

const QUICK_SEARCH = 500_000 // numbers in mu: beyond, it isn't searched for in every frame
const SEARCH_EVERY = 100 // ms

export class Nearest {
  /** `say(sentence)` is called with every result. */
  constructor(say) {
    this.say = say
    this.model = null
  }

  searchIn(model, reach, classNames) {
    this.model = model
    this.reach = reachOf(reach, model.latent_dim)
    this.classNames = classNames
  }

  /** Search now, or soon where there are so many images that moving would stutter: then what was asked for last. */
  search(z) {
    this.z = z
    if (this.model.tensors.mu.data.length <= QUICK_SEARCH) return this.searchNow(z)
    this.soon ??= setTimeout(() => this.searchNow(this.z), SEARCH_EVERY)
  }

  searchNow(z) {
    this.close()
    const [near] = nearestRows(this.model, z, 1, this.reach?.dims)
    this.say(near ? this.sentence(near) : "")
  }

  sentence({ row, distance }) {
    const label = this.classNames?.length > 1 ? this.classNames[this.model.tensors.labels?.data[row]] : undefined
    const which = `row ${row.toLocaleString("en")}${label === undefined ? "" : `, class ${label}`}`
    const hole = this.reach ? `; beyond ${this.reach.limit.toFixed(2)} is a hole` : ""
    return `${distance.toFixed(2)} from the nearest test image (${which})${hole}`
  }

  close() {
    clearTimeout(this.soon)
    this.soon = null
  }
}

/** What Python says of holes, if it can be measured in this latent space, else null. */
function reachOf(reach, latentDim) {
  const { dims, limit } = reach ?? {}
  const known = (j) => Number.isInteger(j) && j >= 0 && j < latentDim
  return Array.isArray(dims) && dims.length && dims.every(known) && Number.isFinite(limit) ? { dims, limit } : null
}
