// A region of the plane that a hand has drawn, and which points lie in it. No DOM.

const BANDS = 256 // across the region: a point is compared with the edges of its own

export class Region {
  /** `corners`: [x, y] of each, in order; the last is joined to the first. What is inside follows the even-odd rule. */
  constructor(corners) {
    this.corners = corners
    ;[this.left, this.right] = range(corners.map(([x]) => x))
    ;[this.low, this.high] = range(corners.map(([, y]) => y))
    this.bands = Array.from({ length: BANDS }, () => [])
    corners.forEach((from, k) => {
      const to = corners[(k + 1) % corners.length]
      const [first, last] = [this.bandOf(Math.min(from[1], to[1])), this.bandOf(Math.max(from[1], to[1]))]
      for (let band = first; band <= last; band++) this.bands[band].push(from[0], from[1], to[0], to[1])
    })
  }

  bandOf(y) {
    const band = Math.floor((BANDS * (y - this.low)) / (this.high - this.low))
    return Math.min(BANDS - 1, Math.max(0, band || 0)) // NaN where it is flat
  }

  contains(x, y) {
    if (!(x >= this.left && x <= this.right && y >= this.low && y <= this.high)) return false
    const edges = this.bands[this.bandOf(y)]
    let inside = false
    for (let k = 0; k < edges.length; k += 4) {
      const [x0, y0, x1, y1] = [edges[k], edges[k + 1], edges[k + 2], edges[k + 3]]
      if (y0 > y !== y1 > y && x < x0 + ((y - y0) * (x1 - x0)) / (y1 - y0)) inside = !inside
    }
    return inside
  }
}

/** The corners of a box between two of its places. */
export function boxOf([x0, y0], [x1, y1]) {
  return [
    [x0, y0],
    [x1, y0],
    [x1, y1],
    [x0, y1],
  ]
}

function range(values) {
  return [Math.min(...values), Math.max(...values)]
}
