// How far a latent vector is from the images: a word and a gauge beside the picture. Off the data, a decoder was never trained.

import { nearestRows } from "../model_store/store.js"
import { showText } from "../shared/help.js"
import { setText } from "../shared/text.js"

const SEARCHED = 50_000 // images, as in vae/generation/holes.py: of more, every so-manyth
const WORDS = { on: "On data", near: "Near data", far: "Far from data" }

export class TrustMark {
  constructor(element) {
    this.element = element
    this.gauge = element.querySelector(".gauge")
    this.word = element.querySelector(".word")
  }

  /** `reach` {dims, usual, limit} is what Python measured on the first `tests` images of `model`. */
  use(model, reach, tests) {
    Object.assign(this, { model, reach, tests })
    const help =
      `On data: nearer to a test image’s posterior mean than three of four new images would be. Near data: within the ` +
      `distance ${reach.limit.toFixed(2)} that holds 95 % of them. Beyond it the decoder was hardly trained. ` +
      "On t-SNE and the like, the distance to the nearest point of the map counts as well."
    showText(this.element.querySelector(".why"), ["", { help }])
  }

  /** Nothing is known yet. */
  clear() {
    this.model = null
    this.element.hidden = true
  }

  /** Of the vector z, and of how near the place is on its map: {distance, usual, limit}, or null. */
  show(z, near = null) {
    if (!this.model) return
    const { dims, usual, limit } = this.reach
    const every = Math.max(1, Math.ceil(this.tests / SEARCHED))
    const [{ distance }] = nearestRows(this.model, z, 1, dims, this.tests, every)
    const { level, share } = trustOf([{ distance, usual, limit }, ...(near ? [near] : [])])
    this.element.hidden = false
    if (this.element.dataset.level !== level) this.element.dataset.level = level
    setText(this.word, WORDS[level])
    const shown = share.toFixed(2)
    if (shown === this.shown) return
    this.shown = shown
    this.gauge.style.setProperty("--share", shown)
    this.gauge.setAttribute("aria-valuenow", shown)
  }
}

/** {level, share} of several distances {distance, usual, limit}: of the one that is farthest for its kind. `share` is 1
 * on an image, a half at the limit, and goes to 0. */
export function trustOf(distances) {
  const ratio = Math.max(...distances.map(({ distance, limit }) => (distance > 0 ? distance / limit : 0)))
  const within = (end) => distances.every((one) => one.distance <= one[end])
  return { level: within("usual") ? "on" : within("limit") ? "near" : "far", share: 1 / (1 + ratio * ratio) }
}
