// Which piece of a plane is seen: its middle, and how many pixels a unit takes, the same across and up. No DOM.

const ROOM = 0.05 // of the extent, at each side
const [LEAST, MOST] = [0.5, 400] // times as large as the whole

export class View {
  /** `xy`: x and y of each point, one after another; `size` {width, height} in CSS pixels. */
  constructor(xy, size) {
    const sides = [0, 1].map((axis) => range(xy, axis))
    this.middle = sides.map(([low, high]) => (low + high) / 2)
    this.extent = sides.map(([low, high]) => high - low)
    this.resize(size)
    this.fit()
  }

  resize(size) {
    const zoom = this.size ? this.zoom : 1
    this.size = size
    const [wide, high] = this.extent.map((length) => (length || 1) * (1 + 2 * ROOM))
    this.whole = Math.min(size.width / wide, size.height / high) || 1
    this.scale = this.whole * zoom
  }

  /** Show all points. */
  fit() {
    ;[this.x, this.y] = this.middle
    this.scale = this.whole
  }

  /** How many times as large as all points are shown. */
  get zoom() {
    return this.scale / this.whole
  }

  toPixels(x, y) {
    return {
      left: this.size.width / 2 + (x - this.x) * this.scale,
      top: this.size.height / 2 - (y - this.y) * this.scale,
    }
  }

  toPlane(left, top) {
    return {
      x: this.x + (left - this.size.width / 2) / this.scale,
      y: this.y - (top - this.size.height / 2) / this.scale,
    }
  }

  /** Move what is seen by pixels. */
  pan(left, top) {
    this.x -= left / this.scale
    this.y += top / this.scale
  }

  /** Enlarge by a factor; the place at these pixels stays where it is. */
  zoomAt(left, top, factor) {
    const fixed = this.toPlane(left, top)
    this.scale = Math.min(MOST * this.whole, Math.max(LEAST * this.whole, this.scale * factor))
    const now = this.toPlane(left, top)
    this.x += fixed.x - now.x
    this.y += fixed.y - now.y
  }
}

function range(xy, axis) {
  let [low, high] = [Infinity, -Infinity]
  for (let at = axis; at < xy.length; at += 2) {
    low = Math.min(low, xy[at])
    high = Math.max(high, xy[at])
  }
  return low <= high ? [low, high] : [-1, 1]
}
