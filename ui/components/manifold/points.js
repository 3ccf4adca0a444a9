// The test images' posterior means as dots. There are 10,000 of them in every frame of a movement, so they are written
// into a buffer of pixels by hand: ten times as fast as circles on a canvas.

import { UNKNOWN } from "../shared/colours.js"
import { sizeCanvas } from "../shared/pictures.js"

const DOT_RADIUS = 2 // CSS pixels, with the rim

export class Points {
  constructor() {
    this.canvas = document.createElement("canvas")
  }

  /** A canvas of this size with a dot at every place {x, y} of the view. */
  draw({ x, y }, labels, colours, view, width, height, pixelRatio) {
    const context = this.sized(width, height)
    const stamp = dotStamp(DOT_RADIUS * pixelRatio)
    const known = colours.length ? colours : [UNKNOWN]
    const fills = known.map((colour) => packed(colour, 1))
    const rims = known.map((colour) => packed(colour, 0.35))
    this.pixels.fill(0)
    const [right, bottom] = [width - stamp.reach - 1, height - stamp.reach - 1]
    for (let row = 0; row < x.length; row++) {
      const left = Math.round(((x[row] - view.x) / view.span) * width)
      const top = Math.round(((y[row] - view.y) / view.span) * height)
      if (!(left > stamp.reach && left < right && top > stamp.reach && top < bottom)) continue
      const label = (labels?.[row] ?? 0) % fills.length
      const at = top * width + left
      for (const [down, across] of stamp.rim) this.pixels[at + down * width + across] = rims[label]
      for (const [down, across] of stamp.fill) this.pixels[at + down * width + across] = fills[label]
    }
    context.putImageData(this.image, 0, 0)
    return this.canvas
  }

  sized(width, height) {
    if (this.canvas.width !== width || this.canvas.height !== height || !this.image) {
      sizeCanvas(this.canvas, width, height)
      this.context = this.canvas.getContext("2d")
      this.image = this.context.createImageData(width, height)
      this.pixels = new Uint32Array(this.image.data.buffer)
    }
    return this.context
  }
}

/** Which pixels around a dot's middle are its filling and its rim. */
function dotStamp(radius) {
  const reach = Math.ceil(radius)
  const [fill, rim] = [[], []]
  for (let down = -reach; down <= reach; down++) {
    for (let across = -reach; across <= reach; across++) {
      const distance = Math.hypot(down, across)
      if (distance <= radius * 0.75) fill.push([down, across])
      else if (distance <= radius + 0.3) rim.push([down, across])
    }
  }
  return { fill, rim, reach }
}

/** "#rrggbb" times `share`, as a canvas keeps it in four bytes (little-endian: alpha, blue, green, red). */
function packed(colour, share) {
  const [red, green, blue] = [1, 3, 5].map((at) => Math.round(parseInt(colour.slice(at, at + 2), 16) * share))
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0
}
