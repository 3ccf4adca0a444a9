// Class regions: what a NeighbourVote says all over the map, sampled in tiles that are bound to the plane, so that what
// is known stays while the map is moved. Colour is the class's that wins, opacity the share of the votes it has.

import { bordersOf } from "./borders.js"

const SAMPLE = 6 // CSS pixels between samples, about
const SIDE = 16 // samples between a tile's edges
const A_FRAME = 9 // ms of sampling in one
const KEPT = 2_000 // tiles
const STRONGEST = 0.42 // opacity where all votes agree
const NOBODY = 0.3 // a share of the votes with which a class is not seen
const BORDER = 0.5 // opacity of the lines between classes

export class Regions {
  /** `rgbOf(label)` is a class's colour [red, green, blue]. */
  constructor(vote, rgbOf) {
    Object.assign(this, { vote, rgbOf })
    this.tiles = new Map()
  }

  /** Draw what is known of the view, borders in `colour`, and sample some of the rest; returns how many tiles are missing. */
  draw(context, view, colour) {
    const { width, height } = view.size
    const step = 2 ** Math.round(Math.log2(SAMPLE / view.scale)) // of the plane
    const side = SIDE * step
    const [low, high] = [view.toPlane(0, height), view.toPlane(width, 0)]
    const until = performance.now() + A_FRAME
    let missing = 0
    context.imageSmoothingEnabled = true
    context.strokeStyle = colour
    context.lineWidth = 1
    for (let j = Math.floor(low.y / side); j * side <= high.y; j++) {
      for (let i = Math.floor(low.x / side); i * side <= high.x; i++) {
        const tile = this.tile(step, i, j, performance.now() < until)
        if (tile) this.drawTile(context, view, tile, i * side, j * side, side)
        else missing += 1
        if (!tile) this.drawFromCoarser(context, view, step, i, j)
      }
    }
    return missing
  }

  drawTile(context, view, tile, x, y, side) {
    if (!tile.canvas) return
    const box = boxOf(view, x, y, side)
    context.drawImage(tile.canvas, 0.5, 0.5, SIDE, SIDE, box.left, box.top, box.width, box.height)
    context.globalAlpha = BORDER
    context.beginPath()
    for (let k = 0; k < tile.borders.length; k += 4) {
      const [from, to] = [0, 2].map((at) => view.toPixels(tile.borders[k + at], tile.borders[k + at + 1]))
      context.moveTo(from.left, from.top)
      context.lineTo(to.left, to.top)
    }
    context.stroke()
    context.globalAlpha = 1
  }

  /** What was known before the map was enlarged, until there is more. */
  drawFromCoarser(context, view, step, i, j) {
    const tile = this.tiles.get(keyOf(2 * step, Math.floor(i / 2), Math.floor(j / 2)))
    if (!tile?.canvas) return
    const [half, side] = [SIDE / 2, SIDE * step]
    const box = boxOf(view, i * side, j * side, side)
    const [from, down] = [0.5 + half * (i & 1), 0.5 + half * (1 - (j & 1))]
    context.drawImage(tile.canvas, from, down, half, half, box.left, box.top, box.width, box.height)
  }

  tile(step, i, j, maySample) {
    const key = keyOf(step, i, j)
    const known = this.tiles.get(key)
    if (known || !maySample) return known
    if (this.tiles.size >= KEPT) this.tiles.clear()
    const made = this.sample(i * SIDE * step, j * SIDE * step, step)
    this.tiles.set(key, made)
    return made
  }

  /** {canvas, borders} of the tile whose lower left corner is (x, y): {} where there is nothing. */
  sample(x, y, step) {
    const half = (SIDE * step) / 2
    if (this.vote.isEmpty(x + half, y + half, half * Math.SQRT2)) return {}
    const line = SIDE + 1
    const votes = Array.from({ length: line * line }, (_, k) =>
      this.vote.at(x + (k % line) * step, y + Math.floor(k / line) * step),
    )
    const canvas = Object.assign(document.createElement("canvas"), { width: line, height: line })
    const image = canvas.getContext("2d").createImageData(line, line)
    for (const [k, { label, share, near }] of votes.entries()) {
      const opacity = near * STRONGEST * Math.max(0, (share - NOBODY) / (1 - NOBODY))
      const at = (SIDE - Math.floor(k / line)) * line + (k % line) // the first sample is at the bottom
      image.data.set([...this.rgbOf(label), Math.round(255 * opacity)], 4 * at)
    }
    canvas.getContext("2d").putImageData(image, 0, 0)
    return { canvas, borders: bordersOf(votes, line, x, y, step) }
  }
}

function keyOf(step, i, j) {
  return `${step},${i},${j}`
}

/** A square of the plane on whole pixels: tiles must not leave seams. */
function boxOf(view, x, y, side) {
  const [from, to] = [view.toPixels(x, y + side), view.toPixels(x + side, y)]
  const [left, top] = [Math.round(from.left), Math.round(from.top)]
  return { left, top, width: Math.round(to.left) - left, height: Math.round(to.top) - top }
}
