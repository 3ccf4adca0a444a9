// Many points into pixels, each a small picture of its own: no WebGL, and a hundred thousand in a frame.

const RADII = [
  [300, 4.5],
  [2_000, 3.5],
  [12_000, 2.6],
  [30_000, 1.9],
  [100_000, 1.3],
  [Infinity, 0.8],
] // CSS pixels of a point's radius, of up to so many points

/** How large points are, of which there are so many. */
export function radiusOf(count) {
  return RADII.find(([most]) => count <= most)[1]
}

/** The pixels of a mark that `draw(context, middle, radius)` draws: [across, down, opacity] of each, from its middle. */
export function maskOf(draw, radius) {
  const side = 2 * Math.ceil(1.4 * radius) + 1
  const canvas = Object.assign(document.createElement("canvas"), { width: side, height: side })
  const context = canvas.getContext("2d", { willReadFrequently: true })
  draw(context, side / 2, radius)
  const { data } = context.getImageData(0, 0, side, side)
  const found = []
  for (let p = 0; p < side * side; p++) {
    const opacity = data[4 * p + 3]
    if (opacity > 20) found.push((p % side) - (side >> 1), Math.floor(p / side) - (side >> 1), opacity)
  }
  return Int16Array.from(found)
}

/** Draw a mark in `colour` (0xBBGGRR) at (left, top) onto `pixels` (0xAABBGGRR) of `width` × `height`. */
export function splat(pixels, width, height, left, top, colour, mask) {
  for (let m = 0; m < mask.length; m += 3) {
    const x = left + mask[m]
    const y = top + mask[m + 1]
    if (x < 0 || y < 0 || x >= width || y >= height) continue
    const at = y * width + x
    pixels[at] = mask[m + 2] > 250 ? colour | 0xff000000 : over(pixels[at], colour, mask[m + 2])
  }
}

/** A colour of this opacity over a pixel. */
function over(below, colour, opacity) {
  const there = below >>> 24
  if (there === 0) return colour | (opacity << 24)
  const share = opacity / 255
  let mixed = Math.max(there, opacity) << 24
  for (let shift = 0; shift < 24; shift += 8) {
    const [from, to] = [(below >>> shift) & 255, (colour >>> shift) & 255]
    mixed |= Math.round(from + share * (to - from)) << shift
  }
  return mixed
}
