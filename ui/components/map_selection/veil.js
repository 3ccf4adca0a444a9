// What is not selected greyed: the page's colour over the map, with a hole for each point that is selected. So a point
// keeps the colour and the symbol that it has on the map, whatever these say, and the figure stays as it is.

import { maskOf } from "../point_map/splat.js"
import { THUMBNAIL, withPictures } from "../point_map/thumbnails.js"
import { drawPoint } from "../shared/point.js"

const OPACITY = 0.78
const ROOM = 0.75 // CSS pixels around a point

/** Draw the veil over a MapCanvas's view; `rows` a byte a row, `radius` in CSS pixels, `page` "#rrggbb"; `pictured`: whether
 * images stand in the place of points. */
export function drawVeil(context, view, places, rows, { radius, pictured, page }) {
  const { xy, shown } = places
  const { width, height } = context.canvas
  const ratio = width / view.size.width
  const image = context.createImageData(width, height)
  const pixels = new Uint32Array(image.data.buffer)
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(page.slice(at, at + 2), 16))
  pixels.fill(((Math.round(255 * OPACITY) << 24) | (blue << 16) | (green << 8) | red) >>> 0)
  if (pictured) {
    context.putImageData(image, 0, 0)
    const side = THUMBNAIL + 4 // with its ground
    for (const { row, left, top } of withPictures(view, places.rows, xy))
      if (rows[row]) context.clearRect(left - side / 2, top - side / 2, side, side)
    return
  }
  const hole = maskOf(
    (to, middle, size) => drawPoint(to, middle, middle, size, 0, ["#000000"]),
    (radius + ROOM) * ratio,
  )
  const origin = view.toPixels(0, 0)
  const one = view.toPixels(1, 1)
  const [across, up] = [one.left - origin.left, origin.top - one.top]
  for (let row = 0; row < rows.length; row++) {
    if (!rows[row] || !shown[row]) continue
    const left = Math.round((origin.left + xy[2 * row] * across) * ratio)
    const top = Math.round((origin.top - xy[2 * row + 1] * up) * ratio)
    if (left > -20 && top > -20 && left < width + 20 && top < height + 20) cut(pixels, width, height, left, top, hole)
  }
  context.putImageData(image, 0, 0)
}

/** Make a mark's pixels transparent, those at its edge by as much as it covers them. */
function cut(pixels, width, height, left, top, mask) {
  for (let m = 0; m < mask.length; m += 3) {
    const x = left + mask[m]
    const y = top + mask[m + 1]
    if (x < 0 || y < 0 || x >= width || y >= height) continue
    const at = y * width + x
    const opacity = Math.min(pixels[at] >>> 24, Math.round((255 - mask[m + 2]) * OPACITY))
    pixels[at] = ((pixels[at] & 0xffffff) | (opacity << 24)) >>> 0
  }
}

/** Draw what a hand is drawing. */
export function drawOutline(context, view, corners, colour) {
  context.beginPath()
  for (const [x, y] of corners) {
    const { left, top } = view.toPixels(x, y)
    context.lineTo(left, top)
  }
  context.closePath()
  context.strokeStyle = colour
  context.lineWidth = 1.5
  context.setLineDash([5, 4])
  context.stroke()
  context.globalAlpha = 0.1
  context.fillStyle = colour
  context.fill("evenodd")
  context.globalAlpha = 1
  context.setLineDash([])
}
