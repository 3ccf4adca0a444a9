// Which class the images around a place on a map have: each of the nearest has a vote. No DOM.

import { ownDistances, PlaneGrid } from "../model_store/plane_grid.js"

const MOST = 15 // votes
const REACHED = 0.95 // of the images have as many others as vote within the distance that counts as near
const FADE = 1.5 // of that distance: from there on nothing is said

export class NeighbourVote {
  /** `points`: {xy, rows, labels}, x and y and the label of each image, and the rows of those that vote. */
  constructor({ xy, rows, labels }) {
    const voters = new Float32Array(2 * rows.length)
    for (const [k, row] of rows.entries()) voters.set([xy[2 * row], xy[2 * row + 1]], 2 * k)
    this.grid = new PlaneGrid(voters)
    this.labels = Int32Array.from(rows, (row) => labels[row])
    this.count = Math.max(1, Math.min(MOST, Math.floor(Math.sqrt(rows.length)))) // of few images few
    const own = ownDistances(this.grid, this.count)
    this.limit = own[Math.floor(REACHED * (own.length - 1))] ?? 0
  }

  /** {label, share, second, secondShare, near} of a place: the two classes with most votes, and `near` from 1, where
   * there are images, to 0, where nothing can be said. */
  at(x, y) {
    const around = this.grid.nearest(x, y, this.count)
    const counts = new Map() // the nearer classes come first, and win where votes are equal
    for (const { row } of around) counts.set(this.labels[row], (counts.get(this.labels[row]) ?? 0) + 1)
    let [label, most, second, next] = [-1, 0, -1, 0]
    for (const [other, votes] of counts) {
      if (votes > most) [label, most, second, next] = [other, votes, label, most]
      else if (votes > next) [second, next] = [other, votes]
    }
    const total = around.length || 1
    return { label, share: most / total, second, secondShare: next / total, near: this.nearness(around.at(-1)) }
  }

  /** Whether nothing can be said anywhere within `radius` of a place. */
  isEmpty(x, y, radius) {
    const last = this.grid.nearest(x, y, this.count).at(-1)
    return !last || last.distance - radius > FADE * this.limit
  }

  nearness(last) {
    if (!last) return 0
    if (last.distance <= this.limit) return 1
    return Math.max(0, (FADE * this.limit - last.distance) / ((FADE - 1) * this.limit || 1))
  }
}
