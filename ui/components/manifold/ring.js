// The ring around the chosen place.

import { SHADE, WHITE } from "../shared/colours.js"

export const RING = 14 // CSS pixels from its middle to its edge

/** A ring at pixels of the canvas; its edges are black and white, because any picture may be below. */
export function drawRing(context, x, y, pixelRatio, colour) {
  const line = (radius, width, style) => {
    context.beginPath()
    context.arc(x, y, radius * pixelRatio, 0, 2 * Math.PI)
    context.lineWidth = width * pixelRatio
    context.strokeStyle = style
    context.stroke()
  }
  line(10, 8, SHADE)
  line(10, 6, WHITE)
  line(10, 2.5, colour)
  line(1, 2, WHITE)
}
