// Round numbers along an axis, and the axes' titles. Maps of neighbours have no units worth reading, and none are drawn.

import { withMinus } from "../shared/text.js"

const APART = 90 // CSS pixels, about

/** Round values between `low` and `high`, and how they are written: [{value, text}]. */
export function ticksOf(low, high, pixels) {
  const rough = ((high - low) * APART) / pixels
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].find((times) => times * power >= rough) * power
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9))
  const found = []
  for (let k = Math.ceil(low / step); k * step <= high; k++) {
    found.push({ value: k * step, text: withMinus((k * step + 0).toFixed(digits)) })
  }
  return found
}

/** Draw them at the edges; `axes` are two titles, "" for an axis without units. */
export function drawTicks(context, view, axes, colours) {
  const { width, height } = view.size
  const from = view.toPlane(0, height)
  const to = view.toPlane(width, 0)
  context.font = "11px system-ui, sans-serif"
  context.fillStyle = colours.text
  context.strokeStyle = colours.page // around each letter: points and images lie below
  context.lineWidth = 3
  const write = (text, left, top) => {
    context.strokeText(text, left, top)
    context.fillText(text, left, top)
  }
  if (axes[0]) {
    context.textAlign = "center"
    for (const { value, text } of ticksOf(from.x, to.x, width)) {
      const { left } = view.toPixels(value, 0)
      if (left > 60 && left < width - 20) write(text, left, height - 20)
    }
    write(axes[0], width / 2, height - 5)
  }
  if (axes[1]) {
    context.textAlign = "left"
    for (const { value, text } of ticksOf(from.y, to.y, height)) {
      const { top } = view.toPixels(0, value)
      if (top > 24 && top < height - 40) write(text, 4, top + 4)
    }
    write(axes[1], 4, 13)
  }
}
