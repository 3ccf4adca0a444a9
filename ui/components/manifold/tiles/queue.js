// Which tiles of a view are missing: since when, and in which order they are decoded.

import { inOrder, tileSize } from "./lattice.js"

export class TileQueue {
  constructor() {
    this.forget()
  }

  forget() {
    this.tiles = []
    this.since = new Map() // key of a missing tile -> when a frame first needed it
    this.asked = 0
  }

  get length() {
    return this.tiles.length
  }

  /** What the view lacks is asked for, and nothing else: what has left it is no longer wanted. */
  plan(missing, busy, view, n, level) {
    const wanted = missing.filter((tile) => !busy.has(tile.key))
    this.size = tileSize(n, level)
    this.tiles = inOrder(wanted, view, this.size)
  }

  /** The next tiles to decode: {keys, z}, or null. `latentOf(x, y)` is the latent vector at screen coordinates. */
  next(count, latentOf) {
    const tiles = this.tiles.splice(0, count)
    if (!tiles.length) return null
    this.asked += tiles.length
    const z = tiles.flatMap(({ i, j }) => latentOf((i + 0.5) * this.size, (j + 0.5) * this.size))
    return { keys: tiles.map((tile) => tile.key), z: Float32Array.from(z) }
  }

  /** Keep since when each tile has been missing; returns how long those waited that came with this frame, in ms. */
  countMissing(missing, atlas) {
    const now = performance.now()
    const before = this.since
    this.since = new Map(missing.map(({ key }) => [key, before.get(key) ?? now]))
    const came = [...before].filter(([key]) => !this.since.has(key) && atlas.has(key))
    return came.map(([, since]) => now - since)
  }

  /** How long the oldest of the missing tiles has been waited for, in ms. */
  get oldestMs() {
    return this.since.size ? performance.now() - Math.min(...this.since.values()) : 0
  }
}
