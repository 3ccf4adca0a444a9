// Decoded tiles on one canvas, by key; the ones not seen for longest make place for new ones.

const ATLAS_SIDE = 4096 // pixels: 64 MB at most
const MOST_TILES = 6000

export class Atlas {
  constructor({ width, height }) {
    this.width = width
    this.height = height
    this.columns = Math.floor(ATLAS_SIDE / width)
    this.capacity = Math.min(MOST_TILES, this.columns * Math.floor(ATLAS_SIDE / height))
    this.canvas = document.createElement("canvas")
    this.canvas.width = this.columns * width
    this.canvas.height = Math.ceil(this.capacity / this.columns) * height
    this.context = this.canvas.getContext("2d", { alpha: false })
    this.slots = new Map() // key -> slot, the one seen last at the end
  }

  has(key) {
    return this.slots.has(key)
  }

  /** Where the tile lies on the canvas: {x, y}, or null. */
  find(key) {
    const slot = this.slots.get(key)
    if (slot === undefined) return null
    this.slots.delete(key)
    this.slots.set(key, slot)
    return this.placeOf(slot)
  }

  placeOf(slot) {
    return { x: (slot % this.columns) * this.width, y: Math.floor(slot / this.columns) * this.height }
  }

  /** Keep a tile whose RGBA starts at `from` in `pixels`. */
  put(key, pixels, from) {
    const slot = this.slots.get(key) ?? this.freeSlot()
    this.slots.delete(key)
    this.slots.set(key, slot)
    const { x, y } = this.placeOf(slot)
    const bytes = 4 * this.width * this.height
    this.context.putImageData(new ImageData(pixels.subarray(from, from + bytes), this.width, this.height), x, y)
  }

  freeSlot() {
    if (this.slots.size < this.capacity) return this.slots.size
    const [oldest, slot] = this.slots.entries().next().value
    this.slots.delete(oldest)
    return slot
  }
}
