// The map as pictures: each place of a grid decoded, in the page, a few in every frame. Cells are bound to the plane, so
// what was decoded stays while the map is moved.

import { drawPixels } from "../shared/pictures.js"

const SIDE = 34 // CSS pixels of a picture, about
const A_FRAME = 9 // ms of decoding in one
const KEPT = 4_000 // pictures
const FAINT = 0.25 // opacity of cells of a map of neighbours that have no image, nor one nearby

export class DecodedGrid {
  /** `latentAt(x, y)` gives {z, near} as MapInverse.at does, `decode(z)` pixels in [0, 1] of this `shape` (C, H, W). */
  constructor({ latentAt, decode, shape }) {
    Object.assign(this, { latentAt, decode, shape })
    this.tiles = new Map()
  }

  /** What is shown elsewhere has changed, and places with it. */
  clear() {
    this.tiles.clear()
  }

  /** Draw what is known of the view, and decode some of the rest; returns how many are missing. */
  draw(context, view) {
    const { width, height } = view.size
    const step = 2 ** Math.round(Math.log2(SIDE / view.scale)) // of the plane
    const side = step * view.scale
    const [low, high] = [view.toPlane(0, height), view.toPlane(width, 0)]
    const until = performance.now() + A_FRAME
    const [, tall, wide] = this.shape
    const scale = (side - 2) / Math.max(tall, wide)
    let missing = 0
    context.imageSmoothingEnabled = false
    for (let j = Math.floor(high.y / step); j >= Math.floor(low.y / step); j--) {
      for (let i = Math.floor(low.x / step); i * step <= high.x; i++) {
        const place = { x: (i + 0.5) * step, y: (j + 0.5) * step }
        const tile = this.tile(`${step},${i},${j}`, place, step, performance.now() < until)
        if (!tile) {
          missing += 1
          continue
        }
        const { left, top } = view.toPixels(place.x, place.y)
        context.globalAlpha = tile.opacity
        context.drawImage(tile.canvas, left - (wide * scale) / 2, top - (tall * scale) / 2, wide * scale, tall * scale)
      }
    }
    context.globalAlpha = 1
    return missing
  }

  tile(key, { x, y }, step, mayDecode) {
    const known = this.tiles.get(key)
    if (known || !mayDecode) return known
    if (this.tiles.size >= KEPT) this.tiles.clear()
    const { z, near } = this.latentAt(x, y)
    const canvas = document.createElement("canvas")
    drawPixels(canvas, this.decode(z), this.shape)
    const made = { canvas, opacity: near && near.distance > Math.max(near.limit, 0.7 * step) ? FAINT : 1 }
    this.tiles.set(key, made)
    return made
  }
}
